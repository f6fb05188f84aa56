//! What a run changed, or in a preview would change.

use chrono::{DateTime, Utc};

use super::item::ContentDigest;
use super::text::enum_names::words;

words! {
    /// How an item differs from what the catalog held.
    ChangeKind {
        /// It was not in the catalog, or had left it before.
        Added = "added",
        /// Its fields differ.
        Updated = "updated",
        /// It is in the catalog and no longer in the source.
        Removed = "removed",
    }
}

/// One item's change, with the JSON text of its fields on both sides where there is one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The item's key.
    pub key: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Its fields before; `None` for an added one.
    pub before: Option<String>,
    /// Its fields after; `None` for a removed one.
    pub after: Option<String>,
}

/// What the catalog knows of one item, small enough to be held for a million of them.
#[derive(Clone, Copy, Debug)]
pub struct KnownItem {
    /// The digest of its fields.
    pub hash: ContentDigest,
    /// Whether it is in the catalog now, and not soft-deleted.
    pub live: bool,
    /// When it came, came back or was last changed.
    pub changed_at: DateTime<Utc>,
}
