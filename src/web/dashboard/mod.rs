//! The dashboard: every source on one page. Visitors have a front page with the public catalogs instead.

mod front_page;
pub(super) mod handlers;
pub(in crate::web) mod view;
