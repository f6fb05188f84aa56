//! The second step, the first reading of the content: determines and checks its size and shape before the first write.

mod key_doubt;
mod row_findings;
mod row_notes;
mod skipped_cells;
pub(in crate::sync) mod source_survey;
pub(in crate::sync) mod survey_reader;

use self::source_survey::SourceSurvey;
use self::survey_reader::read_survey;
use super::column_changes::describe_columns;
use super::context::RunContext;
use super::findings::RunFindings;
use super::key_index::KeyIndex;
use super::run_stop::RunStop;
use crate::domain::guards::GuardVerdict;
use crate::domain::item::ColumnLayout;
use crate::domain::operation::Stage;
use crate::domain::progress::RunStats;
use crate::domain::run_text::run_progress::comparing_message;
use crate::fetch::FetchedContent;
use crate::store::lease::RunProgress;

/// Reads all rows once and compares their keys with the catalog. Issues go to `findings`.
///
/// # Errors
/// [`RunStop::Refused`] when the header does not belong to the rows or a quotation mark joins several rows; another
/// [`RunStop`] when the content or the catalog cannot be read, or the run has to end.
pub(in crate::sync) fn survey_source<'l>(
    context: &RunContext<'_>,
    content: &dyn FetchedContent,
    layout: &'l ColumnLayout,
    index: &mut KeyIndex,
    findings: &mut RunFindings,
) -> Result<SourceSurvey<'l>, RunStop> {
    let RunContext { reporter, weights, source, .. } = context;
    let RunStats { feeds, articles, .. } = reporter.current().stats;
    let stats =
        RunStats { bytes: content.byte_count(), lines: content.line_count(), feeds, articles, ..RunStats::default() };
    let message = comparing_message(&source.noun);
    let percent = weights.overall_percent(Stage::Fetching, 1, 1);
    let mut progress = RunProgress { stage: Stage::Processing, message, percent, stats };
    reporter.report(progress.clone());
    let mut survey = read_survey(&context.comparison(), content, layout, index)?;
    progress.stats.items.total = survey.rows;
    reporter.report(progress);
    findings.issues.append(std::mem::take(&mut survey.issues));
    findings.column_changes = describe_columns(&survey.columns);
    findings.newest_only = !content.is_complete();
    if !content.is_complete() {
        // Items that are older than the fetched entries have not left the source.
        survey.tally.removals = 0;
    }
    Ok(survey)
}

/// Stops a run before the first write if the guards refuse its source.
///
/// # Errors
/// [`RunStop::Refused`] (`empty_source`, `key_changed`).
pub(in crate::sync) fn refuse_source(
    context: &RunContext<'_>,
    survey: &SourceSurvey<'_>,
    columns: &[String],
    verdict: GuardVerdict,
) -> Result<(), RunStop> {
    let Some(failure) = survey.failure(&context.comparison(), columns, verdict) else { return Ok(()) };
    let mut progress = context.reporter.current();
    progress.stats.items.processed = survey.rows;
    progress.stats.rejected = survey.rejected;
    context.reporter.report(progress);
    Err(failure.into())
}
