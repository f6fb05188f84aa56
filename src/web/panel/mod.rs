//! The sync panel: one fragment for every state that the latest run of a source can be in.

pub(super) mod build;
pub(super) mod handlers;
pub mod lines;
pub(super) mod outcome_view;
pub mod view;
