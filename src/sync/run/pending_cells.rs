//! Finds the cells of a row that have no value yet: values that are still loading, and formulas without a saved value.

use crate::domain::columns::spreadsheet_values::SpreadsheetPlaceholder;
use crate::domain::rows::row::TextRow;

/// Returns the positions of cells without a value yet, in order: the value is still loading, or it belongs to a formula
/// and was never saved.
pub(super) fn pending_cells(row: &TextRow) -> Vec<usize> {
    let is_pending = |(position, cell): &(usize, &String)| {
        SpreadsheetPlaceholder::parse(cell) == Some(SpreadsheetPlaceholder::Loading)
            || row.unsaved_formulas.binary_search(position).is_ok()
    };
    row.cells.iter().enumerate().filter(is_pending).map(|(position, _)| position).collect()
}
