//! The grid of changes, the same on the page of a run and on the page of an item: an item, its fields before and after.

pub(in crate::web) mod change_json;
pub(in crate::web) mod grid;
pub(in crate::web) mod kept_changes;
pub(in crate::web) mod value_view;
