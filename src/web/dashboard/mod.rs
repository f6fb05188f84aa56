//! The dashboard: every source on one page.

pub(super) mod handlers;
pub mod view;
