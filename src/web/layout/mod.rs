//! The frame of every page, and the labels of runs, times and items that all pages share.

pub(super) mod badge;
pub(in crate::web) mod badge_view;
pub(in crate::web) mod bar_height;
pub(in crate::web) mod filter_notice;
#[cfg(test)]
pub(super) mod fragment_tests;
pub(in crate::web) mod freshness_mark;
pub(super) mod item_title;
pub(super) mod page;
pub(in crate::web) mod page_description;
pub(in crate::web) mod page_links;
pub(in crate::web) mod run_labels;
pub(in crate::web) mod time_label;
pub(in crate::web) mod view;
