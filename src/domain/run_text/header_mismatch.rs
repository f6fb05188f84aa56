//! Messages about a header that does not fit the rows below it.

use crate::domain::text::counts::{format_row_count, group_digits};

/// What to do if the rows are correct.
const ACCEPT_ADVICE: &str =
    "If the table is correct, turn on “Sync even if rows do not match the header” in the settings of this source.";

/// The numbers of cells in a table whose rows do not fit the header, so that values would be in the wrong columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeaderMismatch {
    /// The number of rows with [`HeaderMismatch::cells`] cells.
    pub rows: u64,
    /// The number of all rows.
    pub total_rows: u64,
    /// The number of cells in each of these rows.
    pub cells: usize,
    /// The number of columns in the header.
    pub columns: usize,
}

impl HeaderMismatch {
    /// The error code.
    pub const HEADER_MISMATCH_CODE: &'static str = "header_mismatch";

    /// Returns the counts as text: "All 2 rows have 4 cells, but the header has 3".
    fn count_message(self) -> String {
        let Self { rows, total_rows, cells, columns } = self;
        let rows = match total_rows {
            1 => "The only row has".to_owned(),
            _ if rows == total_rows => format!("All {} have", format_row_count(rows)),
            _ => format!("{} of {} have", group_digits(rows), format_row_count(total_rows)),
        };
        format!("{rows} {} cells, but the header has {}", group_digits(cells as u64), group_digits(columns as u64))
    }

    /// Returns the message for a header in `row` that is joined with the row below it. `sign` is the evidence.
    #[must_use]
    pub fn joined_message(self, row: u64, sign: &str) -> String {
        format!(
            "{}: the header in row {} seems to be joined with the row below it ({sign}). Restore the line break \
             between them and sync again. {ACCEPT_ADVICE}",
            self.count_message(),
            group_digits(row)
        )
    }

    /// Returns the message for any other mismatch.
    #[must_use]
    pub fn message(self) -> String {
        let Self { cells, columns, .. } = self;
        let fix = if cells > columns { "Add the missing column name to" } else { "Remove the extra column name from" };
        format!(
            "{}, so values would be in the wrong columns. {fix} the header and sync again. {ACCEPT_ADVICE}",
            self.count_message()
        )
    }
}
