//! What each run changed, by item.
//!
//! An item that a run saw for the first time has no row of its own among the changes: the item says who added it, and
//! what it was then is what its first later change calls "before", or what it is now.

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
    /// The changes on it.
    pub changes: Vec<Change>,
    /// How many are kept on all pages. Of a preview that found very many it is not all it found; of a source that is
    /// no more it is none.
    pub total: u64,
}

impl Store {
    /// The first changes of one kind that a run made, or found if it was a preview, at most `most`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_changes(&self, id: SyncId, kind: ChangeKind, most: u32) -> Result<Vec<Change>, StoreError> {
        let id = id.to_string();
        let most = i64::from(most);
        self.read(|conn| {
            let mut changes = load_changes(conn, &id, kind, 0, most)?;
            if kind == ChangeKind::Added {
                let free_space = most - i64::try_from(changes.len()).unwrap_or(most);
                changes.extend(load_added_items(conn, &id, 0, free_space)?);
            }
            Ok(changes)
        })
    }

    /// One page of the changes of one kind that a run made, or found if it was a preview, in the order in which they
    /// were made. `page` counts from 1, `per` is how many a page has.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn change_page(&self, id: SyncId, kind: ChangeKind, page: u64, per: u64) -> Result<ChangePage, StoreError> {
        let id = id.to_string();
        let per = i64::try_from(per).unwrap_or(i64::MAX);
        let offset = i64::try_from(page.saturating_sub(1)).unwrap_or(i64::MAX).saturating_mul(per);
        self.read(|conn| {
            let rows = count_rows(conn, &id, kind)?;
            let first = if kind == ChangeKind::Added { added_spans::count_added_items(conn, &id)? } else { 0 };
            let mut changes = load_changes(conn, &id, kind, offset, per)?;
            // What is seen for the first time comes after what has rows.
            let begin = (offset - rows).clamp(0, first);
            let free_space = per - i64::try_from(changes.len()).unwrap_or(per);
            changes.extend(load_added_items(conn, &id, begin, free_space.min(first - begin))?);
            Ok(ChangePage { changes, total: u64::try_from(rows + first).unwrap_or(0) })
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

/// The changes that have rows of their own.
fn load_changes(
    conn: &mut AnyConnection,
    id: &str,
    kind: ChangeKind,
    offset: i64,
    most: i64,
) -> Result<Vec<Change>, StoreError> {
    let rows: Vec<(String, Option<String>, Option<String>)> = item_changes::table
        .filter(item_changes::sync_id.eq(id))
        .filter(item_changes::kind.eq(kind.as_str()))
        .order(item_changes::id)
        .offset(offset)
        .limit(most)
        .select((item_changes::key, item_changes::before, item_changes::after))
        .load(conn)?;
    Ok(rows.into_iter().map(|(key, before, after)| Change { key, kind, before, after }).collect())
}

/// At most `most` of the items that a run saw for the first time, in their order, without the first `left_out`.
fn load_added_items(conn: &mut AnyConnection, id: &str, left_out: i64, most: i64) -> Result<Vec<Change>, StoreError> {
    let found = if most > 0 { added_spans::list_added_items(conn, id, left_out, most)? } else { Vec::new() };
    let Some((source_id, ..)) = found.first() else { return Ok(Vec::new()) };
    let keys: Vec<&str> = found.iter().map(|(_, key, _)| key.as_str()).collect();
    let later: Vec<Option<i64>> = item_changes::table
        .filter(item_changes::source_id.eq(source_id))
        .filter(item_changes::key.eq_any(&keys))
        .filter(item_changes::before.is_not_null())
        .filter(item_changes::sync_id.ne(id))
        .group_by(item_changes::key)
        .select(min(item_changes::id))
        .load(conn)?;
    let later: Vec<i64> = later.into_iter().flatten().collect();
    let mut then: HashMap<String, Option<String>> = item_changes::table
        .filter(item_changes::id.eq_any(&later))
        .select((item_changes::key, item_changes::before))
        .load::<(String, Option<String>)>(conn)?
        .into_iter()
        .collect();
    let change = |(_, key, now): added_spans::AddedItem| {
        let after = then.remove(&key).flatten().unwrap_or(now);
        Change { key, kind: ChangeKind::Added, before: None, after: Some(after) }
    };
    Ok(found.into_iter().map(change).collect())
}
