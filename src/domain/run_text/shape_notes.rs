//! The warnings about rows whose cells may be in the wrong columns.

use std::cmp::Ordering;

use crate::domain::text::counts::group_digits;
use crate::domain::text::shortening::shorten_text;

/// A warning for one row, and the end of the warning for several rows, after "12 rows (rows 5, 9, …) ".
pub type RowAndRowsNote = (String, String);

/// A cell that does not look like the other values of its column.
#[derive(Clone, Copy, Debug)]
pub struct MisfitCell<'a> {
    /// The text of the cell, shortened.
    pub excerpt: &'a str,
    /// The name of the column.
    pub column: &'a str,
}

/// The warning about rows with fewer cells than the header, which has `columns` columns.
#[must_use]
pub fn missing_cells_note(columns: usize) -> RowAndRowsNote {
    let columns = group_digits(columns as u64);
    (
        format!("The row has fewer cells than the header ({columns}); the missing ones were left empty."),
        format!("have fewer cells than the header ({columns}); the missing ones were left empty."),
    )
}

/// The warning about rows with empty cells beyond the last of `columns` columns.
#[must_use]
pub fn empty_extra_cells_note(columns: usize) -> RowAndRowsNote {
    let columns = group_digits(columns as u64);
    (
        format!("The row has empty cells beyond the last of the {columns} columns."),
        format!("have empty cells beyond the last of the {columns} columns."),
    )
}

/// The warning about rows with cells beyond the last of `columns` columns that were not imported.
#[must_use]
pub fn dropped_cells_note(columns: usize) -> RowAndRowsNote {
    let columns = group_digits(columns as u64);
    (
        format!("The row has cells beyond the last of the {columns} columns; they were left out."),
        format!("have cells beyond the last of the {columns} columns; these were left out."),
    )
}

/// The warning about a quoted cell with several lines. `line` is the line that looks like a row.
#[must_use]
pub fn row_in_quoted_cell_note(line: &str) -> String {
    format!(
        "A quoted cell spans several lines, and one of them looks like a separate row (“{}”). Check for an extra \
         quotation mark.",
        shorten_text(line)
    )
}

/// The warning about a row in which `misfit` does not look like its column. The row has `cells` cells, the header
/// `columns`.
#[must_use]
pub fn misfit_cell_note(misfit: MisfitCell<'_>, cells: usize, columns: usize) -> String {
    let misfit_text =
        format!("“{}” does not look like the other values of “{}”", misfit.excerpt, shorten_text(misfit.column));
    let mistake = match cells.cmp(&columns) {
        Ordering::Equal => return format!("{misfit_text}. Check for an extra line break in it."),
        Ordering::Less => "missing",
        Ordering::Greater => "extra",
    };
    let (cells, columns) = (group_digits(cells as u64), group_digits(columns as u64));
    let article = if mistake == "missing" { "a" } else { "an" };
    format!(
        "The row has {cells} cells, but the header has {columns}, and {misfit_text}. Check for {article} {mistake} \
         separator before it."
    )
}

/// The warning about a row in which two neighbouring cells seem to be swapped.
#[must_use]
pub fn swapped_cells_note(left: MisfitCell<'_>, right: MisfitCell<'_>) -> String {
    format!(
        "“{}” does not look like the other values of “{}”, nor “{}” like those of “{}”. Are the two cells swapped?",
        left.excerpt,
        shorten_text(left.column),
        right.excerpt,
        shorten_text(right.column)
    )
}

/// The end of the warning about several rows in which two neighbouring cells seem to be swapped, after "12 rows (rows
/// 5, 9, …) ". `example` are the two cells of the first row.
#[must_use]
pub fn swapped_columns_note(left: &str, right: &str, example: Option<(&str, &str)>) -> String {
    let example = example.map(|(left, right)| format!("“{left}” and “{right}”")).unwrap_or_default();
    format!(
        "have cells in “{}” and “{}” that each look like the other column (first {example}). Are the two cells \
         swapped?",
        shorten_text(left),
        shorten_text(right)
    )
}

#[cfg(test)]
mod tests {
    use super::{MisfitCell, misfit_cell_note};

    #[test]
    fn a_misfit_cell_is_explained_by_the_number_of_cells() {
        let note = |cells| misfit_cell_note(MisfitCell { excerpt: "1999", column: "title" }, cells, 3);
        let misfit = "“1999” does not look like the other values of “title”";
        assert_eq!(note(3), format!("{misfit}. Check for an extra line break in it."));
        assert_eq!(
            note(2),
            format!(
                "The row has 2 cells, but the header has 3, and {misfit}. Check for a missing separator before it."
            )
        );
        assert_eq!(
            note(4),
            format!("The row has 4 cells, but the header has 3, and {misfit}. Check for an extra separator before it.")
        );
    }
}
