//! The cells of a skipped row: those of its columns and those beyond them, with their names.

use super::row::{TextRow, column_names};
use crate::domain::kept_cells::KeptCells;

/// Returns the cells of `row`. With `with_surplus` they include the cells beyond the last column, without empty ones at
/// the end.
#[must_use]
pub fn own_cells(row: &TextRow, with_surplus: bool) -> Vec<&str> {
    let extra = if with_surplus { row.extra.as_slice() } else { &[] };
    let filled = extra.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
    row.cells.iter().chain(&extra[..filled]).map(String::as_str).collect()
}

/// Returns the cells of `row` as they are stored; `None` if they are too long.
#[must_use]
pub fn keep_cells(row: &TextRow, with_surplus: bool) -> Option<KeptCells> {
    KeptCells::new(&own_cells(row, with_surplus))
}

/// Returns names for the cells of rows with up to `width` cells: those of `columns`, and `column 5` and so on for cells
/// beyond them.
#[must_use]
pub fn cell_names(columns: &[String], width: usize) -> Vec<String> {
    let mut names = columns.to_vec();
    names.resize(width.max(columns.len()), String::new());
    column_names(&names)
}

#[cfg(test)]
mod tests {
    use super::{cell_names, own_cells};
    use crate::domain::rows::row::TextRow;

    #[test]
    fn a_row_has_the_cells_of_its_columns_and_those_beyond_them() {
        let owned = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect();
        let row = TextRow { cells: owned(&["a", "", "x"]), extra: owned(&["", "more", ""]), ..TextRow::default() };
        assert_eq!(own_cells(&row, true), ["a", "", "x", "", "more"]);
        assert_eq!(own_cells(&row, false), ["a", "", "x"]);
    }

    #[test]
    fn cells_beyond_the_last_column_have_names() {
        let names = ["id", "column 3"].map(str::to_owned);
        assert_eq!(cell_names(&names, 3), ["id", "column 3", "column 3 (2)"]);
        assert_eq!(cell_names(&names, 0), names);
    }
}
