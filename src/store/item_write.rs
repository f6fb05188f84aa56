//! An item as a run writes it to the database.

use super::error::StoreError;
use crate::domain::item::{ContentDigest, content_digest, parse_fields, search_text};

/// An item that is ready to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemWrite {
    /// The item's key, unique in its source.
    pub key: String,
    /// The item's fields as JSON text, each name beside its value.
    pub fields: String,
    /// The digest of `fields`.
    pub hash: ContentDigest,
}

impl ItemWrite {
    /// Builds an item from its key and from fields as they were in a change, for instance.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the fields cannot be parsed.
    pub fn from_fields(key: &str, fields: &str) -> Result<Self, StoreError> {
        parse_fields(fields).map_err(|error| StoreError::corrupt_value("item_changes.before")(&error))?;
        Ok(Self { key: key.to_owned(), fields: fields.to_owned(), hash: content_digest(fields) })
    }

    /// Returns the folded text that searches of the version before this one match against.
    pub(super) fn search_text(&self) -> String {
        let cells: Vec<String> =
            parse_fields(&self.fields).unwrap_or_default().into_iter().map(|(_, value)| value).collect();
        search_text(&cells)
    }
}
