//! What each run changed, by item.

use diesel::prelude::*;

use super::connection::Store;
use super::error::StoreError;
use super::schema::{item_changes, items};
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::sync_id::SyncId;

impl Store {
    /// The first `most` changes of one kind that a run made, or found if it was a preview.
    ///
    /// An item that a run saw for the first time has no row of its own among the changes: the item says who added
    /// it, and what it was then is what its first later change calls "before", or what it is now.
    ///
    /// # Errors
    /// When the database fails.
    pub fn changes(&self, id: SyncId, kind: ChangeKind, most: u32) -> Result<Vec<Change>, StoreError> {
        let id = id.to_string();
        let most = i64::from(most);
        self.read(|conn| {
            let rows: Vec<(String, Option<String>, Option<String>)> = item_changes::table
                .filter(item_changes::sync_id.eq(&id))
                .filter(item_changes::kind.eq(kind.as_str()))
                .order(item_changes::id)
                .limit(most)
                .select((item_changes::key, item_changes::before, item_changes::after))
                .load(conn)?;
            let mut changes: Vec<Change> =
                rows.into_iter().map(|(key, before, after)| Change { key, kind, before, after }).collect();
            if kind != ChangeKind::Added {
                return Ok(changes);
            }
            let first_seen: Vec<(i64, String, String)> = items::table
                .filter(items::added_by.eq(&id))
                .order(items::id)
                .limit(most)
                .select((items::source_id, items::key, items::fields))
                .load(conn)?;
            for (source_id, key, now) in first_seen {
                let then: Option<Option<String>> = item_changes::table
                    .filter(item_changes::source_id.eq(source_id))
                    .filter(item_changes::key.eq(&key))
                    .filter(item_changes::before.is_not_null())
                    .filter(item_changes::sync_id.ne(&id))
                    .order(item_changes::id)
                    .select(item_changes::before)
                    .first(conn)
                    .optional()?;
                changes.push(Change { key, kind, before: None, after: Some(then.flatten().unwrap_or(now)) });
            }
            changes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            Ok(changes)
        })
    }
}
