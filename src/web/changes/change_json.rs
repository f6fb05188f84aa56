//! Changes in JSON: the entry of a change, and the kind that a request lists.

use crate::domain::change_entry::{ChangeEntry, WITHHELD_KIND};
use crate::domain::change_set::{Change, ChangeKind};
use crate::web::http::error::WebError;

/// The changes that a request lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::web) enum ListedKind {
    /// Changes of this kind.
    Change(ChangeKind),
    /// The items whose removal was withheld.
    Withheld,
}

/// The kind of changes to list.
///
/// # Errors
/// `bad_request` for a word that is not a kind.
pub(in crate::web) fn parse_listed_kind(word: &str) -> Result<ListedKind, WebError> {
    if word == WITHHELD_KIND {
        return Ok(ListedKind::Withheld);
    }
    parse_change_kind(word).map(ListedKind::Change)
}

/// The kind of changes in a file.
///
/// # Errors
/// As [`parse_listed_kind`].
pub(in crate::web) fn parse_change_kind(word: &str) -> Result<ChangeKind, WebError> {
    word.parse()
        .map_err(|_| WebError::bad_request("bad_request", "“kind” must be added, updated or removed.").on_field("kind"))
}

/// The entry of a change.
///
/// # Errors
/// `internal` when its stored fields are not of the form that this program writes.
pub(in crate::web) fn parse_entry(change: Change) -> Result<ChangeEntry, WebError> {
    ChangeEntry::parse(change).map_err(|error| WebError::internal("the fields of a change", &error))
}

/// The entry of an item whose removal was withheld.
///
/// # Errors
/// As [`parse_entry`].
pub(in crate::web) fn parse_withheld_entry(removal: Change) -> Result<ChangeEntry, WebError> {
    ChangeEntry::parse_withheld(removal).map_err(|error| WebError::internal("the fields of an item", &error))
}
