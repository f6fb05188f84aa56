//! The second steps of a run: pages that say what a step will do before it starts, and the forms that start it. They
//! work without JavaScript.

pub(super) mod apply;
mod removal_list;
pub(super) mod removals;
pub(super) mod removals_csv;
pub(super) mod schedule;
pub(super) mod undo;
pub(in crate::web) mod view;
