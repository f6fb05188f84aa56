//! A place in a list, after which the next page begins: it stays right while items before it come and go.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The longest cell that a cursor carries, in bytes, so that addresses stay short enough for proxies.
const MAX_CURSOR_CELL_BYTES: usize = 512;

/// A place in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ListCursor {
    /// The place of an item.
    Item {
        /// The id of the item.
        id: i64,
        /// Its cells in the columns that the list is sorted by.
        cells: Vec<String>,
    },
    /// A number of items: the place of an item whose cells are too long for an address.
    Offset(u64),
}

impl ListCursor {
    /// Creates the cursor of the item that is the last of `count` items, from its id and its cells.
    #[must_use]
    pub fn new(id: i64, cells: Vec<String>, count: u64) -> Self {
        let is_long = cells.iter().any(|cell| cell.len() > MAX_CURSOR_CELL_BYTES);
        if is_long { Self::Offset(count) } else { Self::Item { id, cells } }
    }

    /// Returns the cursor as text for addresses.
    #[must_use]
    pub fn to_text(&self) -> String {
        let json = match self {
            Self::Item { id, cells } => serde_json::json!([id, cells]),
            Self::Offset(count) => serde_json::json!(count),
        };
        URL_SAFE_NO_PAD.encode(json.to_string())
    }

    /// Parses the text of a cursor for a list that is sorted by this number of columns; `None` if it is not one.
    #[must_use]
    pub fn parse(text: &str, sort_columns: usize) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(text).ok()?;
        if let Ok(count) = serde_json::from_slice(&json) {
            return Some(Self::Offset(count));
        }
        let (id, cells): (i64, Vec<String>) = serde_json::from_slice(&json).ok()?;
        (cells.len() == sort_columns).then_some(Self::Item { id, cells })
    }
}

#[cfg(test)]
mod tests {
    use super::ListCursor;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = ListCursor::new(7, vec!["Ágætis, \"x\"".to_owned(), String::new()], 50);
        assert_eq!(ListCursor::parse(&cursor.to_text(), 2), Some(cursor.clone()));
        assert_eq!(ListCursor::parse(&cursor.to_text(), 1), None);
        assert_eq!(
            (ListCursor::parse("", 0), ListCursor::parse("%", 0), ListCursor::parse("W10", 0)),
            (None, None, None)
        );
        let long = ListCursor::new(7, vec!["é".repeat(600)], 50);
        assert_eq!(ListCursor::parse(&long.to_text(), 1), Some(ListCursor::Offset(50)));
    }
}
