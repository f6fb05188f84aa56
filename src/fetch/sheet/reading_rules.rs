//! Where the table in a tab begins, and which rows are taken.

use crate::domain::cell_range::CellRange;
use crate::domain::read_options::ReadOptions;
use crate::fetch::FetchError;

/// Where the values of a tab begin, where its header is looked for, and which rows are taken.
#[derive(Clone, Copy, Debug)]
pub(in crate::fetch) struct ReadingRules {
    /// The row of the tab that the values begin with, from 1.
    pub(in crate::fetch) first_row: u64,
    /// The row of the tab that names the columns, if it is set. `None` is the first one that is not blank.
    pub(in crate::fetch) header_row: Option<u64>,
    /// Whether rows with more cells than columns are taken, without the extra cells.
    pub(in crate::fetch) takes_long_rows: bool,
}

impl ReadingRules {
    /// The rules for `range`, or for a whole tab.
    ///
    /// # Errors
    /// `no_header` when the header row is above the range.
    pub(in crate::fetch) fn for_range(range: Option<&CellRange>, options: &ReadOptions) -> Result<Self, FetchError> {
        let first_row = range.map_or(1, CellRange::first_row);
        let ReadOptions { header_row, accept_header_mismatch: takes_long_rows, .. } = *options;
        match (range, header_row) {
            (Some(range), Some(row)) if row < first_row => Err(FetchError::failed(
                "no_header",
                format!(
                    "Row {row} is set as the header row, and it is above the link's range {range}. Choose a row of the range, \
                     or have the range begin with the header."
                ),
            )),
            _ => Ok(Self { first_row, header_row, takes_long_rows }),
        }
    }
}
