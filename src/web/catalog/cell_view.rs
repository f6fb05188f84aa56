//! A cell, as a table or an item's page shows it.

use crate::web::layout::view::TimeLabel;

/// What a cell says, and how it is shown.
#[derive(Debug, Clone, Default)]
pub struct CellView {
    /// As the source says it; cut where it is long and stands in a table.
    pub text: String,
    /// How it is shown.
    pub looks: CellStyle,
}

impl CellView {
    /// The text without the beginning that all addresses have.
    pub fn short(&self) -> &str {
        let behind = self.text.trim().split_once("://").map_or(self.text.as_str(), |(_, rest)| rest);
        behind.strip_prefix("www.").unwrap_or(behind).trim_end_matches('/')
    }
}

/// How a cell is shown.
#[derive(Debug, Clone, Default)]
pub enum CellStyle {
    /// As it is.
    #[default]
    Text,
    /// As a link to this `http` or `https` address.
    Link(String),
    /// As the picture at this `http` or `https` address.
    Picture {
        /// The address.
        href: String,
        /// What stands for it where it is not seen.
        alt: String,
    },
    /// As a time.
    Moment(TimeLabel),
    /// As this markup, which is safe.
    Markup(String),
}
