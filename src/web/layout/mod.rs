//! What every page has around its content, and how states of runs look on all of them.

pub(super) mod badge;
pub mod error_page;
#[cfg(test)]
pub(super) mod fragment_tests;
pub(super) mod page;
pub mod run_labels;
pub mod view;
