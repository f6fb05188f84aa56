//! Cells of a row whose value is not there yet, though it has one in its source.

use crate::domain::rows::row::TextRow;
use crate::domain::rows::spreadsheet_values::SheetWord;

/// The positions of cells whose value is not there yet: it is still loading, or it is that of a formula and was never
/// saved. In order.
pub(super) fn pending_cells(row: &TextRow) -> Vec<usize> {
    let is_pending = |(position, cell): &(usize, &String)| {
        SheetWord::of(cell) == Some(SheetWord::Loading) || row.unsaved_formulas.binary_search(position).is_ok()
    };
    row.cells.iter().enumerate().filter(is_pending).map(|(position, _)| position).collect()
}
