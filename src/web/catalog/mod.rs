//! The catalog of a source: its page, its table, and the page of one item.

pub(in crate::web) mod articles;
pub(in crate::web) mod cell_view;
pub(super) mod cells;
pub(in crate::web) mod column_view;
pub(super) mod default_view;
mod description;
mod embedding;
mod filter_bar;
mod gallery;
pub(super) mod handlers;
pub(super) mod item;
mod item_history;
pub(in crate::web) mod item_neighbours;
pub(in crate::web) mod item_view;
mod list_view;
mod shown_columns;
mod sort_menu;
pub(super) mod table;
pub(in crate::web) mod view;
