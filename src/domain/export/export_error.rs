//! Why items cannot be written into a file.

use std::io;

use super::workbook_text::MAX_CELL_CHARS;
use crate::domain::text::counts::group_digits;

/// Why items cannot be written into a file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A workbook has no room for so many items.
    #[error("A workbook holds at most {} items. Use CSV for this catalog.", group_digits(*max))]
    TooManyItems {
        /// The most items of a workbook.
        max: u64,
    },
    /// A workbook has no room for so many columns.
    #[error("A workbook holds at most {} columns. Use CSV for this catalog.", group_digits(*max))]
    TooManyColumns {
        /// The most columns of a workbook.
        max: u64,
    },
    /// The sheet would be larger than a workbook may be.
    #[error("The items are too large for a workbook. Use CSV for this catalog.")]
    TooManyBytes,
    /// A cell is longer than a workbook may hold.
    #[error(
        "The cell “{column}” of “{key}” is longer than the {} characters that a workbook holds. Use CSV for this catalog.",
        group_digits(MAX_CELL_CHARS as u64)
    )]
    LongCell {
        /// The key of the item.
        key: String,
        /// The column.
        column: String,
    },
    /// The name of a column is longer than a cell may be.
    #[error(
        "The name of the column “{start}…” is longer than the {} characters that a workbook holds. Use CSV for this \
         catalog.",
        group_digits(MAX_CELL_CHARS as u64)
    )]
    LongColumnName {
        /// The first characters of the name.
        start: String,
    },
    /// The file could not be written: the disk is full, for instance.
    #[error("the file could not be written: {0}")]
    Storage(#[from] io::Error),
}

impl ExportError {
    /// Returns whether the items do not fit the format. The message then says what to do.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        !matches!(self, Self::Storage(_))
    }
}
