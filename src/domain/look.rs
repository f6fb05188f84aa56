//! What a look at a place shows, before the place becomes a source.

use super::feed::Feed;
use super::row::Row;

/// What a place holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// Its first rows, at most 20.
    pub rows: Vec<Row>,
    /// Columns whose cells are all present and different among the first 1000 rows, the best key first.
    pub keys: Vec<String>,
    /// How large the content is, in bytes.
    pub bytes: u64,
    /// The feeds there are; none in a place that is not made of feeds.
    pub feeds: Vec<Feed>,
}

impl Look {
    /// The column proposed as the key.
    #[must_use]
    pub fn proposed_key(&self) -> Option<&str> {
        self.keys.first().map(String::as_str)
    }
}

/// Why a place cannot be looked at: what a sync of it would fail with.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct CannotLook {
    /// A word for programs.
    pub code: &'static str,
    /// What happened, where, and what to do.
    pub sentence: String,
}
