//! The page with the state of each feed of a catalog.

pub(super) mod handlers;
pub(in crate::web) mod view;
