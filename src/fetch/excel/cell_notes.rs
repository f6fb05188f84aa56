//! Collects cells that share one note: formulas without a saved value, and numbers that spreadsheets round.

use super::cell_place::column_letters;
use crate::domain::issue::Issue;
use crate::domain::text::counts::group_digits;
use crate::domain::text::shortening::list_columns;

/// Cells that share a note: their count, their first row and their columns.
#[derive(Default)]
pub(super) struct CellGroup {
    count: u64,
    first_row: Option<u64>,
    /// By position: whether the column has such a cell.
    columns: Vec<bool>,
}

impl CellGroup {
    /// Adds the cells at these positions of a row.
    pub(super) fn add(&mut self, row: u64, positions: &[usize]) {
        let Some(last) = positions.iter().max() else { return };
        self.count += positions.len() as u64;
        self.first_row.get_or_insert(row);
        if self.columns.len() <= *last {
            self.columns.resize(last + 1, false);
        }
        positions.iter().for_each(|&position| self.columns[position] = true);
    }

    /// The note "3 cells in “price” `many`, first in row 2. `fix`", with `one` for a single cell. `None` if there are
    /// no cells.
    fn note(&self, columns: &[String], one: &str, many: &str, fix: &str) -> Option<Issue> {
        let row = self.first_row?;
        let names = columns.iter().zip(&self.columns).filter(|(_, has)| **has).map(|(name, _)| name.clone());
        let names: Vec<String> = names.collect();
        let column = if let [only] = &names[..] { Some(only.clone()) } else { None };
        let (count, names, first) = (group_digits(self.count), list_columns(&names), group_digits(row));
        let reason = match self.count {
            1 => format!("1 cell in {names} {one} (row {first}). {fix}"),
            _ => format!("{count} cells in {names} {many}, first in row {first}. {fix}"),
        };
        Some(Issue::noted(Some(row), column, reason))
    }
}

/// The cells of a tab that are noted.
#[derive(Default)]
pub(super) struct CellNotes {
    pub(super) unsaved_formulas: CellGroup,
    pub(super) rounded_numbers: CellGroup,
}

impl CellNotes {
    /// The notes, for a table of these columns.
    pub(super) fn into_issues(self, columns: &[String]) -> Vec<Issue> {
        let unsaved = self.unsaved_formulas.note(
            columns,
            "is a formula without a saved value",
            "are formulas without a saved value",
            "The catalog keeps its values. Open the file in Excel or LibreOffice, save it once, and sync again.",
        );
        let rounded = self.rounded_numbers.note(
            columns,
            "is a number of more than 15 digits, which spreadsheets round",
            "are numbers of more than 15 digits, which spreadsheets round",
            "Format the column as text, enter the numbers again, and sync again.",
        );
        unsaved.into_iter().chain(rounded).collect()
    }
}

/// The reason why a row with two cells at the same position is skipped.
pub(super) fn repeated_cell_reason(row: u64, column: u32) -> String {
    format!(
        "The file has two cells at the same position ({}{row}), so it is unclear which one is right. Open it in Excel or \
         LibreOffice, correct the cell, save the file, and sync again.",
        column_letters(column)
    )
}

#[cfg(test)]
mod tests {
    use super::CellNotes;

    #[test]
    fn cells_are_counted_and_their_columns_and_first_row_are_named() {
        let columns = ["id", "price", "total"].map(str::to_owned);
        let mut notes = CellNotes::default();
        notes.rounded_numbers.add(7, &[0]);
        notes.unsaved_formulas.add(3, &[1, 2]);
        notes.unsaved_formulas.add(9, &[2]);
        notes.unsaved_formulas.add(10, &[]);
        let issues = notes.into_issues(&columns);
        assert_eq!((issues[0].row, issues[0].column.as_deref()), (Some(3), None));
        let reason = &issues[0].reason;
        assert!(
            reason.starts_with(
                "3 cells in “price”, “total” are formulas without a saved value, first in row 3. The catalog keeps"
            ),
            "{reason}"
        );
        assert_eq!((issues[1].row, issues[1].column.as_deref()), (Some(7), Some("id")));
        assert!(issues[1].reason.starts_with("1 cell in “id” is a number of more than 15 digits"), "{issues:?}");
    }
}
