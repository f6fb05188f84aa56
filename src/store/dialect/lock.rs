//! Locks rows. SQLite has no row locks and needs none: only one transaction writes at a time.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use diesel::sql_types::Double;

use crate::store::any_connection::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::{sources, sync_operations, users};

/// A statement with NOWAIT that took this long has waited for a lock on the whole table.
const NO_WAIT_LIMIT: Duration = Duration::from_secs(1);

/// Returns whether a statement failed because it waited for a lock until the time limit (55P03, lock_not_available).
/// `waited` is how long the transaction took, `limit` the shortest time limit that can have ended it.
///
/// Diesel does not expose the code. The text "canceling statement due to lock timeout" may be in another language, and
/// only a superuser can change that for a session; a failure without a known kind after so long is then taken for it.
pub(in crate::store) fn is_lock_timeout(error: &Error, waited: Duration, limit: Duration) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, facts) => {
            facts.message().contains("due to lock timeout") || waited >= limit
        }
        _ => false,
    }
}

/// The result of an attempt to lock a source's row.
pub(in crate::store) enum SourceLock {
    /// This transaction holds the lock until it ends.
    Held,
    /// Another transaction holds the lock; on PostgreSQL this transaction can no longer be used.
    Busy(Error),
    /// The source does not exist.
    NoSuchSource,
}

/// Locks the row of a source without waiting. This row exists as long as the source does. Locking the source's active
/// runs instead would lock nothing when there are none, and two simultaneous first starts would both succeed.
pub(in crate::store) fn lock_source(conn: &mut AnyConnection, source_id: i64) -> Result<SourceLock, StoreError> {
    let started = Instant::now();
    let query = sources::table.find(source_id).select(sources::id);
    let locked = match conn {
        AnyConnection::Sqlite(conn) => query.first::<i64>(conn).optional(),
        AnyConnection::Postgres(conn) => query.for_update().no_wait().first::<i64>(conn).optional(),
    };
    match locked {
        Ok(Some(_)) => Ok(SourceLock::Held),
        Ok(None) => Ok(SourceLock::NoSuchSource),
        // A lock on the whole table: NOWAIT does not concern it. There is no use in asking for the other start's run.
        Err(error) if is_lock_timeout(&error, started.elapsed(), NO_WAIT_LIMIT) => Err(StoreError::Busy),
        // 55P03, lock_not_available. Diesel does not expose the code, and the text is in the server's language, so
        // every failure of this statement with the kind `Unknown` is taken for it. A second one in a row is reported as
        // an error.
        Err(error @ Error::DatabaseError(DatabaseErrorKind::Unknown, _)) => Ok(SourceLock::Busy(error)),
        Err(error) => Err(error.into()),
    }
}

/// Locks the row of a source, waiting up to one second, which is enough for a concurrent start to finish. Returns
/// whether the source exists.
pub(in crate::store) fn wait_for_source(conn: &mut AnyConnection, source_id: i64) -> Result<bool, StoreError> {
    limit_lock_wait(conn)?;
    let query = sources::table.find(source_id).select(sources::id);
    let locked = match conn {
        AnyConnection::Sqlite(conn) => query.first::<i64>(conn).optional()?,
        AnyConnection::Postgres(conn) => match query.for_update().first::<i64>(conn).optional() {
            // As in `lock_source`: lock_not_available has the kind `Unknown`.
            Err(Error::DatabaseError(DatabaseErrorKind::Unknown, _)) => return Err(StoreError::Busy),
            other => other?,
        },
    };
    Ok(locked.is_some())
}

/// Returns the id of the run to claim next; on PostgreSQL its row is locked. `only` restricts the search to one run.
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

/// Locks the row of a run, waiting up to one and a half seconds.
pub(in crate::store) fn lock_run(conn: &mut AnyConnection, id: &str) -> Result<(), StoreError> {
    let AnyConnection::Postgres(conn) = conn else { return Ok(()) };
    conn.batch_execute("SET LOCAL lock_timeout = '1500ms'")?;
    match sync_operations::table.find(id).select(sync_operations::id).for_update().first::<String>(conn).optional() {
        Ok(_) => Ok(()),
        // As in `lock_source`: lock_not_available has the kind `Unknown`.
        Err(Error::DatabaseError(DatabaseErrorKind::Unknown, _)) => Err(StoreError::Busy),
        Err(error) => Err(error.into()),
    }
}

/// Locks the rows of all admins, waiting up to one and a half seconds, and returns their ids. Every caller locks them
/// in the same order, so that two of them cannot wait for each other.
pub(in crate::store) fn lock_admins(conn: &mut AnyConnection) -> Result<Vec<i64>, StoreError> {
    let query = users::table.filter(users::role.eq("admin")).order(users::id).select(users::id);
    let conn = match conn {
        AnyConnection::Sqlite(conn) => return Ok(query.load(conn)?),
        AnyConnection::Postgres(conn) => conn,
    };
    conn.batch_execute("SET LOCAL lock_timeout = '1500ms'")?;
    // A row that another transaction demoted while this one waited is left out: PostgreSQL checks the filter again.
    match query.for_update().load(conn) {
        // As in `lock_source`: lock_not_available has the kind `Unknown`.
        Err(Error::DatabaseError(DatabaseErrorKind::Unknown, _)) => Err(StoreError::Busy),
        other => Ok(other?),
    }
}

/// Ends the database sessions of processes that were frozen while sending a statement: sessions that have been in a
/// transaction for longer than `term` and wait for their client. PostgreSQL counts such a session as active, so
/// `idle_in_transaction_session_timeout` never ends it, and its locks stay until the process continues or its
/// connection breaks. Returns the number of ended sessions.
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

/// Limits how long this transaction waits for a row that a frozen process may have locked.
pub(in crate::store) fn limit_lock_wait(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(conn) => conn.batch_execute("SET LOCAL lock_timeout = '1s'"),
    }
}

/// Lets this transaction commit without waiting for the disk. It writes progress only, and the next write replaces a
/// lost one. SQLite in WAL mode with synchronous NORMAL does not wait either.
pub(in crate::store) fn commit_without_waiting(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(conn) => conn.batch_execute("SET LOCAL synchronous_commit = off"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use diesel::result::{DatabaseErrorKind, Error};

    use super::is_lock_timeout;

    #[test]
    fn a_lock_timeout_is_recognized_by_its_text_or_by_how_long_it_took() {
        let limit = Duration::from_millis(1500);
        let error = |kind, text: &str| Error::DatabaseError(kind, Box::new(text.to_owned()));
        let english = error(DatabaseErrorKind::Unknown, "canceling statement due to lock timeout");
        assert!(is_lock_timeout(&english, Duration::ZERO, limit));
        let german = error(DatabaseErrorKind::Unknown, "storniere Anfrage wegen Zeitüberschreitung einer Sperre");
        assert!(is_lock_timeout(&german, limit, limit));
        assert!(!is_lock_timeout(&german, Duration::from_millis(500), limit));
        let unique = error(DatabaseErrorKind::UniqueViolation, "duplicate key");
        assert!(!is_lock_timeout(&unique, limit, limit) && !is_lock_timeout(&Error::NotFound, limit, limit));
    }
}
