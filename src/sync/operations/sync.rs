//! A sync: fetch the source, survey its rows, apply what differs, remove what left.

use crate::domain::guards::GuardVerdict;
use crate::domain::operation::Status;
use crate::domain::progress::RunStats;
use crate::domain::run_text::completed_sync::{RunResult, completed_message};
use crate::domain::run_text::kept_items::KeptReason;
use crate::domain::source::Validators;
use crate::fetch::FetchOutcome;
use crate::store::finish::{AppliedChanges, RunEnding, SettledChange};
use crate::sync::run::apply::{ComparedRows, apply_rows};
use crate::sync::run::column_changes::column_layout;
use crate::sync::run::context::RunContext;
use crate::sync::run::fetch::{FetchScope, fetch_source};
use crate::sync::run::findings::RunFindings;
use crate::sync::run::finish::{begin_finalizing, finish_unchanged, list_removals};
use crate::sync::run::hidden_columns::strip_excluded_columns;
use crate::sync::run::key_index::KeyIndex;
use crate::sync::run::preview_check::check_preview;
use crate::sync::run::run_stop::RunStop;
use crate::sync::run::survey::{refuse_source, survey_source};
use crate::sync::run::withheld::{guard_verdict, kept_reason, review_removals};

/// Runs the steps of a sync.
///
/// # Errors
/// [`RunStop`] when a step fails, the guards refuse the source, or the run has to end.
pub(super) fn run(
    context: &RunContext<'_>,
    scope: FetchScope,
    findings: &mut RunFindings,
) -> Result<RunEnding, RunStop> {
    let content = match fetch_source(context, scope, findings)? {
        FetchOutcome::Unchanged(validators) => return finish_unchanged(context, findings, validators),
        FetchOutcome::Content(content) => content,
    };
    let layout = column_layout(&context.comparison(), &*content)?;
    let mut index = KeyIndex::with_capacity(context.catalog.item_count);
    let survey = survey_source(context, &*content, &layout, &mut index, findings)?;
    let verdict = guard_verdict(context, &survey, &*content, &index)?;
    let compared = ComparedRows { layout: &layout, index: &index, survey: &survey };
    if let Some(preview) = context.operation.options.apply_preview {
        check_preview(context, &*content, compared, verdict, preview, findings)?;
    }
    if !verdict.applies_additions() {
        findings.review = review_removals(context, &index, survey.tally, verdict)?;
        refuse_source(context, &survey, content.columns(), verdict)?;
    }
    findings.stats = apply_rows(context, &*content, compared)?;
    strip_excluded_columns(context, &*content, &layout, &compared.columns())?;
    let removals = match verdict {
        GuardVerdict::Apply if survey.tally.removals > 0 => list_removals(context, &index)?,
        _ => Vec::new(),
    };
    let review = review_removals(context, &index, survey.tally, verdict)?;
    let kept_reason = kept_reason(context, &review, survey.kept_reason(verdict))?;
    let withheld = if verdict == GuardVerdict::Apply { 0 } else { survey.tally.removals };
    begin_finalizing(context, findings.stats)?;
    findings.review = review;
    // Withheld removals leave the catalog behind its source, so the next sync must compare everything again. So do
    // values that were still loading, and formulas without a saved value.
    let is_settled = withheld == 0 && !survey.has_pending;
    let validators = is_settled.then(|| Validators {
        skipped_rows: Some(survey.rejected).filter(|rows| *rows > 0),
        without_hidden_columns: context.kind.can_hide_columns(),
        ..content.validators().clone()
    });
    let applied = AppliedChanges {
        columns: Some(layout.column_names().to_vec()),
        column_types: Some(survey.types),
        removals,
        settled: if withheld == 0 { SettledChange::Settle } else { SettledChange::Keep },
        is_sync: true,
        validators,
    };
    Ok(completed(context, std::mem::take(findings), applied, withheld, &kept_reason))
}

/// The ending of a sync that applied everything but the removals that it withheld.
fn completed(
    context: &RunContext<'_>,
    mut findings: RunFindings,
    applied: AppliedChanges,
    withheld: u64,
    kept_reason: &KeptReason,
) -> RunEnding {
    findings.stats = findings.stats_with_feeds();
    let removed = u64::try_from(applied.removals.len()).unwrap_or(u64::MAX);
    let result = RunResult {
        noun: &context.source.noun,
        stats: RunStats { removed, ..findings.stats },
        withheld,
        kept_reason,
        newest_only: findings.newest_only,
    };
    let message = completed_message(&result, &findings.column_changes);
    let ending = findings.into_ending(Status::Completed, message);
    RunEnding { withheld_removals: withheld, applied: Some(applied), ..ending }
}
