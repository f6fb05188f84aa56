//! Writes items into a workbook in a temporary file, and sends the file. Whether all items fit is known only at the
//! end; a client must not get half of a workbook before that.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::item_pages::ItemPages;
use crate::domain::export::export_error::ExportError;
use crate::domain::export::workbook_file::WorkbookFile;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::streamed_body::ChunkProducer;

/// How many workbooks are written or sent at once: each takes room on the disk until it was sent.
static WORKBOOK_PERMITS: Semaphore = Semaphore::const_new(8);
/// How long a request waits for a permit.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(30);
/// The bytes of the file that are sent at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// A workbook that is being written.
pub(super) struct WorkbookDraft {
    pages: ItemPages,
    workbook: WorkbookFile<File>,
    permit: SemaphorePermit<'static>,
}

/// A workbook that is being sent.
pub(super) struct WorkbookDownload {
    file: File,
    /// The bytes that are not sent yet.
    left: u64,
    _permit: SemaphorePermit<'static>,
}

/// What came of a step.
enum DraftStep {
    Written(Box<WorkbookDraft>),
    Finished(WorkbookDownload),
}

/// Waits until a workbook may be written.
///
/// # Errors
/// `busy` if too many others are written or sent.
pub(super) async fn wait_for_permit() -> Result<SemaphorePermit<'static>, WebError> {
    match rt::time::timeout(PERMIT_TIMEOUT, WORKBOOK_PERMITS.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => {
            let message = "Too many Excel files at once. Try again in a moment, or use CSV.";
            Err(WebError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).retry_after(PERMIT_TIMEOUT))
        }
    }
}

impl WorkbookDraft {
    pub(super) fn new(
        state: &AppState,
        columns: &[String],
        pages: ItemPages,
        permit: SemaphorePermit<'static>,
    ) -> Result<Self, WebError> {
        let file = tempfile::tempfile_in(&state.temporary_dir).map_err(ExportError::from)?;
        Ok(Self { pages, workbook: WorkbookFile::new(file, columns)?, permit })
    }

    /// Writes all items. Each page is a step of its own, so that a client that disconnects ends the work, and others
    /// have their turn.
    ///
    /// # Errors
    /// `does_not_fit` if a workbook cannot hold the items; otherwise when the database, the index or the disk fails.
    pub(super) async fn write_items(self, app: &AppContext) -> Result<WorkbookDownload, WebError> {
        let mut draft = Box::new(self);
        loop {
            match app.run_blocking(move |state, _| draft.write_page(state)).await? {
                DraftStep::Written(written) => draft = written,
                DraftStep::Finished(download) => return Ok(download),
            }
        }
    }

    fn write_page(mut self: Box<Self>, state: &AppState) -> Result<DraftStep, WebError> {
        if let Some(page) = self.pages.next_page(&state.store)? {
            for item in &page {
                self.workbook.add_item(&item.key, &item.parse_fields()?)?;
            }
            return Ok(DraftStep::Written(self));
        }
        let mut file = self.workbook.finish()?;
        let rewound = file.stream_position().and_then(|length| file.seek(SeekFrom::Start(0)).map(|_| length));
        let left = rewound.map_err(ExportError::from)?;
        Ok(DraftStep::Finished(WorkbookDownload { file, left, _permit: self.permit }))
    }
}

impl WorkbookDownload {
    /// The number of bytes.
    pub(super) const fn length(&self) -> u64 {
        self.left
    }

    fn read_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let size = CHUNK_BYTES.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if size == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; size];
        self.file.read_exact(&mut chunk)?;
        self.left -= size as u64;
        Ok(Some(chunk))
    }
}

impl ChunkProducer for WorkbookDownload {
    fn next_chunk(&mut self, _: &AppState) -> Result<Option<Vec<u8>>, WebError> {
        Ok(self.read_chunk().map_err(ExportError::from)?)
    }
}
