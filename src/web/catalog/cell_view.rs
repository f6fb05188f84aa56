//! The view of a cell, in a table and on the page of an item.

use crate::domain::catalog_query::search_marks::find_marks;
use crate::domain::catalog_query::search_terms::SearchTerms;
use crate::web::layout::time_label::TimeLabel;

/// The most characters of a text that stays on one line of a table.
const MAX_LINE_CHARS: usize = 24;

/// A cell: its text and how it is shown.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct CellView {
    /// The text as written in the source. Long text is clipped in a table.
    pub text: String,
    /// How it is shown.
    pub style: CellStyle,
    /// The text in parts, if terms of the search occur in it.
    pub parts: Vec<MarkedPart>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct MarkedPart {
    /// The part as written.
    pub text: String,
    /// Whether a term of the search occurs here.
    pub is_marked: bool,
}

impl CellView {
    /// The same cell with the terms of a search marked.
    pub(in crate::web) fn with_marks(mut self, terms: &SearchTerms) -> Self {
        let marks = find_marks(&self.text, terms);
        let mut at = 0;
        for mark in &marks {
            for (range, is_marked) in [(at..mark.start, false), (mark.clone(), true)] {
                if !range.is_empty() {
                    self.parts.push(MarkedPart { text: self.text[range].to_owned(), is_marked });
                }
            }
            at = mark.end;
        }
        if !marks.is_empty() && at < self.text.len() {
            self.parts.push(MarkedPart { text: self.text[at..].to_owned(), is_marked: false });
        }
        self
    }

    /// Whether the text may take several lines of a table. Shorter ones stay on one line.
    pub(in crate::web) fn is_long(&self) -> bool {
        self.text.chars().nth(MAX_LINE_CHARS).is_some()
    }

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
