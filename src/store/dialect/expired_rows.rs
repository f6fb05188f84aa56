//! Which rows are cleared away next. On PostgreSQL they are locked, and those that somebody else holds are passed
//! over: servers that clear away at the same time share the work and wait for nobody. On SQLite a transaction that
//! writes is alone.

use chrono::NaiveDateTime;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::store::active_statuses::ACTIVE_STATUSES;
use crate::store::any_connection::AnyConnection;
use crate::store::schema::{item_changes, sessions, sync_issues, sync_operations, sync_records};

/// Loads a query that chooses rows, with their locks where locks exist.
macro_rules! chosen {
    ($conn:expr, $query:expr) => {
        match $conn {
            AnyConnection::Sqlite(conn) => $query.load(conn),
            AnyConnection::Postgres(conn) => $query.for_update().skip_locked().load(conn),
        }
    };
}

/// The operations that ended before `before` and whose record is kept, the oldest first.
pub(in crate::store) fn lock_ended_operations(
    conn: &mut AnyConnection,
    before: NaiveDateTime,
    most: i64,
) -> QueryResult<Vec<String>> {
    let query = sync_operations::table
        .filter(sync_operations::finished_at.lt(before))
        .filter(sync_operations::status.ne_all(ACTIVE_STATUSES))
        .filter(exists(sync_records::table.filter(sync_records::id.eq(sync_operations::id))))
        .order(sync_operations::finished_at)
        .limit(most)
        .select(sync_operations::id);
    chosen!(conn, query)
}

/// The records of runs that ended before `before` and whose operation is gone, the oldest first.
pub(in crate::store) fn lock_ended_records(
    conn: &mut AnyConnection,
    before: NaiveDateTime,
    most: i64,
) -> QueryResult<Vec<String>> {
    let query = sync_records::table
        .filter(sync_records::finished_at.lt(before))
        .filter(not(exists(sync_operations::table.filter(sync_operations::id.eq(sync_records::id)))))
        .order(sync_records::finished_at)
        .limit(most)
        .select(sync_records::id);
    chosen!(conn, query)
}

/// Some changes of these runs.
pub(in crate::store) fn lock_changes(conn: &mut AnyConnection, runs: &[String], most: i64) -> QueryResult<Vec<i64>> {
    let query = item_changes::table.filter(item_changes::sync_id.eq_any(runs)).limit(most).select(item_changes::id);
    chosen!(conn, query)
}

/// Some issues of these runs.
pub(in crate::store) fn lock_issues(conn: &mut AnyConnection, runs: &[String], most: i64) -> QueryResult<Vec<i64>> {
    let query = sync_issues::table.filter(sync_issues::sync_id.eq_any(runs)).limit(most).select(sync_issues::id);
    chosen!(conn, query)
}

/// The sessions that were over before `before`.
pub(in crate::store) fn lock_expired_sessions(
    conn: &mut AnyConnection,
    before: NaiveDateTime,
    most: i64,
) -> QueryResult<Vec<String>> {
    let query = sessions::table.filter(sessions::expires_at.lt(before)).limit(most).select(sessions::token_hash);
    chosen!(conn, query)
}
