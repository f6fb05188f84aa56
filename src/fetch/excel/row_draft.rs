//! The row of a tab that is being read, cell by cell.

use super::cell_place::CellArea;

/// The row whose cells come just now.
#[derive(Clone, Default)]
pub(super) struct RowDraft {
    pub(super) cells: Vec<String>,
    /// The columns of formulas without a saved value.
    pub(super) unsaved_formulas: Vec<usize>,
    /// The columns of numbers that spreadsheets round.
    pub(super) rounded_numbers: Vec<usize>,
    /// The column of which there are two different cells.
    pub(super) repeated: Option<u32>,
}

impl RowDraft {
    pub(super) fn is_blank(&self) -> bool {
        self.cells.is_empty() && self.unsaved_formulas.is_empty()
    }

    /// Puts a text where no other text and no formula is.
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

    /// Completes the draft of this row: a cell that is empty in an area which a formula without a saved value fills has
    /// no saved value either.
    pub(super) fn fill_areas(&mut self, row: u32, areas: &[CellArea]) {
        for ((top, left), (bottom, right)) in areas {
            if (*top..=*bottom).contains(&row) {
                let is_empty = |position: &usize| self.cells.get(*position).is_none_or(String::is_empty);
                let positions: Vec<usize> = (*left as usize..=*right as usize).filter(is_empty).collect();
                self.unsaved_formulas.extend(positions);
            }
        }
        self.unsaved_formulas.sort_unstable();
        self.unsaved_formulas.dedup();
    }
}
