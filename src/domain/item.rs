//! Items of a catalog: key, stored fields, content digest and search text.

use std::borrow::Cow;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The first 128 bits of a SHA-256 digest. The content comes from outside, so collisions must not be constructible.
pub type ContentDigest = [u8; 16];

/// The maximum length of a key, in bytes. PostgreSQL cannot index keys of more than 2,704 bytes and would refuse the
/// whole batch.
pub const KEY_MAX_BYTES: usize = 1024;

/// Returns the digest of a text.
#[must_use]
pub fn content_digest(text: &str) -> ContentDigest {
    let full = Sha256::digest(text.as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

/// An item built from a row, for comparing and writing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemDraft {
    /// The key: the cell of the key column without white space at the ends.
    pub key: String,
    /// The fields as JSON text `[[name, value], …]` in column order.
    pub fields: String,
    /// The digest of `fields`; items with equal digests have equal content.
    pub hash: ContentDigest,
}

/// The columns of a source, prepared for building items: names are quoted for JSON once, not for every row.
#[derive(Debug)]
pub struct ColumnLayout {
    column_names: Vec<String>,
    /// The text `["name",` for each column.
    openings: Vec<String>,
    key: usize,
}

impl ColumnLayout {
    /// Creates a layout of `columns`; `key` is the position of the key column.
    #[must_use]
    pub fn new(columns: &[String], key: usize) -> Self {
        let openings = columns.iter().map(|name| format!("[{},", serde_json::Value::from(name.as_str()))).collect();
        Self { column_names: columns.to_vec(), openings, key }
    }

    /// Returns the names of the columns as stored in items.
    #[must_use]
    pub fn column_names(&self) -> &[String] {
        &self.column_names
    }

    /// Returns the position of the key column.
    #[must_use]
    pub const fn key_position(&self) -> usize {
        self.key
    }

    /// Returns the name of the key column; empty if there are no columns.
    #[must_use]
    pub fn key_column(&self) -> &str {
        self.column_names.get(self.key).map_or("", String::as_str)
    }

    /// Returns the cell of the key column; empty if the row is too short.
    #[must_use]
    pub fn key_cell<'a>(&self, cells: &'a [String]) -> &'a str {
        cells.get(self.key).map_or("", String::as_str)
    }

    /// Returns the key of a row as written; empty if it has none.
    #[must_use]
    pub fn row_key<'a>(&self, cells: &'a [String]) -> &'a str {
        self.key_cell(cells).trim()
    }

    /// Builds an item from the cells of a row. Missing cells count as empty.
    #[must_use]
    pub fn build_item(&self, cells: &[String]) -> ItemDraft {
        let text: usize = cells.iter().map(String::len).sum();
        let mut fields = String::with_capacity(text + self.openings.iter().map(|name| name.len() + 6).sum::<usize>());
        fields.push('[');
        for (position, opening) in self.openings.iter().enumerate() {
            if position > 0 {
                fields.push(',');
            }
            fields.push_str(opening);
            push_json_string(&mut fields, cells.get(position).map_or("", String::as_str));
            fields.push(']');
        }
        fields.push(']');
        let hash = content_digest(&fields);
        ItemDraft { key: self.row_key(cells).to_owned(), fields, hash }
    }
}

/// Appends `text` as a JSON string.
fn push_json_string(json: &mut String, text: &str) {
    let plain = text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\');
    if plain {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        json.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// Returns the JSON text of a field with this name and value inside stored `fields`. Nothing else in `fields` can
/// contain this text, because quotes inside names and values are escaped.
#[must_use]
pub fn encode_field(name: &str, value: &str) -> String {
    let mut json = encode_field_start(name);
    push_json_string(&mut json, value);
    json.push(']');
    json
}

/// Returns the beginning of the JSON text of a field with this name, for any value. Nothing else in stored `fields` can
/// contain it.
#[must_use]
pub fn encode_field_start(name: &str) -> String {
    format!("[{},", serde_json::Value::from(name))
}

/// Parses stored `fields` into names and values.
///
/// # Errors
/// When the text is not of the form `[[name, value], …]`.
pub fn parse_fields(json: &str) -> Result<Vec<(String, String)>, serde_json::Error> {
    serde_json::from_str(json)
}

/// A text of a stored item, which is borrowed unless it contains escapes.
#[derive(Deserialize)]
struct StoredText<'a>(#[serde(borrow)] Cow<'a, str>);

/// Names and values of fields, borrowed from stored JSON text.
pub type BorrowedFields<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Parses stored `fields` like [`parse_fields`], without a copy of each text.
///
/// # Errors
/// When the text is not of the form `[[name, value], …]`.
pub fn parse_borrowed_fields(json: &str) -> Result<BorrowedFields<'_>, serde_json::Error> {
    let pairs: Vec<(StoredText<'_>, StoredText<'_>)> = serde_json::from_str(json)?;
    Ok(pairs.into_iter().map(|(name, value)| (name.0, value.0)).collect())
}

/// Returns `text` folded for searches: in lower case and without accents, so that `bjork` finds `Björk`, and `strasse`
/// finds `Straße`. Marks that make another letter, as in Japanese, Korean and the scripts of India, are kept.
#[must_use]
pub fn fold_for_search(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|&letter| !is_accent(letter)).flat_map(char::to_lowercase) {
        match letter {
            'ς' => folded.push('σ'),
            'ß' => folded.push_str("ss"),
            other => folded.push(other),
        }
    }
    // Letters that were taken apart and kept their marks.
    if is_nfc(&folded) { folded } else { folded.nfc().collect() }
}

/// Returns whether a character is an accent or another mark that searches ignore: those of Latin, Greek and Cyrillic,
/// and the points of Hebrew and Arabic.
#[must_use]
pub fn is_accent(letter: char) -> bool {
    let is_of_script_with_accents = matches!(letter,
        '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5C7}' | '\u{610}'..='\u{61A}'
        | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6ED}');
    is_of_script_with_accents && is_combining_mark(letter)
}

/// Returns the text that searches match: the values of all cells, folded, one in a line.
#[must_use]
pub fn search_text(cells: &[String]) -> String {
    let mut folded = String::with_capacity(cells.iter().map(|cell| cell.len() + 1).sum());
    for cell in cells.iter().filter(|cell| !cell.is_empty()) {
        if !folded.is_empty() {
            folded.push('\n');
        }
        push_folded(&mut folded, cell);
    }
    folded
}

/// Appends `text` folded for searches, see [`fold_for_search`].
pub fn push_folded(folded: &mut String, text: &str) {
    if text.is_ascii() {
        let start = folded.len();
        folded.push_str(text);
        folded[start..].make_ascii_lowercase();
    } else {
        folded.push_str(&fold_for_search(text));
    }
}

#[cfg(test)]
mod tests {
    use super::{ColumnLayout, fold_for_search, parse_fields};

    fn columns() -> Vec<String> {
        ["id", "ti\"tle", "year"].map(str::to_owned).to_vec()
    }

    #[test]
    fn fields_keep_column_order_and_every_character() {
        let layout = ColumnLayout::new(&columns(), 0);
        let cells = [" a1 ", "\"x\\\n\u{1}\u{1F3B5}", ""].map(str::to_owned);
        let item = layout.build_item(&cells);
        assert_eq!(item.key, "a1");
        let pairs = parse_fields(&item.fields).expect("fields");
        let expected: Vec<_> = columns().into_iter().zip(cells).collect();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn a_short_row_equals_its_padded_self() {
        let layout = ColumnLayout::new(&columns(), 0);
        let short = layout.build_item(&["a".to_owned()]);
        let padded = layout.build_item(&["a".to_owned(), String::new(), String::new()]);
        assert_eq!(short, padded);
    }

    #[test]
    fn accents_and_case_do_not_hinder_a_search() {
        assert_eq!(fold_for_search("Sigur RÓS, Hüsker Dü"), "sigur ros, husker du");
    }
}
