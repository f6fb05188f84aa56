//! The dashboard: every source on one page. Visitors have a front page with the public catalogs instead.

mod front_page;
pub(super) mod handlers;
mod next_step;
mod run_chart;
mod source_line;
pub(super) mod start_syncs;
pub(in crate::web) mod view;
