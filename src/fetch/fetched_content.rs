//! The result of a fetch: columns and rows, or the fact that nothing has changed.

use super::FetchError;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::rows::row::TextRow;
use crate::domain::source::Validators;

/// The result of a successful fetch.
pub enum FetchOutcome {
    /// The content is still the version of the request's validators. Holds the validators that replace the stored
    /// ones, if the server sent other ones for the same content.
    Unchanged(Option<Validators>),
    /// The content, complete.
    Content(Box<dyn FetchedContent>),
}

/// Fetched content: columns, and rows that are read from a temporary file. The file is removed on drop.
pub trait FetchedContent: Send {
    /// The names of the columns, made unique by [`column_names`](crate::domain::rows::row::column_names). Empty if
    /// there is no header.
    fn columns(&self) -> &[String];

    /// The validators of this version, to send with the next incremental fetch.
    fn validators(&self) -> &Validators;

    /// The size of the content in bytes, after decompression.
    fn byte_count(&self) -> u64;

    /// The number of lines. A last line without a line break counts, too.
    fn line_count(&self) -> u64;

    /// Whether this is everything that the source has. Only then are items that are missing here removed from the
    /// catalog. A feed holds only its newest entries and returns `false`.
    fn is_complete(&self) -> bool {
        true
    }

    /// The type of the column at `position`, if the kind knows it. With `None` the sync detects it from the cells.
    fn column_type(&self, _position: usize) -> Option<ColumnType> {
        None
    }

    /// The columns that are hidden in the spreadsheet. Empty if the kind has no hidden columns or cannot know them.
    fn hidden_columns(&self) -> &[String] {
        &[]
    }

    /// The hidden columns that were excluded: they are not among [`FetchedContent::columns`].
    fn excluded_columns(&self) -> &[String] {
        &[]
    }

    /// The positions that the excluded columns have in the source, in ascending order.
    fn excluded_positions(&self) -> Vec<usize> {
        Vec::new()
    }

    /// The number of the tab of a Google Sheet (`gid`), if it is known.
    fn tab_number(&self) -> Option<u64> {
        None
    }

    /// Reads the rows from the first one on. Each call returns the same rows. They are read one at a time, so that
    /// memory does not grow with the source.
    ///
    /// # Errors
    /// [`FetchError::Failed`] with code `disk` when the temporary file cannot be read.
    fn rows(&self) -> Result<RowReader<'_>, FetchError>;
}

/// An iterator over rows. After an error there are no more rows, and the run fails.
pub type RowReader<'a> = Box<dyn Iterator<Item = Result<TextRow, FetchError>> + 'a>;
