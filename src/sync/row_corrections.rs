//! Takes corrected rows into the content of a source, while no run of the source is active.

use std::time::Duration;

use super::engine::SyncEngine;
use crate::domain::rows::corrected_rows::{CorrectionRefusal, SkippedRows};
use crate::domain::run_text::stopped_run::unknown_kind_message;
use crate::domain::source::{Source, Validators};
use crate::fetch::FetchRequest;

/// How long reading the files may take. A person waits for the page.
const CORRECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// The refusal while a run of the source is active: it may have read a part of the file.
const RUN_IS_ACTIVE: &str =
    "A sync of this source is running, so nothing was changed. Upload the rows again when it has finished.";

/// Replaces rows in the content of `source` by the corrected ones in the upload `corrected`. Returns how many differ.
///
/// # Errors
/// [`CorrectionRefusal`] when a run is active, the database is unavailable, or the kind of source refuses the rows.
pub(super) fn correct_rows(
    engine: &SyncEngine,
    source: &Source,
    skipped: &SkippedRows,
    corrected: &str,
) -> Result<u64, CorrectionRefusal> {
    let kind = engine.kinds.get(&source.kind).ok_or_else(|| {
        let message = unknown_kind_message(&source.kind);
        CorrectionRefusal::new("unknown_kind", message)
    })?;
    match engine.store.active_run(source.id) {
        Ok(None) => {}
        Ok(Some(_)) => return Err(CorrectionRefusal::new("already_running", RUN_IS_ACTIVE)),
        Err(error) => {
            log::warn!("the runs of {} could not be read: {error}", source.slug);
            let message = "The database is not responding, so nothing was changed. Upload the rows again.";
            return Err(CorrectionRefusal::new("database_away", message));
        }
    }
    let validators = Validators::default();
    let timeout = CORRECTION_TIMEOUT.min(engine.timeouts.fetch);
    kind.correct_rows(source, skipped, corrected, &FetchRequest::for_probe(&validators, timeout))
}
