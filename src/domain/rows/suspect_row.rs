//! Suspicious rows of a table, kept to be compared with its columns after the last row.

use crate::domain::columns::cell_class::CellClass;
use crate::domain::text::shortening::shorten_text;

/// A suspicious row, to be compared with the columns at the end.
#[derive(Debug)]
pub(super) struct SuspectRow {
    pub(super) number: u64,
    pub(super) width: usize,
    /// Its cells, and the cells of the rows that an unbalanced quotation mark may have joined to it.
    pub(super) lines: Vec<Vec<SuspectCell>>,
}

/// A cell of a suspicious row: its class, and an excerpt for people.
#[derive(Debug)]
pub(super) struct SuspectCell {
    pub(super) class: CellClass,
    pub(super) excerpt: String,
}

impl SuspectCell {
    /// Classifies a cell and shortens its text.
    pub(super) fn from_cell(cell: &str) -> Self {
        Self { class: CellClass::classify(cell), excerpt: shorten_text(cell) }
    }
}

/// Returns the position of the first cell that does not look like its column.
pub(super) fn find_misfit(cells: &[SuspectCell], typical: &[Option<CellClass>]) -> Option<usize> {
    let is_misfit = |(cell, typical): (&SuspectCell, &Option<CellClass>)| {
        cell.class != CellClass::Empty && typical.is_some_and(|typical| typical != cell.class)
    };
    cells.iter().zip(typical).position(is_misfit)
}
