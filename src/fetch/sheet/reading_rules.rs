//! Decides where the table in a tab begins and which rows are accepted.

use crate::domain::cell_range::CellRange;
use crate::domain::read_options::ReadOptions;
use crate::fetch::FetchError;

/// Which rows of a tab were fetched, which of them is the header, and which are accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadingRules {
    /// The row of the tab that the fetched values begin with, from 1.
    pub(super) first_row: u64,
    /// The row of the tab that is set as the header row. With `None` it is the first row that is not blank.
    pub(super) header_row: Option<u64>,
    /// Whether rows with more cells than columns are accepted, without the extra cells.
    pub(super) takes_long_rows: bool,
}

impl ReadingRules {
    /// The rules for `range`, or for a whole tab.
    ///
    /// # Errors
    /// `no_header` when the header row is above the range.
    pub(super) fn for_range(range: Option<&CellRange>, options: &ReadOptions) -> Result<Self, FetchError> {
        let first_row = range.map_or(1, CellRange::first_row);
        let ReadOptions { header_row, accept_header_mismatch: takes_long_rows, .. } = *options;
        match (range, header_row) {
            (Some(range), Some(row)) if row < first_row => Err(FetchError::failed(
                "no_header",
                format!(
                    "Row {row} is set as the header row, but it is above the link's range {range}. Choose a row in the \
                     range, or extend the range to include the header."
                ),
            )),
            _ => Ok(Self { first_row, header_row, takes_long_rows }),
        }
    }
}
