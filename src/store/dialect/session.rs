//! Configures each new connection before its first use.

use std::time::Duration;

use diesel::connection::SimpleConnection;

use crate::store::any_connection::AnyConnection;

/// Configures a new connection. `lease` limits how long a PostgreSQL session may stay idle inside a transaction,
/// because a frozen process must not keep a row locked for longer than its lease. Waits for locks are limited too:
/// pages report the failure, and runs retry.
pub(in crate::store) fn prepare_session(conn: &mut AnyConnection, lease: Duration) -> diesel::QueryResult<()> {
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
             SET lock_timeout = '12s';
             SET idle_in_transaction_session_timeout = {};",
            lease.as_millis()
        )),
    }
}
