//! The view of a cell, in a table and on the page of an item.

use crate::web::layout::time_label::TimeLabel;

/// A cell: its text and how it is shown.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct CellView {
    /// The text as written in the source. Long text is clipped in a table.
    pub text: String,
    /// How it is shown.
    pub style: CellStyle,
}

impl CellView {
    /// A link without scheme and `www.`.
    pub(in crate::web) fn short_link(&self) -> &str {
        let behind = self.text.trim().split_once("://").map_or(self.text.as_str(), |(_, rest)| rest);
        behind.strip_prefix("www.").unwrap_or(behind).trim_end_matches('/')
    }
}

/// How a cell is shown.
#[derive(Debug, Clone, Default)]
pub(in crate::web) enum CellStyle {
    /// As plain text.
    #[default]
    Text,
    /// As a link to this `http` or `https` address.
    Link(String),
    /// As the picture at this `http` or `https` address.
    Picture {
        /// The link.
        href: String,
        /// The alternative text.
        alt: String,
    },
    /// As a time.
    Time(TimeLabel),
    /// As this sanitised HTML.
    Markup(String),
}
