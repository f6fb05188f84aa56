//! Past runs: the list of them, the page of one, and its changes and issues as files.

mod attempt_list;
pub(super) mod build;
pub(super) mod change_downloads;
pub(in crate::web) mod change_section;
pub(super) mod corrections;
mod day_period;
pub(super) mod handlers;
pub(in crate::web) mod issue_view;
mod issues;
pub(super) mod issues_csv;
pub(super) mod item_change;
mod list_filters;
mod list_query;
mod lists;
mod log_files;
mod log_line;
pub(super) mod run_log;
mod run_plot;
mod run_steps;
mod timeline;
pub(in crate::web) mod view;
