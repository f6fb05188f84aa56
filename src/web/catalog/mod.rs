//! The catalog of a source: its page, its table, and the page of one item.

pub mod articles;
pub mod cell_view;
pub(super) mod cells;
pub(super) mod handlers;
pub(super) mod item;
pub mod item_view;
pub(super) mod table;
pub mod view;
