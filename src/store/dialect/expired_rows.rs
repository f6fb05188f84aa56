//! Selects and locks the rows that retention deletes next. On PostgreSQL, rows that another transaction has locked are
//! skipped, so that servers which delete at the same time share the work and do not wait for each other. On SQLite only
//! one transaction writes at a time.

use chrono::NaiveDateTime;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::locked_rows::load_locked;
use crate::domain::operation::OperationKind;
use crate::store::active_statuses::ACTIVE_STATUSES;
use crate::store::any_connection::AnyConnection;
use crate::store::schema::{
    item_changes, removal_reviews, sessions, sync_issues, sync_operations, sync_records, withheld_items,
};

/// Returns the ids of operations that ended before `before` and have a record, oldest first.
pub(in crate::store) fn lock_ended_operations(
    conn: &mut AnyConnection,
    before: NaiveDateTime,
    limit: i64,
) -> QueryResult<Vec<String>> {
    let query = sync_operations::table
        .filter(sync_operations::finished_at.lt(before))
        .filter(sync_operations::status.ne_all(ACTIVE_STATUSES))
        .filter(exists(sync_records::table.filter(sync_records::id.eq(sync_operations::id))))
        .order(sync_operations::finished_at)
        .limit(limit)
        .select(sync_operations::id);
    load_locked!(conn, query)
}

/// Returns the ids of records of runs that ended before `before` and whose operation was deleted, oldest first. Those
/// of a source on which an undo is active are kept until it ends: it may be reading their changes.
pub(in crate::store) fn lock_ended_records(
    conn: &mut AnyConnection,
    before: NaiveDateTime,
    limit: i64,
) -> QueryResult<Vec<String>> {
    // The list that stands behind that of a source that fails is stored as JSON, which names its run.
    let kept_list = removal_reviews::kept_list.assume_not_null();
    let names_record = "%".into_sql::<Text>().concat(sync_records::id).concat("%");
    let active_undo = sync_operations::table
        .filter(sync_operations::source_id.eq(sync_records::source_id))
        .filter(sync_operations::kind.eq(OperationKind::Undo.as_str()))
        .filter(sync_operations::status.eq_any(ACTIVE_STATUSES));
    let query = sync_records::table
        .filter(sync_records::finished_at.lt(before))
        .filter(not(exists(sync_operations::table.filter(sync_operations::id.eq(sync_records::id)))))
        .filter(not(exists(active_undo)))
        // The record of a list that waits for a decision, or that an admin decided to keep, is needed as long as it.
        .filter(not(exists(removal_reviews::table.filter(removal_reviews::sync_id.eq(sync_records::id)))))
        .filter(not(exists(removal_reviews::table.filter(kept_list.like(names_record)))))
        .order(sync_records::finished_at)
        .limit(limit)
        .select(sync_records::id);
    load_locked!(conn, query)
}

/// Returns the ids of up to `limit` changes of these runs.
pub(in crate::store) fn lock_changes(conn: &mut AnyConnection, runs: &[String], limit: i64) -> QueryResult<Vec<i64>> {
    let query = item_changes::table.filter(item_changes::sync_id.eq_any(runs)).limit(limit).select(item_changes::id);
    load_locked!(conn, query)
}

/// Returns the ids of up to `limit` issues of these runs.
pub(in crate::store) fn lock_issues(conn: &mut AnyConnection, runs: &[String], limit: i64) -> QueryResult<Vec<i64>> {
    let query = sync_issues::table.filter(sync_issues::sync_id.eq_any(runs)).limit(limit).select(sync_issues::id);
    load_locked!(conn, query)
}

/// Returns up to `limit` of the keys that these runs list as withheld, with their runs. Lists that wait for a decision
/// are not among them: their records are kept.
pub(in crate::store) fn lock_withheld_items(
    conn: &mut AnyConnection,
    runs: &[String],
    limit: i64,
) -> QueryResult<Vec<(String, Vec<String>)>> {
    let query = withheld_items::table
        .filter(withheld_items::sync_id.eq_any(runs))
        .limit(limit)
        .select((withheld_items::sync_id, withheld_items::key));
    let rows: Vec<(String, String)> = load_locked!(conn, query)?;
    let mut lists: Vec<(String, Vec<String>)> = Vec::new();
    for (run, key) in rows {
        match lists.last_mut().filter(|(last, _)| *last == run) {
            Some((_, keys)) => keys.push(key),
            None => lists.push((run, vec![key])),
        }
    }
    Ok(lists)
}

/// Returns the token hashes of sessions that expired before `before`.
pub(in crate::store) fn lock_expired_sessions(
    conn: &mut AnyConnection,
    before: NaiveDateTime,
    limit: i64,
) -> QueryResult<Vec<String>> {
    let query = sessions::table.filter(sessions::expires_at.lt(before)).limit(limit).select(sessions::token_hash);
    load_locked!(conn, query)
}
