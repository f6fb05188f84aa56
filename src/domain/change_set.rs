//! What a run changed, or in a preview would change.

use serde::{Deserialize, Serialize};

use super::item::Digest128;

/// How an item differs from what the catalog held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It was not in the catalog, or had left it before.
    Added,
    /// Its fields differ.
    Updated,
    /// It is in the catalog and no longer in the source.
    Removed,
}

impl ChangeKind {
    /// The word as stored, sent and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Removed => "removed",
        }
    }

    /// The kind stored as `word`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Added, Self::Updated, Self::Removed].into_iter().find(|kind| kind.as_str() == word)
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
pub struct Known {
    /// The digest of its fields.
    pub hash: Digest128,
    /// Whether it is in the catalog now, and not soft-deleted.
    pub live: bool,
}
