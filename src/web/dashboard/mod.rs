//! The dashboard: every source on one page.

pub(super) mod handlers;
pub(in crate::web) mod view;
