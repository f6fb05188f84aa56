//! A removal: fetches the source again and removes the listed items that are still missing.

use crate::domain::issue::IssueList;
use crate::domain::operation::Status;
use crate::domain::run_text::withheld_items::{LIST_OUTDATED, LIST_OUTDATED_CODE, removal_completed_message};
use crate::fetch::FetchOutcome;
use crate::store::finish::{AppliedChanges, RunEnding, SettledChange};
use crate::store::reviews::ReviewChange;
use crate::sync::run::column_changes::column_layout;
use crate::sync::run::context::RunContext;
use crate::sync::run::fetch::{FetchScope, fetch_source};
use crate::sync::run::findings::RunFindings;
use crate::sync::run::finish::begin_finalizing;
use crate::sync::run::key_index::KeyIndex;
use crate::sync::run::run_stop::RunStop;
use crate::sync::run::survey::survey_source;
use crate::sync::run::withheld::list_missing;

/// Runs the steps of a removal.
///
/// # Errors
/// [`RunStop::Failed`] (`list_outdated`) when the list was replaced, or decided about, since; another [`RunStop`] when
/// a step fails or the run has to end. Nothing is removed then.
pub(super) fn run(context: &RunContext<'_>, findings: &mut RunFindings) -> Result<RunEnding, RunStop> {
    let review = context.retry_while_unavailable(|| context.store().find_review(context.source.id))?;
    let listed = review.filter(|review| Some(review.id) == context.operation.options.removals_of);
    let Some(review) = listed else {
        return Err(RunStop::Failed { code: LIST_OUTDATED_CODE, message: LIST_OUTDATED.to_owned() });
    };
    let fetched = fetch_source(context, FetchScope::Everything, findings);
    // The state of feeds belongs to syncs: a removal imports nothing.
    findings.feeds = None;
    let mut index = KeyIndex::with_capacity(context.catalog.item_count);
    match fetched? {
        FetchOutcome::Content(content) => {
            let layout = column_layout(&context.comparison(), &*content)?;
            survey_source(context, &*content, &layout, &mut index, findings)?;
        }
        // Every item is in the source, as far as is known.
        FetchOutcome::Unchanged(_) => {}
    }
    // The rows of the source are read to find keys only; what is wrong with them is told by the next sync.
    findings.issues = IssueList::default();
    let removals = list_missing(context, review.id, &index)?;
    findings.stats = context.reporter.current().stats;
    findings.stats.items.processed = findings.stats.items.total;
    begin_finalizing(context, findings.stats)?;
    let removed = u64::try_from(removals.len()).unwrap_or(u64::MAX);
    let message = removal_completed_message(&context.source.noun, removed, review.item_count);
    let applied = AppliedChanges { removals, settled: SettledChange::Settle, ..AppliedChanges::default() };
    let ending = std::mem::take(findings).into_ending(Status::Completed, message);
    Ok(RunEnding { review: ReviewChange::Resolved, applied: Some(applied), ..ending })
}
