//! Which columns of a source could be the key, by its first rows.

/// Whether a column could be the key, by the first rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyFitness {
    /// Its cells are all filled and different.
    Unique,
    /// It has empty cells, or cells that cannot be a key.
    Unusable,
    /// It has equal cells.
    Repeated,
}

/// A search of the first rows for columns that could be the key.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct KeySearch {
    /// Whether each column could be the key.
    pub fitness: Vec<KeyFitness>,
    /// How many rows were searched. Blank rows and rows with extra cells do not count.
    pub rows: u64,
    /// Whether there are rows after them.
    pub has_more_rows: bool,
}
