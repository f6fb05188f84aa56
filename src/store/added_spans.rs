//! Records which items each run added, as ranges of item ids. Usually one run writes at a time and its items get
//! consecutive ids, so nearly every run has one range, and an item's position in it follows from its id.

use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;

use super::column_layouts::LayoutsByNumber;
use super::connection::AnyConnection;
use super::dialect::bulk::IdRange;
use super::error::StoreError;
use super::run_numbers::{RunIds, run_texts};
use super::schema::{added_spans, items, sync_records};

/// The source or the id, the key and the fields of an item, each name beside its value.
pub(super) type AddedItem = (i64, String, String);

/// Returns items with each name beside its value.
///
/// # Errors
/// [`StoreError::Corrupt`] when fields cannot be read; otherwise when the database is unavailable.
pub(super) fn to_named_items(conn: &mut AnyConnection, rows: Vec<AddedItem>) -> Result<Vec<AddedItem>, StoreError> {
    let layouts = LayoutsByNumber::load(conn, rows.iter().map(|(.., fields)| fields.as_str()))?;
    let item = |(id, key, fields)| Ok((id, key, layouts.to_named("items.fields", fields)?));
    rows.into_iter().map(item).collect()
}

/// Records that a run added `count` items (at least one) with ids in this range. Called in the transaction of the batch
/// that adds them.
pub(super) fn record_added_items(conn: &mut AnyConnection, run: &str, ids: IdRange, count: i64) -> QueryResult<()> {
    let last: Option<(i64, i64, IdRange)> = added_spans::table
        .filter(added_spans::sync_id.eq(run))
        .order(added_spans::earlier.desc())
        .select((added_spans::earlier, added_spans::item_count, (added_spans::first_item, added_spans::last_item)))
        .first(conn)
        .optional()?;
    if let Some((earlier, span_count, span_ids)) = last
        && span_ids.1 + 1 == ids.0
        && is_dense(span_ids, span_count)
        && is_dense(ids, count)
    {
        let extended = (added_spans::item_count.eq(span_count + count), added_spans::last_item.eq(ids.1));
        return diesel::update(added_spans::table.find((run, earlier))).set(extended).execute(conn).map(drop);
    }
    diesel::insert_into(added_spans::table)
        .values((
            added_spans::sync_id.eq(run),
            added_spans::earlier.eq(last.map_or(0, |(earlier, span_count, _)| earlier + span_count)),
            added_spans::item_count.eq(count),
            added_spans::first_item.eq(ids.0),
            added_spans::last_item.eq(ids.1),
        ))
        .execute(conn)
        .map(drop)
}

/// Returns whether the range contains only ids of these `count` items.
const fn is_dense((first, last): IdRange, count: i64) -> bool {
    last - first + 1 == count
}

/// Returns how many items a run added; 0 after its source was removed.
pub(super) fn count_added_items(conn: &mut AnyConnection, run: &str) -> QueryResult<i64> {
    let end: Option<i64> = added_spans::table
        .filter(added_spans::sync_id.eq(run))
        .order(added_spans::earlier.desc())
        .select(added_spans::earlier + added_spans::item_count)
        .first(conn)
        .optional()?;
    Ok(end.unwrap_or(0))
}

/// Returns the range that contains the ids of all items that a run added, perhaps among others; `None` if it added
/// none.
pub(super) fn added_id_range(conn: &mut AnyConnection, run: &str) -> QueryResult<Option<IdRange>> {
    let (first, last): (Option<i64>, Option<i64>) = added_spans::table
        .filter(added_spans::sync_id.eq(run))
        .select((min(added_spans::first_item), max(added_spans::last_item)))
        .first(conn)?;
    Ok(first.zip(last))
}

/// Returns up to `limit` of the items that a run added, in the order of their ids, without the first `offset`.
pub(super) fn list_added_items(
    conn: &mut AnyConnection,
    run: &str,
    offset: i64,
    limit: i64,
) -> Result<Vec<AddedItem>, StoreError> {
    let texts = run_texts(conn, &[run])?;
    let spans: Vec<(i64, i64, IdRange)> = added_spans::table
        .filter(added_spans::sync_id.eq(run))
        .filter(added_spans::earlier.lt(offset.saturating_add(limit)))
        .filter((added_spans::earlier + added_spans::item_count).gt(offset))
        .order(added_spans::earlier)
        .select((added_spans::earlier, added_spans::item_count, (added_spans::first_item, added_spans::last_item)))
        .load(conn)?;
    let mut found = Vec::new();
    for (earlier, count, (first, last)) in spans {
        let skipped = (offset - earlier).max(0);
        let wanted = limit - i64::try_from(found.len()).unwrap_or(limit);
        // If other runs wrote at the same time, their items are filtered out by `added_by`; that affects one batch,
        // never a whole run. A long range is cut to the ids that are needed, because PostgreSQL might otherwise scan
        // the whole table.
        let (from, to, rows_to_skip) = if is_dense((first, last), count) {
            let from = first + skipped;
            (from, last.min(from.saturating_add(wanted - 1)), 0)
        } else {
            (first, last, skipped)
        };
        let rows: Vec<AddedItem> = items::table
            .filter(items::id.between(from, to))
            .filter(items::added_by.eq_any(&texts))
            .order(items::id)
            .offset(rows_to_skip)
            .limit(wanted)
            .select((items::source_id, items::key, items::fields))
            .load(conn)?;
        found.extend(rows);
    }
    to_named_items(conn, found)
}

/// Returns the items that these runs added, with the runs and the ids, at most about `limit`. For runs that added few
/// items: nearly all of them are found by their ids in one query.
pub(super) fn list_items_of_runs(
    conn: &mut AnyConnection,
    runs: &[String],
    limit: i64,
) -> Result<Vec<(String, i64, AddedItem)>, StoreError> {
    let spans: Vec<(String, i64, IdRange)> = added_spans::table
        .filter(added_spans::sync_id.eq_any(runs))
        .order((added_spans::sync_id, added_spans::earlier))
        .limit(limit)
        .select((added_spans::sync_id, added_spans::item_count, (added_spans::first_item, added_spans::last_item)))
        .load(conn)?;
    let (dense, sparse): (Vec<_>, Vec<_>) = spans.into_iter().partition(|(_, count, ids)| is_dense(*ids, *count));
    let ids = dense.into_iter().flat_map(|(_, _, (first, last))| first..=last);
    let ids: Vec<i64> = ids.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    let columns = (items::added_by, items::id, (items::source_id, items::key, items::fields));
    let mut found: Vec<(String, i64, AddedItem)> = items::table
        .filter(items::id.eq_any(&ids))
        .filter(items::added_by.eq_any(run_texts(conn, &runs.iter().map(String::as_str).collect::<Vec<_>>())?))
        .order(items::id)
        .select(columns)
        .load(conn)?;
    for (run, count, (first, last)) in sparse {
        let rows: Vec<(String, i64, AddedItem)> = items::table
            .filter(items::id.between(first, last))
            .filter(items::added_by.eq_any(run_texts(conn, &[&run])?))
            .order(items::id)
            .limit(count.min(limit))
            .select(columns)
            .load(conn)?;
        found.extend(rows);
    }
    let ids = RunIds::load(conn, found.iter().map(|(run, ..)| run.as_str()))?;
    let (runs, rows): (Vec<(String, i64)>, Vec<AddedItem>) =
        found.into_iter().map(|(run, id, item)| ((run, id), item)).unzip();
    let items = to_named_items(conn, rows)?;
    runs.into_iter().zip(items).map(|((run, id), item)| Ok((ids.id_of(&run)?.to_owned(), id, item))).collect()
}

/// Returns how many of the items that a run added are in the catalog and were not changed by another run since.
pub(super) fn count_unchanged_items(conn: &mut AnyConnection, run: &str) -> QueryResult<i64> {
    let texts = run_texts(conn, &[run])?;
    let mut count = 0;
    for (first, last) in load_ranges(conn, run, 0)? {
        count += unchanged_items(&texts, first, last).count().get_result::<i64>(conn)?;
    }
    Ok(count)
}

/// Returns the runs that changed or removed items which a run added, as items name them, with the number of these
/// items. A run may be returned several times, with a part of the items each.
pub(super) fn count_later_changes(conn: &mut AnyConnection, run: &str) -> QueryResult<Vec<(String, i64)>> {
    let texts = run_texts(conn, &[run])?;
    let mut found = Vec::new();
    for (first, last) in load_ranges(conn, run, 0)? {
        let later: Vec<(String, i64)> = items::table
            .filter(items::id.between(first, last))
            .filter(items::added_by.eq_any(&texts))
            .filter(items::changed_by.ne_all(texts.iter().map(String::as_str).chain([""])))
            .group_by(items::changed_by)
            .select((items::changed_by, count_star()))
            .load(conn)?;
        found.extend(later);
    }
    Ok(found)
}

/// Returns up to `limit` of the items that a run added, are in the catalog and were not changed by another run since,
/// with their ids, keys and fields, in the order of their ids, starting after the id `after`.
pub(super) fn list_unchanged_items(
    conn: &mut AnyConnection,
    run: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<AddedItem>, StoreError> {
    let texts = run_texts(conn, &[run])?;
    let mut found = Vec::new();
    for (first, last) in load_ranges(conn, run, after)? {
        let wanted = limit - i64::try_from(found.len()).unwrap_or(limit);
        let rows: Vec<AddedItem> = unchanged_items(&texts, first.max(after.saturating_add(1)), last)
            .order(items::id)
            .limit(wanted)
            .select((items::id, items::key, items::fields))
            .load(conn)?;
        found.extend(rows);
    }
    to_named_items(conn, found)
}

/// Loads the ranges of a run that reach beyond the id `after`.
fn load_ranges(conn: &mut AnyConnection, run: &str, after: i64) -> QueryResult<Vec<IdRange>> {
    added_spans::table
        .filter(added_spans::sync_id.eq(run))
        .filter(added_spans::last_item.gt(after))
        .order(added_spans::earlier)
        .select((added_spans::first_item, added_spans::last_item))
        .load(conn)
}

/// The items that the run which items name by these texts added, and that no other run changed.
#[diesel::dsl::auto_type(no_type_alias)]
fn unchanged_items<'a>(texts: &'a [String], first: i64, last: i64) -> _ {
    items::table
        .filter(items::id.between(first, last))
        .filter(items::added_by.eq_any(texts))
        .filter(items::changed_by.eq_any(texts))
        .filter(items::removed_at.is_null())
}

/// Deletes the ranges of these runs.
pub(super) fn delete_spans(conn: &mut AnyConnection, runs: &[String]) -> QueryResult<usize> {
    diesel::delete(added_spans::table.filter(added_spans::sync_id.eq_any(runs))).execute(conn)
}

/// Deletes the ranges of a source's runs, none of which may be active.
pub(super) fn delete_source_spans(conn: &mut AnyConnection, source_id: i64) -> QueryResult<usize> {
    let runs = sync_records::table.filter(sync_records::source_id.eq(source_id)).select(sync_records::id);
    diesel::delete(added_spans::table.filter(added_spans::sync_id.eq_any(runs))).execute(conn)
}
