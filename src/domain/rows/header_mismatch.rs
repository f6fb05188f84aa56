//! A header that is not that of the rows below it.

use crate::domain::text::counts::{format_row_count, group_digits};

/// What to do about a table that is meant to be like this.
const IF_CORRECT: &str = "If the table is correct, turn on “Sync even if rows do not match the header” in the \
                          settings of \
                          this source.";

/// A header that most rows do not fit, where cells would stand under wrong names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeaderMismatch {
    /// So many rows …
    pub rows: u64,
    /// … of so many have …
    pub of: u64,
    /// … so many cells, …
    pub cells: usize,
    /// … and the header names so many columns.
    pub columns: usize,
}

impl HeaderMismatch {
    /// The word for programs.
    pub const HEADER_MISMATCH_CODE: &'static str = "header_mismatch";

    /// How many rows have how many cells: "All 2 rows have 4 cells, but the header has 3".
    fn count_message(self) -> String {
        let Self { rows, of, cells, columns } = self;
        let rows = match of {
            1 => "The only row has".to_owned(),
            _ if rows == of => format!("All {} have", format_row_count(rows)),
            _ => format!("{} of {} have", group_digits(rows), format_row_count(of)),
        };
        format!("{rows} {} cells, but the header has {}", group_digits(cells as u64), group_digits(columns as u64))
    }

    /// What happened and what to do where the header in `row` goes on with the row below it, which shows in `sign`.
    #[must_use]
    pub fn joined_message(self, row: u64, sign: &str) -> String {
        format!(
            "{}: the header in row {} seems to be joined with the row below it ({sign}). Restore the line break \
             between them and sync again. {IF_CORRECT}",
            self.count_message(),
            group_digits(row)
        )
    }

    /// What happened and what to do.
    #[must_use]
    pub fn message(self) -> String {
        let Self { cells, columns, .. } = self;
        let fix = if cells > columns { "Add the missing column name to" } else { "Remove the extra column name from" };
        format!(
            "{}, so values would be in the wrong columns. {fix} the header and sync again. {IF_CORRECT}",
            self.count_message()
        )
    }
}
