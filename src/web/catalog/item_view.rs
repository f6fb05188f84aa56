//! The view of the page of one item.

use askama::Template;

use super::cell_view::{CellStyle, CellView};
use super::embedding::EmbedOrigin;
use super::item_history::ItemHistory;
use super::item_neighbours::ItemNeighbours;
use crate::web::changes::value_view::WholeValue;
use crate::web::layout::freshness_mark::FreshnessMark;
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{PageFrame, counted, grouped};

/// `GET /catalog/{slug}/items/{id}`.
#[derive(Debug, Clone, Template)]
#[template(path = "item.html")]
pub(in crate::web) struct ItemPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The slug of the source.
    pub slug: String,
    /// The title of the catalog.
    pub catalog: String,
    /// The link to the page of the catalog, if this page is in a frame.
    pub embedded_from: Option<EmbedOrigin>,
    /// The title of the item, or else its key.
    pub heading: String,
    /// Its place in the list that the reader came from.
    pub neighbours: ItemNeighbours,
    /// What runs did to it; `None` for visitors.
    pub history: Option<ItemHistory>,
    /// Its key in the source.
    pub key: String,
    /// Its fields, in column order.
    pub fields: Vec<ItemField>,
    /// The mark of a stale or paused source.
    pub freshness: Option<FreshnessMark>,
    /// When a sync added it.
    pub added_at: Option<TimeLabel>,
    /// When a sync last changed it.
    pub changed_at: Option<TimeLabel>,
}

/// A field of the item.
#[derive(Debug, Clone)]
pub(in crate::web) struct ItemField {
    /// The column.
    pub name: String,
    /// Its value.
    pub cell: CellView,
}
