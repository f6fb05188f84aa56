//! Sends items as CSV or JSON while they are read.

use super::item_pages::ItemPages;
use crate::domain::export::export_error::ExportError;
use crate::domain::export::text_file::{TextFile, TextFormat};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::streamed_body::ChunkProducer;

/// A text file that is being sent.
pub(super) struct TextDownload {
    pages: ItemPages,
    /// The file; `None` when it was written to its end.
    file: Option<TextFile>,
}

impl TextDownload {
    pub(super) fn new(format: TextFormat, columns: &[String], pages: ItemPages) -> Result<Self, WebError> {
        Ok(Self { pages, file: Some(TextFile::new(format, columns).map_err(ExportError::from)?) })
    }
}

impl ChunkProducer for TextDownload {
    fn next_chunk(&mut self, state: &AppState) -> Result<Option<Vec<u8>>, WebError> {
        let Some(mut file) = self.file.take() else { return Ok(None) };
        let page = self.pages.next_page(&state.store)?;
        let is_last = page.is_none();
        for item in page.into_iter().flatten() {
            file.add_item(&item.key, &item.parse_fields()?).map_err(ExportError::from)?;
        }
        if is_last {
            file.finish();
        }
        let bytes = file.take_bytes().map_err(ExportError::from)?;
        self.file = Some(file).filter(|_| !is_last);
        // An empty chunk would end the response.
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}
