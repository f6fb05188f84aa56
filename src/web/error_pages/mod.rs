//! Error pages, and the middleware that every request passes.

pub(super) mod middleware;
pub(super) mod page;
pub(in crate::web) mod view;
