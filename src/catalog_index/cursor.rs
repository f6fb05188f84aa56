//! A place in a list, after which the next page begins: it stays right while items before it come and go.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The longest cell that a cursor carries, in bytes, so that addresses stay short enough for proxies.
const MAX_CURSOR_CELL_BYTES: usize = 512;

/// A place in a list: that of an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListCursor {
    /// The id of the item.
    pub(super) id: i64,
    /// Its cells in the columns that the list is sorted by, or their beginnings.
    pub(super) cells: Vec<String>,
    /// Whether cells are only the beginnings of the item's cells, because they are too long for an address.
    pub(super) is_clipped: bool,
}

impl ListCursor {
    /// Creates the cursor of an item from its id and its cells in the columns of the order.
    #[must_use]
    pub fn new(id: i64, mut cells: Vec<String>) -> Self {
        let is_clipped = cells.iter().any(|cell| cell.len() > MAX_CURSOR_CELL_BYTES);
        if is_clipped {
            for cell in &mut cells {
                // White space at the ends does not count for the order.
                let beginning = cell.trim_start();
                *cell = beginning[..beginning.floor_char_boundary(MAX_CURSOR_CELL_BYTES)].to_owned();
            }
        }
        Self { id, cells, is_clipped }
    }

    /// Returns the cursor as text for addresses.
    #[must_use]
    pub fn to_text(&self) -> String {
        // The version before knows cursors without a mark only, and may serve the next page.
        let json = match self.is_clipped {
            false => serde_json::json!([self.id, self.cells]),
            true => serde_json::json!([self.id, self.cells, true]),
        };
        URL_SAFE_NO_PAD.encode(json.to_string())
    }

    /// Parses the text of a cursor for a list that is sorted by this number of columns; `None` if it is not one.
    #[must_use]
    pub fn parse(text: &str, sort_columns: usize) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(text).ok()?;
        let whole = || serde_json::from_slice(&json).map(|(id, cells)| (id, cells, false));
        let (id, cells, is_clipped): (i64, Vec<String>, bool) =
            serde_json::from_slice(&json).or_else(|_| whole()).ok()?;
        (cells.len() == sort_columns).then_some(Self { id, cells, is_clipped })
    }
}

#[cfg(test)]
mod tests {
    use super::ListCursor;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for cells in [vec!["Ágætis, \"x\"".to_owned(), String::new()], vec!["é".repeat(600), "x".to_owned()]] {
            let cursor = ListCursor::new(7, cells);
            assert_eq!(ListCursor::parse(&cursor.to_text(), 2), Some(cursor.clone()));
            assert_eq!(ListCursor::parse(&cursor.to_text(), 1), None);
            assert!(cursor.to_text().len() < 1000, "{}", cursor.to_text());
        }
        let before = "WzcsWyJhIl1d";
        assert_eq!(ListCursor::parse(before, 1), Some(ListCursor::new(7, vec!["a".to_owned()])));
        assert_eq!(ListCursor::new(7, vec!["a".to_owned()]).to_text(), before, "as the version before writes it");
        for text in ["", "%", "W10", "NTA"] {
            assert_eq!(ListCursor::parse(text, 0), None, "{text}");
        }
    }
}
