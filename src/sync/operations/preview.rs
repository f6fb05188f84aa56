//! A preview: fetch and compare everything, write nothing, and keep what a sync would change or refuse.

use crate::domain::change_set::MAX_PREVIEWED_CHANGES;
use crate::domain::guards::GuardVerdict;
use crate::domain::operation::Status;
use crate::domain::run_text::preview::{PreviewOutcome, preview_message};
use crate::fetch::FetchOutcome;
use crate::store::finish::RunEnding;
use crate::store::reviews::ReviewChange;
use crate::sync::run::apply::ComparedRows;
use crate::sync::run::change_forecast::forecast_changes;
use crate::sync::run::column_changes::column_layout;
use crate::sync::run::context::RunContext;
use crate::sync::run::fetch::{FetchScope, fetch_source};
use crate::sync::run::findings::RunFindings;
use crate::sync::run::finish::{begin_finalizing, finish_unchanged};
use crate::sync::run::key_index::KeyIndex;
use crate::sync::run::run_stop::RunStop;
use crate::sync::run::survey::survey_source;
use crate::sync::run::withheld::{guard_verdict, kept_reason, review_removals};

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
    let verdict = guard_verdict(context, &survey, &*content, &index)?;
    let compared = ComparedRows { layout: &layout, index: &index, survey: &survey };
    let (stats, changes) = forecast_changes(context, &*content, compared, verdict, MAX_PREVIEWED_CHANGES)?;
    findings.stats = stats;
    findings.changes = changes.kept;
    findings.review = ReviewChange::Forecast(changes.withheld);
    let mut reason = survey.kept_reason(verdict);
    if verdict.applies_additions() {
        let review = review_removals(context, &index, survey.tally, verdict)?;
        reason = kept_reason(context, &review, reason)?;
    }
    begin_finalizing(context, findings.stats)?;
    let failure = survey.failure(&context.comparison(), content.columns(), verdict);
    let outcome = match failure {
        Some(ref failure) => PreviewOutcome::Fail(failure.forecast_message()),
        None if verdict == GuardVerdict::Apply => PreviewOutcome::Remove,
        None => PreviewOutcome::Keep(reason),
    };
    let ending = previewed(context, std::mem::take(findings), survey.tally.removals, verdict, &outcome);
    let changes_digest = failure.is_none().then(|| changes.digest.to_hex());
    Ok(RunEnding { changes_digest, ..ending })
}

/// The ending of a preview: what a sync would do, or why it would fail.
fn previewed(
    context: &RunContext<'_>,
    mut findings: RunFindings,
    removals: u64,
    verdict: GuardVerdict,
    outcome: &PreviewOutcome,
) -> RunEnding {
    findings.stats = findings.stats_with_feeds();
    let (removed, withheld) = match verdict {
        GuardVerdict::Apply | GuardVerdict::KeyChanged => (removals, 0),
        GuardVerdict::WithholdRemovals | GuardVerdict::WithholdInDoubt | GuardVerdict::WithholdKept => (0, removals),
        GuardVerdict::EmptySource => (0, 0),
    };
    let noun = &context.source.noun;
    let message = preview_message(noun, &findings.stats, removals, outcome, &findings.column_changes);
    findings.stats.removed = removed;
    RunEnding { withheld_removals: withheld, ..findings.into_ending(Status::Completed, message) }
}
