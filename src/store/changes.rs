//! Reads the changes that each run made.
//!
//! An item that a run added has no row among the changes: the item's `added_by` names the run. Its fields at that time
//! are the `before` of its first later change, or its current fields.

use std::collections::HashMap;

use diesel::dsl::min;
use diesel::prelude::*;

use super::added_spans;
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::item_changes;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::sync_id::SyncId;

/// One page of a run's changes of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangePage {
    /// The changes on this page.
    pub changes: Vec<Change>,
    /// The number of stored changes on all pages. It is 0 after the removal of the source. A preview with very many
    /// changes stores only the first of them.
    pub total: u64,
}

impl Store {
    /// Returns the first changes of one kind that a run made, or that a preview found, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_changes(&self, id: SyncId, kind: ChangeKind, limit: u32) -> Result<Vec<Change>, StoreError> {
        let id = id.to_string();
        let limit = i64::from(limit);
        self.read(|conn| {
            let mut changes = load_changes(conn, &id, kind, 0, limit)?;
            if kind == ChangeKind::Added {
                let wanted = limit - i64::try_from(changes.len()).unwrap_or(limit);
                changes.extend(load_added_items(conn, &id, 0, wanted)?);
            }
            Ok(changes)
        })
    }

    /// Returns one page of the changes of one kind that a run made, or that a preview found, in the order in which they
    /// were made. `page` counts from 1; a page has up to `per_page` changes.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn change_page(
        &self,
        id: SyncId,
        kind: ChangeKind,
        page: u64,
        per_page: u64,
    ) -> Result<ChangePage, StoreError> {
        let id = id.to_string();
        let per_page = i64::try_from(per_page).unwrap_or(i64::MAX);
        let offset = i64::try_from(page.saturating_sub(1)).unwrap_or(i64::MAX).saturating_mul(per_page);
        self.read(|conn| {
            let rows = count_rows(conn, &id, kind)?;
            let added_count = if kind == ChangeKind::Added { added_spans::count_added_items(conn, &id)? } else { 0 };
            let mut changes = load_changes(conn, &id, kind, offset, per_page)?;
            // Items without change rows follow those with rows.
            let begin = (offset - rows).clamp(0, added_count);
            let wanted = per_page - i64::try_from(changes.len()).unwrap_or(per_page);
            changes.extend(load_added_items(conn, &id, begin, wanted.min(added_count - begin))?);
            Ok(ChangePage { changes, total: u64::try_from(rows + added_count).unwrap_or(0) })
        })
    }
}

fn count_rows(conn: &mut AnyConnection, id: &str, kind: ChangeKind) -> QueryResult<i64> {
    item_changes::table
        .filter(item_changes::sync_id.eq(id))
        .filter(item_changes::kind.eq(kind.as_str()))
        .count()
        .get_result(conn)
}

/// Loads the changes that are stored as rows.
fn load_changes(
    conn: &mut AnyConnection,
    id: &str,
    kind: ChangeKind,
    offset: i64,
    limit: i64,
) -> Result<Vec<Change>, StoreError> {
    let rows: Vec<(String, Option<String>, Option<String>)> = item_changes::table
        .filter(item_changes::sync_id.eq(id))
        .filter(item_changes::kind.eq(kind.as_str()))
        .order(item_changes::id)
        .offset(offset)
        .limit(limit)
        .select((item_changes::key, item_changes::before, item_changes::after))
        .load(conn)?;
    Ok(rows.into_iter().map(|(key, before, after)| Change { key, kind, before, after }).collect())
}

/// Loads up to `limit` of the items that a run added, as changes, without the first `offset`.
fn load_added_items(conn: &mut AnyConnection, id: &str, offset: i64, limit: i64) -> Result<Vec<Change>, StoreError> {
    let found = if limit > 0 { added_spans::list_added_items(conn, id, offset, limit)? } else { Vec::new() };
    let Some((source_id, ..)) = found.first() else { return Ok(Vec::new()) };
    let keys: Vec<&str> = found.iter().map(|(_, key, _)| key.as_str()).collect();
    let later_ids: Vec<Option<i64>> = item_changes::table
        .filter(item_changes::source_id.eq(source_id))
        .filter(item_changes::key.eq_any(&keys))
        .filter(item_changes::before.is_not_null())
        .filter(item_changes::sync_id.ne(id))
        .group_by(item_changes::key)
        .select(min(item_changes::id))
        .load(conn)?;
    let later_ids: Vec<i64> = later_ids.into_iter().flatten().collect();
    let mut first_fields: HashMap<String, Option<String>> = item_changes::table
        .filter(item_changes::id.eq_any(&later_ids))
        .select((item_changes::key, item_changes::before))
        .load::<(String, Option<String>)>(conn)?
        .into_iter()
        .collect();
    let change = |(_, key, now): added_spans::AddedItem| {
        let after = first_fields.remove(&key).flatten().unwrap_or(now);
        Change { key, kind: ChangeKind::Added, before: None, after: Some(after) }
    };
    Ok(found.into_iter().map(change).collect())
}
