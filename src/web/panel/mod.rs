//! The sync panel: one card that shows every state of the latest run of a source, and the forms that start and cancel
//! runs.

pub(super) mod build;
pub(super) mod handlers;
pub mod lines;
pub(super) mod notice;
pub(super) mod outcome_view;
pub mod run_view;
pub mod view;
