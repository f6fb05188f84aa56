//! What each run changed, by item.
//!
//! An item that a run saw for the first time has no row of its own among the changes: the item says who added it, and
//! what it was then is what its first later change calls "before", or what it is now.

use std::collections::HashMap;

use diesel::dsl::{exists, min};
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::{item_changes, items, sources, sync_operations, sync_records};
use super::stored::json;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::operation::OperationKind;
use crate::domain::progress::Stats;
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
    /// At most `most` changes of one kind that a run made, or found if it was a preview. Of very many new items the
    /// last: those are found soon, however many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub fn changes(&self, id: SyncId, kind: ChangeKind, most: u32) -> Result<Vec<Change>, StoreError> {
        let id = id.to_string();
        let most = i64::from(most);
        self.read(|conn| {
            let mut changes = with_rows(conn, &id, kind, 0, most)?;
            if kind == ChangeKind::Added {
                let room = most - i64::try_from(changes.len()).unwrap_or(most);
                let rows = count_rows(conn, &id, kind)?;
                let count = first_seen_count(conn, &id, rows)?;
                changes.extend(first_seen(conn, &id, 0, room.min(count))?);
            }
            Ok(changes)
        })
    }

    /// One page of the changes of one kind that a run made, or found if it was a preview, in the order in which they
    /// were made. `page` counts from 1, `per` is how many a page has.
    ///
    /// # Errors
    /// When the database fails.
    pub fn change_page(&self, id: SyncId, kind: ChangeKind, page: u64, per: u64) -> Result<ChangePage, StoreError> {
        let id = id.to_string();
        let per = i64::try_from(per).unwrap_or(i64::MAX);
        let offset = i64::try_from(page.saturating_sub(1)).unwrap_or(i64::MAX).saturating_mul(per);
        self.read(|conn| {
            let rows = count_rows(conn, &id, kind)?;
            let first = if kind == ChangeKind::Added { first_seen_count(conn, &id, rows)? } else { 0 };
            let mut changes = with_rows(conn, &id, kind, offset, per)?;
            // What is seen for the first time comes after what has rows, and is counted from its end.
            let begin = (offset - rows).clamp(0, first);
            let room = per - i64::try_from(changes.len()).unwrap_or(per);
            let end = begin.saturating_add(room).min(first);
            changes.extend(first_seen(conn, &id, first - end, end - begin)?);
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
fn with_rows(
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

/// How many items a run saw for the first time: those it counted as added and that have no row.
fn first_seen_count(conn: &mut AnyConnection, id: &str, rows: i64) -> Result<i64, StoreError> {
    let ended: Option<(i64, String, String)> = sync_records::table
        .find(id)
        .select((sync_records::source_id, sync_records::kind, sync_records::stats))
        .first(conn)
        .optional()?;
    let known = match ended {
        Some(ended) => Some(ended),
        None => sync_operations::table
            .find(id)
            .select((sync_operations::source_id, sync_operations::kind, sync_operations::stats))
            .first(conn)
            .optional()?,
    };
    let Some((source_id, kind, stats)) = known else { return Ok(0) };
    // A preview adds nothing, and the items of a source went with it.
    let has_items = kind != OperationKind::Preview.as_str()
        && diesel::select(exists(sources::table.find(source_id))).get_result(conn)?;
    let added = if has_items { json::<Stats>("sync_records.stats", &stats)?.added } else { 0 };
    Ok((i64::try_from(added).unwrap_or(i64::MAX) - rows).max(0))
}

/// `most` of the items that a run saw for the first time, in their order, without the last `left_out`.
///
/// They are among the newest items, so looking from the end finds them soon and stops at the last that is wanted: an
/// index for this alone would cost every load a tenth of its time.
fn first_seen(conn: &mut AnyConnection, id: &str, left_out: i64, most: i64) -> Result<Vec<Change>, StoreError> {
    if most <= 0 {
        return Ok(Vec::new());
    }
    let mut found: Vec<(i64, String, String)> = items::table
        .filter(items::added_by.eq(id))
        .order(items::id.desc())
        .offset(left_out)
        .limit(most)
        .select((items::source_id, items::key, items::fields))
        .load(conn)?;
    found.reverse();
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
    let change = |(_, key, now): (i64, String, String)| {
        let after = then.remove(&key).flatten().unwrap_or(now);
        Change { key, kind: ChangeKind::Added, before: None, after: Some(after) }
    };
    Ok(found.into_iter().map(change).collect())
}
