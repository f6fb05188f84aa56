//! Forecasts what a sync of some content would do: fail, skip rows, or keep items that left the source.

use crate::domain::guards::GuardVerdict;
use crate::domain::issue::{Issue, IssueKind, IssueList};
use crate::domain::run_text::check::skipped_rows_problems;
use crate::domain::run_text::kept_items::would_keep_message;
use crate::domain::run_text::sync_failure::SyncFailure;
use crate::domain::source::Source;
use crate::fetch::FetchedContent;
use crate::sync::run::column_changes::column_layout;
use crate::sync::run::comparison::SourceComparison;
use crate::sync::run::key_index::KeyIndex;
use crate::sync::run::run_stop::RunStop;
use crate::sync::run::survey::survey_reader::read_survey;

/// What a sync would report.
#[derive(Default)]
pub(super) struct SyncForecast {
    /// The reason why the sync would write nothing, if it would fail.
    pub(super) failure: Option<SyncFailure>,
    pub(super) issues: IssueList,
    /// Messages about rows that would be skipped and items that would be kept.
    pub(super) problems: Vec<String>,
    /// The number of rows, if they were counted.
    pub(super) row_count: Option<u64>,
}

impl SyncForecast {
    fn of_failure(failure: SyncFailure) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }
}

/// Forecasts a sync of `content`. A source without a key column gets the first of `likely_keys`.
///
/// # Errors
/// [`RunStop`] when the content or the catalog cannot be read in time. A source that a sync would refuse is not an
/// error: [`SyncForecast::failure`] has the reason.
pub(super) fn forecast_sync(
    comparison: &SourceComparison<'_>,
    content: &dyn FetchedContent,
    likely_keys: &[String],
) -> Result<SyncForecast, RunStop> {
    let SourceComparison { source, kind, catalog, .. } = *comparison;
    let is_new = source.key_column.is_empty();
    let fixed_key = kind.key_column().map(str::to_owned);
    let proposed_key = fixed_key.clone().or_else(|| likely_keys.first().cloned());
    let has_key = !is_new || proposed_key.is_some();
    let key_column = if is_new {
        proposed_key.or_else(|| content.columns().first().cloned()).unwrap_or_default()
    } else {
        source.key_column.clone()
    };
    let keyed_source = Source { key_column, ..source.clone() };
    let keyed_comparison = SourceComparison { source: &keyed_source, ..*comparison };
    let layout = match column_layout(&keyed_comparison, content) {
        Err(RunStop::Refused(failure)) => return Ok(SyncForecast::of_failure(failure)),
        other => other?,
    };
    let mut index = KeyIndex::with_capacity(catalog.item_count);
    let mut survey = match read_survey(&keyed_comparison, content, &layout, &mut index) {
        Err(RunStop::Refused(failure)) => return Ok(SyncForecast::of_failure(failure)),
        other => other?,
    };
    let is_of_key = |issue: &Issue| issue.column.as_deref() == Some(layout.key_column());
    if !has_key {
        survey.issues.kept.retain(|issue| !is_of_key(issue));
        survey.issues.count = survey.issues.kept.len() as u64;
        survey.rejected = survey.issues.kept.iter().filter(|issue| issue.kind == IssueKind::Refused).count() as u64;
    }
    // Without a key it is unknown which rows can be taken.
    let is_judged = content.is_complete() && (has_key || survey.rows == 0);
    let verdict = if is_judged { survey.tally.decide_verdict(false) } else { GuardVerdict::Apply };
    let failure = survey.failure(comparison, content.columns(), verdict);
    let skipped: Vec<&Issue> = survey.issues.kept.iter().filter(|issue| issue.kind == IssueKind::Refused).collect();
    let better_key = likely_keys.first().filter(|_| !is_new && skipped.iter().any(|issue| is_of_key(issue)));
    let mut problems = Vec::new();
    if fixed_key.is_none() {
        problems = skipped_rows_problems(source, survey.rejected, &skipped, better_key.map(String::as_str));
    }
    if matches!(verdict, GuardVerdict::WithholdRemovals | GuardVerdict::WithholdInDoubt) {
        let kept = would_keep_message(&source.noun, survey.tally.removals, &survey.kept_reason(verdict));
        problems.push(format!("A sync would {kept}"));
    }
    Ok(SyncForecast { failure, problems, issues: survey.issues, row_count: Some(survey.rows) })
}
