//! The forms of the rows of items and changes. Both are always read; `rollback_period` says which one is written.

/// The form of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum RowForm {
    /// Each field has its name beside it, and runs are named by their ids.
    Named,
    /// Fields are values and the number of a layout, and runs are named by numbers.
    Compact,
}
