//! A preview: fetch and compare everything, write nothing, and keep what a sync would change or refuse.

use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::guards::{ChangeTally, GuardVerdict};
use crate::domain::operation::Status;
use crate::domain::run_text::preview::preview_message;
use crate::domain::run_text::sync_failure::SyncFailure;
use crate::fetch::FetchOutcome;
use crate::store::finish::RunEnding;
use crate::sync::run::apply::collect_changes;
use crate::sync::run::column_changes::column_layout;
use crate::sync::run::comparison::StoredItems;
use crate::sync::run::context::RunContext;
use crate::sync::run::fetch::{FetchScope, fetch_source};
use crate::sync::run::findings::RunFindings;
use crate::sync::run::finish::{begin_finalizing, finish_unchanged, list_removals};
use crate::sync::run::key_index::KeyIndex;
use crate::sync::run::run_stop::RunStop;
use crate::sync::run::survey::{guard_verdict, survey_source};

/// How many removals are kept by name; all are counted.
const MAX_PREVIEWED_REMOVALS: usize = 10_000;
/// How many removed items are read at once.
const REMOVALS_PER_READ: usize = 1000;

/// Runs the steps of a preview.
///
/// # Errors
/// [`RunStop`] when a step fails or the run has to end.
pub(super) fn run(context: &RunContext<'_>, findings: &mut RunFindings) -> Result<RunEnding, RunStop> {
    let fetched = fetch_source(context, FetchScope::Everything, findings);
    // A preview stores nothing about feeds: its requests do not count as tries of the sync.
    findings.feeds = None;
    let content = match fetched? {
        FetchOutcome::Unchanged(validators) => return finish_unchanged(context, findings, validators),
        FetchOutcome::Content(content) => content,
    };
    let layout = column_layout(&context.comparison(), &*content)?;
    let mut index = KeyIndex::with_capacity(context.catalog.item_count);
    let survey = survey_source(context, &*content, &layout, &mut index, findings)?;
    let verdict = guard_verdict(context, &survey, &*content);
    let mut changes = Vec::new();
    findings.stats = collect_changes(context, &*content, &layout, &index, &survey, &mut changes)?;
    if survey.tally.removals > 0 {
        let removals = list_removals(context, &index)?;
        add_removals(context, &removals, &mut changes)?;
    }
    findings.changes = changes;
    begin_finalizing(context, findings.stats)?;
    let failure = survey.failure(&context.comparison(), content.columns(), verdict);
    Ok(previewed(context, std::mem::take(findings), survey.tally, verdict, failure.as_ref()))
}

/// Adds the removal of the items with the keys `removals` to `changes`, with the fields that they have.
fn add_removals(context: &RunContext<'_>, removals: &[String], changes: &mut Vec<Change>) -> Result<(), RunStop> {
    for keys in removals[..removals.len().min(MAX_PREVIEWED_REMOVALS)].chunks(REMOVALS_PER_READ) {
        let wanted: Vec<&str> = keys.iter().map(String::as_str).collect();
        let fields = context.stored_fields(&wanted)?;
        changes.extend(keys.iter().map(|key| Change {
            key: key.clone(),
            kind: ChangeKind::Removed,
            before: fields.get(key).cloned(),
            after: None,
        }));
    }
    Ok(())
}

/// The ending of a preview: what a sync would do, or why it would fail.
fn previewed(
    context: &RunContext<'_>,
    mut findings: RunFindings,
    tally: ChangeTally,
    verdict: GuardVerdict,
    failure: Option<&SyncFailure>,
) -> RunEnding {
    findings.stats = findings.stats_with_feeds();
    let ChangeTally { removals, .. } = tally;
    let (removed, withheld) = match verdict {
        GuardVerdict::Apply | GuardVerdict::KeyChanged => (removals, 0),
        GuardVerdict::WithholdRemovals | GuardVerdict::WithholdInDoubt => (0, removals),
        GuardVerdict::EmptySource => (0, 0),
    };
    let noun = &context.source.noun;
    let refusal = failure.map(SyncFailure::forecast_message).unwrap_or_default();
    let message = preview_message(noun, &findings.stats, removals, verdict, &refusal, &findings.column_changes);
    findings.stats.removed = removed;
    RunEnding { withheld_removals: withheld, ..findings.into_ending(Status::Completed, message) }
}
