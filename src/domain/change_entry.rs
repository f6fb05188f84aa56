//! A change of one item in JSON, for the API and the command line.

use serde::Serialize;

use super::change_set::Change;
use super::item::parse_fields;
use super::ordered_fields::OrderedFields;

/// The kind, in JSON, of an item that a sync withheld or would withhold.
pub const WITHHELD_KIND: &str = "withheld";

/// The change of one item. An added item has no `before`, and a removed or withheld item has no `after`: they are null.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ChangeEntry {
    key: String,
    kind: &'static str,
    before: Option<OrderedFields>,
    after: Option<OrderedFields>,
}

impl ChangeEntry {
    /// Parses the stored fields of a change.
    ///
    /// # Errors
    /// [`serde_json::Error`] when they are not of the form that this program writes.
    pub fn parse(change: Change) -> Result<Self, serde_json::Error> {
        let parse = |side: Option<String>| side.map(|json| parse_fields(&json).map(OrderedFields)).transpose();
        let (before, after) = (parse(change.before)?, parse(change.after)?);
        Ok(Self { key: change.key, kind: change.kind.as_str(), before, after })
    }

    /// Parses the stored fields of an item whose removal was withheld.
    ///
    /// # Errors
    /// As [`ChangeEntry::parse`].
    pub fn parse_withheld(removal: Change) -> Result<Self, serde_json::Error> {
        Ok(Self { kind: WITHHELD_KIND, ..Self::parse(removal)? })
    }
}
