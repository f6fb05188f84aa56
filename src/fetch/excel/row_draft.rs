//! Builds the row of a tab that is being read, cell by cell.

use super::cell_place::CellArea;

/// The areas that formulas without a saved value fill, as the last row of such an area in each column. Memory does not
/// grow with the number of areas.
#[derive(Default)]
pub(super) struct UnsavedAreas {
    last_rows: Vec<u32>,
}

impl UnsavedAreas {
    /// Adds the area of a formula in the current row. Columns from `width` on are ignored.
    pub(super) fn add(&mut self, ((_, left), (bottom, right)): CellArea, width: usize) {
        let (left, end) = (left as usize, (right as usize).saturating_add(1).min(width));
        if self.last_rows.len() < end {
            self.last_rows.resize(end, 0);
        }
        self.last_rows.iter_mut().take(end).skip(left).for_each(|last_row| *last_row = bottom.max(*last_row));
    }

    /// The columns before `width` whose cell in this row, counted from 0, belongs to an area. A last row of 0 means
    /// that the column has no area.
    fn columns_at(&self, row: u32, width: usize) -> impl Iterator<Item = usize> {
        let columns = self.last_rows.iter().take(width).enumerate();
        columns.filter(move |(_, last_row)| **last_row >= row.max(1)).map(|(column, _)| column)
    }
}

/// The row that is being collected.
#[derive(Clone, Default)]
pub(super) struct RowDraft {
    pub(super) cells: Vec<String>,
    /// The columns of formulas without a saved value.
    pub(super) unsaved_formulas: Vec<usize>,
    /// The columns of numbers that spreadsheets round.
    pub(super) rounded_numbers: Vec<usize>,
    /// A column with two different cells in this row.
    pub(super) repeated: Option<u32>,
}

impl RowDraft {
    pub(super) fn is_blank(&self) -> bool {
        self.cells.is_empty() && self.unsaved_formulas.is_empty()
    }

    /// Sets the text of a cell. If the cell already has another text, the column is marked as repeated.
    pub(super) fn put(&mut self, column: u32, text: String) {
        let position = column as usize;
        if self.cells.len() <= position {
            self.cells.resize(position + 1, String::new());
        }
        let cell = &mut self.cells[position];
        if (!cell.is_empty() && *cell != text) || self.unsaved_formulas.contains(&position) {
            self.repeated = Some(column);
        }
        *cell = text;
    }

    pub(super) fn put_unsaved(&mut self, column: u32) {
        let position = column as usize;
        if self.cells.get(position).is_some_and(|cell| !cell.is_empty()) {
            self.repeated = Some(column);
        }
        self.unsaved_formulas.push(position);
    }

    /// Adds the empty cells in areas that formulas without a saved value fill: they have no saved value either. Columns
    /// from `width` on are ignored.
    pub(super) fn fill_areas(&mut self, row: u32, width: usize, areas: &UnsavedAreas) {
        let is_empty = |position: &usize| self.cells.get(*position).is_none_or(String::is_empty);
        self.unsaved_formulas.extend(areas.columns_at(row, width).filter(is_empty));
        self.unsaved_formulas.sort_unstable();
        self.unsaved_formulas.dedup();
    }
}
