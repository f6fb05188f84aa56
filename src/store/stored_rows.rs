//! The texts of items and changes as they are stored, in the form in which they are written.

use chrono::NaiveDateTime;

use super::item_time::ItemTime;

/// What all items of a batch share.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct RowStamp<'a> {
    /// The id of the source.
    pub(in crate::store) source_id: i64,
    /// The run that writes the batch, as items name it.
    pub(in crate::store) run: &'a str,
    /// The time of the batch.
    pub(in crate::store) now: NaiveDateTime,
    /// The time of the batch, as items have it.
    pub(in crate::store) item_time: ItemTime,
}

/// The texts of an item.
pub(in crate::store) struct StoredItem<'a> {
    pub(in crate::store) key: &'a str,
    pub(in crate::store) fields: String,
    pub(in crate::store) hash: &'a [u8],
    /// What the version before this one searches; empty in the compact form.
    pub(in crate::store) search_text: String,
}

/// The texts of a change.
pub(in crate::store) struct StoredChange<'a> {
    pub(in crate::store) key: &'a str,
    pub(in crate::store) kind: &'static str,
    pub(in crate::store) before: Option<String>,
    pub(in crate::store) after: Option<String>,
    /// What the version before this one searches; `None` in the compact form.
    pub(in crate::store) search_text: Option<String>,
}
