//! The cells of skipped rows as they are stored with their issues, and the table that they belong to.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The most bytes of the cells of one row, as JSON. Longer rows are not kept.
pub const MAX_ROW_CELL_BYTES: usize = 16 * 1024;

/// The cells of a row in the order of its columns, as a JSON array.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptCells(String);

impl KeptCells {
    /// Creates the cells of a row; `None` if they are longer than [`MAX_ROW_CELL_BYTES`].
    #[must_use]
    pub fn new(cells: &[&str]) -> Option<Self> {
        if cells.iter().map(|cell| cell.len()).sum::<usize>() > MAX_ROW_CELL_BYTES {
            return None;
        }
        let json = serde_json::Value::from(cells).to_string();
        (json.len() <= MAX_ROW_CELL_BYTES).then_some(Self(json))
    }

    /// Returns the cells that [`KeptCells::as_json`] has returned.
    ///
    /// # Errors
    /// When the text is not an array of texts.
    pub fn from_json(json: String) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Vec<Cow<'_, str>>>(&json)?;
        Ok(Self(json))
    }

    /// Returns the cells as a JSON array.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Returns the cells.
    #[must_use]
    pub fn to_cells(&self) -> Vec<String> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

/// The table that a run read.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadTable {
    /// The columns in the order of the source; `None` for columns that were left out, whose cells are not kept.
    pub columns: Vec<Option<String>>,
    /// The SHA-256 of the content in hexadecimal, if it is one file.
    pub content_hash: Option<String>,
    /// The number of the tab of a Google Sheet, if it is known.
    pub tab: Option<u64>,
}

impl ReadTable {
    /// Creates a table with the columns `names` that lacks the columns at the positions `excluded`, in their order.
    #[must_use]
    pub fn new(names: &[String], excluded: &[usize]) -> Self {
        let mut columns: Vec<Option<String>> = names.iter().cloned().map(Some).collect();
        for &position in excluded {
            columns.insert(position.min(columns.len()), None);
        }
        Self { columns, ..Self::default() }
    }

    /// Returns the names of the columns whose cells are kept.
    #[must_use]
    pub fn kept_columns(&self) -> Vec<String> {
        self.columns.iter().flatten().cloned().collect()
    }

    /// Returns the position of a column in the source, from 0.
    #[must_use]
    pub fn position_of(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name.as_deref() == Some(column))
    }
}

#[cfg(test)]
mod tests {
    use super::{KeptCells, MAX_ROW_CELL_BYTES, ReadTable};

    #[test]
    fn cells_are_stored_as_they_are() {
        let cells = ["a\"1", "", "x\n\u{0}"];
        let kept = KeptCells::new(&cells).expect("a short row");
        let stored = KeptCells::from_json(kept.as_json().to_owned()).expect("JSON");
        assert_eq!((stored.to_cells(), stored == kept), (cells.map(str::to_owned).to_vec(), true));
        for broken in ["", "{}", "[1]", "[\"a\""] {
            assert!(KeptCells::from_json(broken.to_owned()).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_long_row_is_not_kept() {
        let is_kept = |bytes: usize, cell: &str| KeptCells::new(&[&cell.repeat(bytes)]).is_some();
        assert!(is_kept(MAX_ROW_CELL_BYTES - 4, "x") && !is_kept(MAX_ROW_CELL_BYTES - 3, "x"));
        assert!(!is_kept(MAX_ROW_CELL_BYTES / 2, "\""), "as JSON, a quotation mark has two bytes");
    }

    #[test]
    fn a_table_keeps_the_places_of_columns_that_were_left_out() {
        let names = ["id", "title"].map(str::to_owned);
        let table = ReadTable::new(&names, &[0, 2]);
        assert_eq!(table.columns, [None, Some("id".to_owned()), None, Some("title".to_owned())]);
        assert_eq!((table.position_of("title"), table.position_of("cost")), (Some(3), None));
        assert_eq!(table.kept_columns(), names);
    }
}
