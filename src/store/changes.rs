//! What each run changed, by item.

use diesel::prelude::*;

use super::connection::Store;
use super::error::StoreError;
use super::schema::{item_changes, items, sync_records};
use super::stored::json;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::progress::Stats;
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
            // How many there are is known, and they are among the newest items, so looking from the end finds them soon
            // and stops at the last: an index for this alone would cost every load a tenth of its time.
            let stats: Option<String> =
                sync_records::table.find(&id).select(sync_records::stats).first(conn).optional()?;
            let added =
                stats.map(|text| json::<Stats>("sync_records.stats", &text)).transpose()?.map_or(0, |s| s.added);
            let room = most - i64::try_from(changes.len()).unwrap_or(most);
            let mut first_seen: Vec<(i64, String, String)> = items::table
                .filter(items::added_by.eq(&id))
                .order(items::id.desc())
                .limit(room.min(i64::try_from(added).unwrap_or(i64::MAX)))
                .select((items::source_id, items::key, items::fields))
                .load(conn)?;
            first_seen.reverse();
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
            Ok(changes)
        })
    }
}
