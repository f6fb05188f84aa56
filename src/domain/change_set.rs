//! Changes to items, made by a run or found by a preview.

use chrono::{DateTime, Utc};

use super::item::{ContentDigest, parse_fields, search_text};
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

/// How many changes of a preview are kept by name, and how many removals; all are counted.
pub const MAX_PREVIEWED_CHANGES: usize = 10_000;

/// The names and values of an item's fields, in column order.
pub type ItemFields = Vec<(String, String)>;

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

impl Change {
    /// Returns the fields before and after, each empty if the item was not in the catalog then or if the stored text
    /// cannot be parsed.
    #[must_use]
    pub fn parse_sides(&self) -> (ItemFields, ItemFields) {
        let parse =
            |side: &Option<String>| side.as_deref().and_then(|json| parse_fields(json).ok()).unwrap_or_default();
        (parse(&self.before), parse(&self.after))
    }

    /// Returns the text that searches match: the key and the values before and after, folded, one in a line. A value
    /// that stayed the same is in it once. Names of columns are not in it.
    #[must_use]
    pub fn search_text(&self) -> String {
        let (before, after) = self.parse_sides();
        let replaced = before.into_iter().filter(|field| !after.contains(field)).map(|(_, value)| value);
        let mut lines = vec![self.key.clone()];
        lines.extend(replaced);
        lines.extend(after.iter().map(|(_, value)| value).filter(|value| **value != self.key).cloned());
        search_text(&lines)
    }
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

#[cfg(test)]
mod tests {
    use super::{Change, ChangeKind};

    #[test]
    fn a_search_matches_the_key_and_both_sides_but_no_column() {
        let change = Change {
            key: "A1".to_owned(),
            kind: ChangeKind::Updated,
            before: Some(r#"[["id","A1"],["title","D\u00e9but"],["mood","calm"]]"#.to_owned()),
            after: Some(r#"[["id","A1"],["title","Post"],["mood","calm"],["empty",""]]"#.to_owned()),
        };
        assert_eq!(change.search_text(), "a1\ndebut\npost\ncalm");
        let unreadable = Change { before: None, after: Some("{".to_owned()), ..change };
        assert_eq!(unreadable.search_text(), "a1");
    }
}
