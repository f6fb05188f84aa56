//! Configures each new connection before its first use.

use std::time::Duration;

use diesel::connection::SimpleConnection;

use crate::store::any_connection::AnyConnection;

/// How long a statement of a run waits for a lock on PostgreSQL. The run then repeats its step.
pub(in crate::store) const RUN_LOCK_TIMEOUT: Duration = Duration::from_secs(12);
/// How long a statement of a page or a command waits for a lock on PostgreSQL. People then learn within two seconds
/// that the database is busy.
pub(in crate::store) const REQUEST_LOCK_TIMEOUT: Duration = Duration::from_millis(1500);

/// When SQLite waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SqliteSync {
    /// At a checkpoint. After a power failure the last commits may be missing; the database is never corrupt.
    #[default]
    Normal,
    /// At each commit, too. After a power failure nothing is missing that was reported as saved.
    Full,
}

/// The settings of each new connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct SessionSettings {
    /// The longest time that a PostgreSQL session may stay idle inside a transaction.
    pub(in crate::store) lease: Duration,
    /// The longest time that a statement waits for a lock on PostgreSQL.
    pub(in crate::store) lock_timeout: Duration,
    /// When SQLite waits for the disk.
    pub(in crate::store) sqlite_sync: SqliteSync,
}

/// Sets how long a statement waits for the lock of a SQLite file, in milliseconds.
pub(super) const BUSY_TIMEOUT_STATEMENT: &str = "PRAGMA busy_timeout = 5000";

/// Configures a new connection. The lease limits how long a PostgreSQL session may stay idle inside a transaction,
/// because a frozen process must not keep a row locked for longer than its lease. Waits for locks are limited, too:
/// pages report the failure, and runs retry.
pub(in crate::store) fn prepare_session(
    conn: &mut AnyConnection,
    settings: &SessionSettings,
) -> diesel::QueryResult<()> {
    match conn {
        // The busy timeout comes first: switching to WAL needs a lock that another server may hold.
        AnyConnection::Sqlite(conn) => conn.batch_execute(&format!(
            "{BUSY_TIMEOUT_STATEMENT};
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = {};
             PRAGMA foreign_keys = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -8192;",
            match settings.sqlite_sync {
                SqliteSync::Normal => "NORMAL",
                SqliteSync::Full => "FULL",
            }
        )),
        AnyConnection::Postgres(conn) => conn.batch_execute(&format!(
            "SET TIME ZONE 'UTC';
             SET client_min_messages = warning;
             SET lock_timeout = {};
             SET idle_in_transaction_session_timeout = {};",
            settings.lock_timeout.as_millis(),
            settings.lease.as_millis()
        )),
    }
}
