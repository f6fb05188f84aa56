//! The rows of one tab with its layout, as every workbook format returns them.

use super::collected_rows::CollectedRows;
use super::layout::TabLayout;
use super::read_request::ReadRequest;
use crate::fetch::FetchError;
use crate::fetch::row_file::RowWriter;

/// The rows of a tab, and what is hidden or merged in it.
pub(super) struct TabContent {
    pub(super) collected: CollectedRows,
    pub(super) layout: TabLayout,
    /// The name of the tab.
    pub(super) tab: String,
    /// Whether the tab itself is hidden.
    pub(super) is_hidden: bool,
}

impl TabContent {
    /// The content of a file without a single byte: no columns and no rows.
    ///
    /// # Errors
    /// `disk` when the temporary file for the rows cannot be created.
    pub(super) fn empty(request: &ReadRequest<'_>) -> Result<Self, FetchError> {
        let rows = RowWriter::new(request.folder)?;
        let collected = CollectedRows { columns: Vec::new(), rows, notes: Vec::new() };
        Ok(Self { collected, layout: TabLayout::default(), tab: String::new(), is_hidden: false })
    }
}
