//! One item.

use askama::Template;

use super::cell_view::{CellStyle, CellView};
use crate::web::layout::view::{PageFrame, TimeLabel};

/// `GET /catalog/{slug}/items/{id}`.
#[derive(Debug, Clone, Template)]
#[template(path = "item.html")]
pub struct ItemPage {
    /// The frame.
    pub chrome: PageFrame,
    /// The source, as in the address.
    pub slug: String,
    /// The catalog's name.
    pub catalog: String,
    /// What readers know the item by: a field that reads like a title, else its key.
    pub heading: String,
    /// Its key in the source.
    pub key: String,
    /// Its fields, in column order.
    pub fields: Vec<ItemField>,
    /// When it was first seen.
    pub added_at: Option<TimeLabel>,
    /// When a sync last changed it.
    pub changed_at: Option<TimeLabel>,
}

/// One field.
#[derive(Debug, Clone)]
pub struct ItemField {
    /// The column.
    pub name: String,
    /// What the source says.
    pub cell: CellView,
}
