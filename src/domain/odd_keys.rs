//! New keys that do not look like the keys of the catalog, so that they may be misread keys of its items.

use crate::domain::columns::cell_class::CellClass;

/// New keys of another class than the keys of the catalog. Only the first is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OddKeys {
    /// The key column.
    pub column: String,
    /// The class of the keys of the catalog.
    pub expected: CellClass,
    /// The number of new keys of another class.
    pub count: u64,
    /// The number of the row with the first of them.
    pub first_row: u64,
    /// The first of them.
    pub first_key: String,
}
