//! Where the items are that a run saw for the first time: spans of their ids. The run that writes is nearly always
//! alone and numbers its items one by one, so nearly every run has one span, and the place of an item in it is a sum.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::dialect::bulk::IdRange;
use super::schema::{added_spans, items, sync_records};

/// An item: its source, its key and its fields.
pub(super) type AddedItem = (i64, String, String);

/// Notes that a run added `count` items, more than none, with these ids. Called with the batch that adds them, and in
/// its transaction.
pub(super) fn record_added_items(conn: &mut AnyConnection, run: &str, ids: IdRange, count: i64) -> QueryResult<()> {
    let last: Option<(i64, i64, IdRange)> = added_spans::table
        .filter(added_spans::sync_id.eq(run))
        .order(added_spans::earlier.desc())
        .select((added_spans::earlier, added_spans::item_count, (added_spans::first_item, added_spans::last_item)))
        .first(conn)
        .optional()?;
    if let Some((earlier, so_far, before)) = last
        && before.1 + 1 == ids.0
        && is_dense(before, so_far)
        && is_dense(ids, count)
    {
        let more = (added_spans::item_count.eq(so_far + count), added_spans::last_item.eq(ids.1));
        return diesel::update(added_spans::table.find((run, earlier))).set(more).execute(conn).map(drop);
    }
    diesel::insert_into(added_spans::table)
        .values((
            added_spans::sync_id.eq(run),
            added_spans::earlier.eq(last.map_or(0, |(earlier, so_far, _)| earlier + so_far)),
            added_spans::item_count.eq(count),
            added_spans::first_item.eq(ids.0),
            added_spans::last_item.eq(ids.1),
        ))
        .execute(conn)
        .map(drop)
}

/// Whether nothing else has an id among these.
const fn is_dense((first, last): IdRange, count: i64) -> bool {
    last - first + 1 == count
}

/// How many items a run saw for the first time; none once its source is gone.
pub(super) fn count_added_items(conn: &mut AnyConnection, run: &str) -> QueryResult<i64> {
    let end: Option<i64> = added_spans::table
        .filter(added_spans::sync_id.eq(run))
        .order(added_spans::earlier.desc())
        .select(added_spans::earlier + added_spans::item_count)
        .first(conn)
        .optional()?;
    Ok(end.unwrap_or(0))
}

/// At most `most` of the items that a run saw for the first time, in their order, without the first `left_out`.
pub(super) fn list_added_items(
    conn: &mut AnyConnection,
    run: &str,
    left_out: i64,
    most: i64,
) -> QueryResult<Vec<AddedItem>> {
    let spans: Vec<(i64, i64, IdRange)> = added_spans::table
        .filter(added_spans::sync_id.eq(run))
        .filter(added_spans::earlier.lt(left_out.saturating_add(most)))
        .filter((added_spans::earlier + added_spans::item_count).gt(left_out))
        .order(added_spans::earlier)
        .select((added_spans::earlier, added_spans::item_count, (added_spans::first_item, added_spans::last_item)))
        .load(conn)?;
    let mut found = Vec::new();
    for (earlier, count, (first, last)) in spans {
        let passed = (left_out - earlier).max(0);
        let free_space = most - i64::try_from(found.len()).unwrap_or(most);
        // Where others wrote at the same moment they have to be counted out: that is one batch, never a whole run. Of
        // a long span no more is named than is wanted, or PostgreSQL may think it best to read the whole table.
        let (from, to, offset) = if is_dense((first, last), count) {
            let from = first + passed;
            (from, last.min(from.saturating_add(free_space - 1)), 0)
        } else {
            (first, last, passed)
        };
        let here: Vec<AddedItem> = items::table
            .filter(items::id.between(from, to))
            .filter(items::added_by.eq(run))
            .order(items::id)
            .offset(offset)
            .limit(free_space)
            .select((items::source_id, items::key, items::fields))
            .load(conn)?;
        found.extend(here);
    }
    Ok(found)
}

/// Forgets the spans of these runs.
pub(super) fn delete_spans(conn: &mut AnyConnection, runs: &[String]) -> QueryResult<usize> {
    diesel::delete(added_spans::table.filter(added_spans::sync_id.eq_any(runs))).execute(conn)
}

/// Forgets the spans of a source's runs. None of them may be active.
pub(super) fn delete_source_spans(conn: &mut AnyConnection, source_id: i64) -> QueryResult<usize> {
    let runs = sync_records::table.filter(sync_records::source_id.eq(source_id)).select(sync_records::id);
    diesel::delete(added_spans::table.filter(added_spans::sync_id.eq_any(runs))).execute(conn)
}
