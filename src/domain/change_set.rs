//! Changes to items, made by a run or found by a preview.

use chrono::{DateTime, Utc};

use super::item::ContentDigest;
use super::text::string_enum::string_enum;

string_enum! {
    /// The kind of a change to an item.
    ChangeKind {
        /// The item was not in the catalog, or had been removed before.
        Added = "added",
        /// The fields of the item changed.
        Updated = "updated",
        /// The item is in the catalog and no longer in the source.
        Removed = "removed",
    }
}

/// The change of one item, with its fields before and after as JSON text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The item's key.
    pub key: String,
    /// The kind of the change.
    pub kind: ChangeKind,
    /// The fields before; `None` for an added item.
    pub before: Option<String>,
    /// The fields after; `None` for a removed item.
    pub after: Option<String>,
}

/// What a run needs to know of a stored item for comparing, small enough for a million items in memory.
#[derive(Clone, Copy, Debug)]
pub struct KnownItem {
    /// The digest of the stored fields.
    pub hash: ContentDigest,
    /// Whether it is in the catalog, and not soft-deleted.
    pub live: bool,
    /// The time at which it was added, restored or last changed.
    pub changed_at: DateTime<Utc>,
}
