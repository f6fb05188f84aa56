//! A header that is not that of the rows below it.

use super::text_counts::{grouped, row_count};

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
    pub const CODE: &'static str = "header_mismatch";

    /// What happened and what to do.
    #[must_use]
    pub fn message(self) -> String {
        let Self { rows, of, cells, columns } = self;
        let rows = match of {
            1 => "The only row has".to_owned(),
            _ if rows == of => format!("All {} have", row_count(rows)),
            _ => format!("{} of {} have", grouped(rows), row_count(of)),
        };
        let fix = if cells > columns { "Add the missing column name to" } else { "Remove the name too many from" };
        format!(
            "{rows} {cells} cells and the header has {columns}, so cells would stand under the wrong names. {fix} \
             the header and sync again. If the table is meant to be like this, allow it in the settings of this source."
        )
    }
}
