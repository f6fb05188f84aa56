//! A change of one item in JSON.

use serde::Serialize;

use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::item::parse_fields;
use crate::web::http::error::WebError;
use crate::web::http::ordered_fields::OrderedFields;

/// The change of one item. An added item has no `before`, and a removed item has no `after`: they are null.
#[derive(Serialize)]
pub(in crate::web) struct ChangeEntry {
    key: String,
    kind: ChangeKind,
    before: Option<OrderedFields>,
    after: Option<OrderedFields>,
}

impl ChangeEntry {
    /// Parses the stored fields of a change.
    ///
    /// # Errors
    /// `internal` when they are not of the form that this program writes.
    pub(in crate::web) fn parse(change: Change) -> Result<Self, WebError> {
        let parse = |side: Option<String>| {
            let pairs = side.map(|json| parse_fields(&json).map(OrderedFields)).transpose();
            pairs.map_err(|error| WebError::internal("the fields of a change", &error))
        };
        let (before, after) = (parse(change.before)?, parse(change.after)?);
        Ok(Self { key: change.key, kind: change.kind, before, after })
    }
}

/// The kind of changes to list.
///
/// # Errors
/// `bad_request` for a word that is not a kind.
pub(in crate::web) fn parse_change_kind(word: &str) -> Result<ChangeKind, WebError> {
    word.parse()
        .map_err(|_| WebError::bad_request("bad_request", "“kind” must be added, updated or removed.").on_field("kind"))
}
