//! Past runs: the list of them, the page of one, and its issues as a file.

pub(super) mod build;
pub(super) mod corrections;
pub(super) mod handlers;
pub(in crate::web) mod issue_view;
mod issues;
pub(super) mod issues_csv;
mod lists;
pub(in crate::web) mod page_links;
mod run_steps;
pub(in crate::web) mod view;
