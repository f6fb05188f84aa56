//! The rows of a tab in a temporary file, with the notes about their cells.

use crate::domain::issue::Issue;
use crate::fetch::row_file::RowWriter;

/// The rows of a tab, and the notes about their cells.
pub(super) struct CollectedRows {
    pub(super) columns: Vec<String>,
    pub(super) rows: RowWriter,
    pub(super) notes: Vec<Issue>,
}
