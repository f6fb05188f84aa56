//! Configures each new connection before its first use.

use std::time::Duration;

use diesel::connection::SimpleConnection;

use crate::store::any_connection::AnyConnection;

/// How long a statement of a run waits for a lock on PostgreSQL. The run then repeats its step.
pub(in crate::store) const RUN_LOCK_TIMEOUT: Duration = Duration::from_secs(12);
/// How long a statement of a page or a command waits for a lock on PostgreSQL. People then learn within two seconds
/// that the database is busy.
pub(in crate::store) const REQUEST_LOCK_TIMEOUT: Duration = Duration::from_millis(1500);

/// Configures a new connection. `lease` limits how long a PostgreSQL session may stay idle inside a transaction,
/// because a frozen process must not keep a row locked for longer than its lease. `lock_timeout` limits how long its
/// statements wait for a lock: pages report the failure, and runs retry.
pub(in crate::store) fn prepare_session(
    conn: &mut AnyConnection,
    lease: Duration,
    lock_timeout: Duration,
) -> diesel::QueryResult<()> {
    match conn {
        // The busy timeout comes first: switching to WAL needs a lock that another server may hold.
        AnyConnection::Sqlite(conn) => conn.batch_execute(
            "PRAGMA busy_timeout = 5000;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             PRAGMA foreign_keys = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -8192;",
        ),
        AnyConnection::Postgres(conn) => conn.batch_execute(&format!(
            "SET TIME ZONE 'UTC';
             SET client_min_messages = warning;
             SET lock_timeout = {};
             SET idle_in_transaction_session_timeout = {};",
            lock_timeout.as_millis(),
            lease.as_millis()
        )),
    }
}
