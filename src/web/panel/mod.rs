//! The sync panel: one card that shows every state of the latest run of a source, and the forms that start and cancel
//! runs.

pub(super) mod build;
pub(super) mod dismissed_runs;
pub(super) mod handlers;
pub(in crate::web) mod issue_links;
pub(in crate::web) mod lines;
pub(super) mod notice;
mod preview_apply;
mod repeat;
pub(in crate::web) mod responses;
mod run_measures;
pub(in crate::web) mod run_view;
pub(in crate::web) mod second_steps;
pub(in crate::web) mod view;
