//! What every page has around its content, and how runs, times and items look on all of them.

pub(super) mod badge;
#[cfg(test)]
pub(super) mod fragment_tests;
pub(super) mod item_title;
pub(super) mod page;
pub(in crate::web) mod run_labels;
pub(in crate::web) mod time_label;
pub(in crate::web) mod view;
