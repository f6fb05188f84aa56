//! One item.

use askama::Template;

use super::cell_view::{Cell, Looks};
use crate::web::layout::view::{Chrome, When};

/// `GET /catalog/{slug}/items/{id}`.
#[derive(Debug, Clone, Template)]
#[template(path = "item.html")]
pub struct ItemPage {
    /// The frame.
    pub chrome: Chrome,
    /// The source, as in the address.
    pub slug: String,
    /// The catalog's name.
    pub catalog: String,
    /// What readers know the item by: a field that reads like a title, else its key.
    pub heading: String,
    /// Its key in the source.
    pub key: String,
    /// Its fields, in column order.
    pub fields: Vec<Field>,
    /// When it was first seen.
    pub added_at: Option<When>,
    /// When a sync last changed it.
    pub changed_at: Option<When>,
}

/// One field.
#[derive(Debug, Clone)]
pub struct Field {
    /// The column.
    pub name: String,
    /// What the source says.
    pub cell: Cell,
}
