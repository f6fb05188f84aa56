//! An item as a run writes it to the database.

use crate::domain::item::ContentDigest;

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
