//! The page that shows how each feed of a catalog fares.

pub(super) mod handlers;
pub mod view;
