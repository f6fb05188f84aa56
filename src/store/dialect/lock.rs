//! Locks on rows. SQLite has none and needs none here: a transaction that writes is alone from its beginning.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use diesel::sql_types::Double;

use crate::store::any_connection::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::{sources, sync_operations};

/// What became of the attempt to lock a source's row.
pub(in crate::store) enum SourceLock {
    /// It is ours until the transaction ends.
    Held,
    /// Somebody else holds it; on PostgreSQL the transaction is now unusable.
    Busy(Error),
    /// There is no such source.
    Gone,
}

/// Locks the row of a source without waiting. The row always exists while the source does, so there is always
/// something to lock; locking its *active runs* would lock nothing when there are none, and two first starts would
/// both pass.
pub(in crate::store) fn lock_source(conn: &mut AnyConnection, source_id: i64) -> QueryResult<SourceLock> {
    let query = sources::table.find(source_id).select(sources::id);
    let locked = match conn {
        AnyConnection::Sqlite(conn) => query.first::<i64>(conn).optional(),
        AnyConnection::Postgres(conn) => query.for_update().no_wait().first::<i64>(conn).optional(),
    };
    match locked {
        Ok(Some(_)) => Ok(SourceLock::Held),
        Ok(None) => Ok(SourceLock::Gone),
        // 55P03, lock_not_available. Diesel does not hand out the code and the text is in the server's language,
        // so any failure of this one statement that has no kind of its own is taken for it; a second one in a row
        // is reported as what it is.
        Err(error @ Error::DatabaseError(DatabaseErrorKind::Unknown, _)) => Ok(SourceLock::Busy(error)),
        Err(error) => Err(error),
    }
}

/// Locks the row of a source, waiting a second at most: a start in flight is over by then. Answers whether there is
/// such a source.
pub(in crate::store) fn wait_for_source(conn: &mut AnyConnection, source_id: i64) -> QueryResult<bool> {
    limit_lock_wait(conn)?;
    let query = sources::table.find(source_id).select(sources::id);
    let locked = match conn {
        AnyConnection::Sqlite(conn) => query.first::<i64>(conn).optional()?,
        AnyConnection::Postgres(conn) => query.for_update().first::<i64>(conn).optional()?,
    };
    Ok(locked.is_some())
}

/// The id of the run that should be claimed next, locked where locks exist. `only` narrows it to one run.
pub(in crate::store) fn next_pending(conn: &mut AnyConnection, only: Option<&str>) -> QueryResult<Option<String>> {
    use sync_operations::dsl;
    let mut query = dsl::sync_operations
        .select(dsl::id)
        .filter(dsl::status.eq("pending"))
        .order((dsl::priority, dsl::created_at, dsl::id))
        .limit(1)
        .into_boxed();
    if let Some(only) = only {
        query = query.filter(dsl::id.eq(only));
        return query.first(conn).optional();
    }
    match conn {
        AnyConnection::Sqlite(_) => query.first(conn).optional(),
        AnyConnection::Postgres(conn) => dsl::sync_operations
            .select(dsl::id)
            .filter(dsl::status.eq("pending"))
            .order((dsl::priority, dsl::created_at, dsl::id))
            .limit(1)
            .for_update()
            .skip_locked()
            .first(conn)
            .optional(),
    }
}

/// Locks the row of a run, waiting two seconds at most.
pub(in crate::store) fn lock_run(conn: &mut AnyConnection, id: &str) -> Result<(), StoreError> {
    let AnyConnection::Postgres(conn) = conn else { return Ok(()) };
    conn.batch_execute("SET LOCAL lock_timeout = '2s'")?;
    match sync_operations::table.find(id).select(sync_operations::id).for_update().first::<String>(conn).optional() {
        Ok(_) => Ok(()),
        // As in `lock_source`: lock_not_available has no kind of its own.
        Err(Error::DatabaseError(DatabaseErrorKind::Unknown, _)) => Err(StoreError::Busy),
        Err(error) => Err(error.into()),
    }
}

/// Ends the sessions of processes that were frozen while they sent a statement: inside a transaction for longer than
/// `term`, and waiting for their client. Such a session counts as active, so the timeout for those that idle inside a
/// transaction never comes for it, and what it has locked stays so until the process goes on or its machine is given
/// up. Answers how many there were.
pub(in crate::store) fn end_frozen_sessions(conn: &mut AnyConnection, term: Duration) -> QueryResult<usize> {
    let AnyConnection::Postgres(conn) = conn else { return Ok(0) };
    diesel::sql_query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
           AND wait_event_type = 'Client' AND xact_start < clock_timestamp() - $1 * interval '1 millisecond'
           AND EXISTS (SELECT FROM pg_locks WHERE pg_locks.pid = pg_stat_activity.pid AND granted
                       AND relation = 'sync_operations'::regclass AND mode = 'RowExclusiveLock')",
    )
    .bind::<Double, _>(term.as_secs_f64() * 1000.0)
    .execute(conn)
}

/// Bounds how long this transaction waits for a row that a frozen process may hold.
pub(in crate::store) fn limit_lock_wait(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(conn) => conn.batch_execute("SET LOCAL lock_timeout = '1s'"),
    }
}

/// Makes this transaction's commit not wait for the disk: what it writes is progress, and the next write makes up
/// for a lost one. SQLite in WAL mode with synchronous NORMAL does not wait either.
pub(in crate::store) fn commit_without_waiting(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(conn) => conn.batch_execute("SET LOCAL synchronous_commit = off"),
    }
}
