//! The page with the state of each feed of a catalog.

pub(super) mod handlers;
pub mod view;
