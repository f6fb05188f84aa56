//! What every page has around its content, and how runs, times and items look on all of them.

pub(super) mod badge;
#[cfg(test)]
pub(super) mod fragment_tests;
pub(super) mod item_title;
pub(super) mod page;
pub mod run_labels;
pub mod time_label;
pub mod view;
