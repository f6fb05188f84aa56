//! What a look at a place shows, before the place becomes a source.

use super::feed::Feed;
use super::key_column::{KeyHints, KnownKeys, missing, proposal};
use super::row::{Row, listed_columns};

/// What a place holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// Its first rows, at most 20.
    pub rows: Vec<Row>,
    /// Columns whose cells are all present and different among the first 1000 rows, the best key first.
    pub keys: Vec<String>,
    /// The column with the keys that the catalog has, where there is a catalog and its key column is gone.
    pub known: Option<KnownKeys>,
    /// How large the content is, in bytes.
    pub bytes: u64,
    /// The feeds there are; none in a place that is not made of feeds.
    pub feeds: Vec<Feed>,
    /// Those of its columns that are hidden where people open it.
    pub hidden_columns: Vec<String>,
}

impl Look {
    /// The column proposed as the key.
    #[must_use]
    pub fn proposed_key(&self) -> Option<&str> {
        self.keys.first().map(String::as_str)
    }

    /// That the key column `wanted` of the source called `slug` is not among the columns, and what to do about it; `None`
    /// where it is.
    #[must_use]
    pub fn missing_key(&self, wanted: &str, slug: &str) -> Option<String> {
        if self.columns.is_empty() || self.columns.iter().any(|name| name == wanted) {
            return None;
        }
        let hints = KeyHints { different: self.keys.clone(), known: self.known.clone() };
        Some(format!("{} {}", missing(wanted, &self.columns), proposal(wanted, &self.columns, &hints, slug)))
    }
}

/// That these columns are hidden in the source and would be public; `None` where none is.
#[must_use]
pub fn hidden_columns_warning(hidden_columns: &[String]) -> Option<String> {
    let names = listed_columns(hidden_columns);
    match hidden_columns.len() {
        0 => None,
        1 => Some(format!("The column {names} is hidden in the source. A public catalog would show it to everybody.")),
        _ => Some(format!(
            "The columns {names} are hidden in the source. A public catalog would show them to everybody."
        )),
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
