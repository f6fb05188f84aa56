//! An item as a run writes it to the database.

use super::error::StoreError;
use crate::domain::item::{ContentDigest, content_digest, parse_fields, search_text};

/// An item that is ready to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemWrite {
    /// The item's key, unique in its source.
    pub key: String,
    /// The item's fields as JSON text.
    pub fields: String,
    /// The digest of `fields`.
    pub hash: ContentDigest,
    /// The folded text that searches match against.
    pub search_text: String,
}

impl ItemWrite {
    /// Builds an item from its key and from fields as they were stored, in a change for instance.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the fields cannot be parsed.
    pub fn from_stored_fields(key: &str, fields: &str) -> Result<Self, StoreError> {
        let pairs = parse_fields(fields).map_err(|error| StoreError::corrupt_value("item_changes.before")(&error))?;
        let cells: Vec<String> = pairs.into_iter().map(|(_, value)| value).collect();
        Ok(Self {
            key: key.to_owned(),
            fields: fields.to_owned(),
            hash: content_digest(fields),
            search_text: search_text(&cells),
        })
    }
}
