//! Records by how much each run changed the number that later runs measure their removals by, so that an undo takes it
//! back.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::catalogs as catalog_rows;
use super::connection::AnyConnection;
use super::schema::{catalogs, settled_changes};

/// Records that the catalog now matches its source, or what an admin decided at the end of `run`.
pub(super) fn settle(conn: &mut AnyConnection, source_id: i64, run: &str, now: NaiveDateTime) -> QueryResult<()> {
    let before = settled_count(conn, source_id)?;
    catalog_rows::mark_settled(conn, source_id, now)?;
    let after = settled_count(conn, source_id)?;
    record_delta(conn, source_id, run, after.unwrap_or(0) - before.unwrap_or(0))
}

/// Takes back by how much the run `target` changed the number, at the end of its undo `run`. What other runs changed
/// stays: the `returned` items that an undo brings back are items that a later sync may have to ask about. Items that
/// the undo left, because they changed since, go on to count.
pub(super) fn revert(
    conn: &mut AnyConnection,
    source_id: i64,
    run: &str,
    target: &str,
    returned: u64,
) -> QueryResult<()> {
    let delta: Option<i64> =
        settled_changes::table.find(target).select(settled_changes::delta).first(conn).optional()?;
    let (Some(delta), Some(before)) = (delta, settled_count(conn, source_id)?) else { return Ok(()) };
    let item_count: i64 = catalogs::table.find(source_id).select(catalogs::item_count).first(conn)?;
    let stayed = item_count - i64::try_from(returned).unwrap_or(i64::MAX);
    let after = (before - delta).max(before.min(stayed)).max(0);
    diesel::update(catalogs::table.find(source_id)).set(catalogs::settled_count.eq(Some(after))).execute(conn)?;
    record_delta(conn, source_id, run, after - before)
}

fn settled_count(conn: &mut AnyConnection, source_id: i64) -> QueryResult<Option<i64>> {
    catalogs::table.find(source_id).select(catalogs::settled_count).first(conn)
}

fn record_delta(conn: &mut AnyConnection, source_id: i64, run: &str, delta: i64) -> QueryResult<()> {
    if delta == 0 {
        return Ok(());
    }
    diesel::insert_into(settled_changes::table)
        .values((
            settled_changes::sync_id.eq(run),
            settled_changes::source_id.eq(source_id),
            settled_changes::delta.eq(delta),
        ))
        .execute(conn)
        .map(drop)
}
