//! Finds the cells of columns among the fields of items.

use std::borrow::Cow;

/// Names and values of an item's fields.
pub(super) type FieldSlice<'a> = [(Cow<'a, str>, Cow<'a, str>)];

/// The columns of a file, and where their cells were among the fields of the item before. Most items have the same
/// fields in the same order.
#[derive(Debug)]
pub(super) struct ColumnCells {
    columns: Vec<String>,
    positions: Vec<usize>,
}

impl ColumnCells {
    pub(super) fn new(columns: &[String]) -> Self {
        Self { columns: columns.to_vec(), positions: (0..columns.len()).collect() }
    }

    /// Returns each column with the cell that an item has in it. During a sync, and after its row was skipped, an item
    /// may lack a column.
    pub(super) fn find_cells<'c>(
        &'c mut self,
        fields: &'c FieldSlice<'_>,
    ) -> impl Iterator<Item = (&'c str, Option<&'c str>)> {
        self.columns.iter().zip(&mut self.positions).map(|(column, position)| {
            if fields.get(*position).is_none_or(|(name, _)| name != column) {
                *position = fields.iter().position(|(name, _)| name == column).unwrap_or(usize::MAX);
            }
            (column.as_str(), fields.get(*position).map(|(_, cell)| &**cell))
        })
    }
}
