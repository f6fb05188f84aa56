//! The view of the columns of a catalog: heads, choices and orders.

/// A column that can be shown.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct ColumnChoice {
    /// Its whole name, as a value.
    pub value: String,
    /// Its name, clipped if it is long.
    pub name: String,
    /// Whether it is shown.
    pub is_shown: bool,
}

/// The head of a column.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct ColumnHead {
    /// Its name, clipped if it is long.
    pub name: String,
    /// The link that sorts by it, or reverses the order.
    pub href: String,
    /// The links that sort by it in ascending and in descending order.
    pub ascending: String,
    /// See [`ColumnHead::ascending`].
    pub descending: String,
    /// The link that sorts by it where items are equal in the first column; `None` if nothing is sorted by.
    pub then_by: Option<String>,
    /// The links that hide it and move it; see `ListView::change`.
    pub hide: String,
    /// See [`ColumnHead::hide`].
    pub move_left: String,
    /// See [`ColumnHead::hide`].
    pub move_right: String,
    /// The whole name, as a value.
    pub value: String,
    /// The link to the items that are blank here.
    pub blank: String,
    /// The link to all other items.
    pub filled: String,
    /// Whether and how the table is sorted by it.
    pub sorted: SortState,
    /// Its class in the stylesheet: `num`, `date`, `link`, `pic`; empty for text.
    pub class: &'static str,
    /// Whether it is the key column.
    pub is_key: bool,
}

/// How a table is sorted by a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::web) enum SortState {
    /// Not by this column.
    #[default]
    No,
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl SortState {
    /// The value of `aria-sort`.
    pub(in crate::web) fn aria(self) -> &'static str {
        match self {
            Self::No => "none",
            Self::Ascending => "ascending",
            Self::Descending => "descending",
        }
    }
}

/// The menu of orders, with the order of the address selected.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct SortMenu {
    /// The orders by one column.
    pub orders: Vec<SortOption>,
    /// The orders by the column that is sorted by now and a second one; none if nothing is sorted by.
    pub second_orders: Vec<SortOption>,
}

/// An order that the menu offers.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct SortOption {
    /// The value of `sort`.
    pub value: String,
    /// The label: "year ↓, title ↑".
    pub label: String,
    /// Whether the list is sorted so.
    pub is_selected: bool,
}
