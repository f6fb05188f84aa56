//! Past runs: the list of them, the page of one, and its changes and issues as files.

pub(super) mod build;
pub(super) mod change_downloads;
pub(in crate::web) mod change_section;
pub(super) mod corrections;
pub(super) mod handlers;
pub(in crate::web) mod issue_view;
mod issues;
pub(super) mod issues_csv;
pub(super) mod item_change;
mod list_query;
mod lists;
mod run_steps;
pub(in crate::web) mod view;
