//! Checks that a sync would do what its preview showed, before the first write.

use super::apply::ComparedRows;
use super::change_forecast::forecast_changes;
use super::context::RunContext;
use super::findings::RunFindings;
use super::run_stop::RunStop;
use crate::domain::guards::GuardVerdict;
use crate::domain::run_text::preview::{PREVIEW_OUTDATED, PREVIEW_OUTDATED_CODE};
use crate::domain::sync_id::SyncId;
use crate::fetch::FetchedContent;

/// Compares the whole set of changes with that of the preview. If they differ, a new preview is queued.
///
/// # Errors
/// [`RunStop::Failed`] (`preview_outdated`) when the changes differ or the preview is no longer kept; another
/// [`RunStop`] when the content or the catalog cannot be read, or the run has to end.
pub(in crate::sync) fn check_preview(
    context: &RunContext<'_>,
    content: &dyn FetchedContent,
    compared: ComparedRows<'_>,
    verdict: GuardVerdict,
    preview: SyncId,
    findings: &mut RunFindings,
) -> Result<(), RunStop> {
    let record = context.retry_while_unavailable(|| context.engine.store.find_record(preview))?;
    let previewed = record.and_then(|record| record.changes_digest);
    let (_, changes) = forecast_changes(context, content, compared, verdict, 0)?;
    if previewed == Some(changes.digest.to_hex()) {
        return Ok(());
    }
    findings.preview_again = true;
    Err(RunStop::Failed { code: PREVIEW_OUTDATED_CODE, message: PREVIEW_OUTDATED.to_owned() })
}
