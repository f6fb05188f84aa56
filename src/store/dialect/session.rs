//! What each new connection is told before it is used.

use std::time::Duration;

use diesel::connection::SimpleConnection;

use super::sorting;
use crate::store::any_connection::AnyConnection;

/// Prepares a fresh connection. `lease` bounds how long a PostgreSQL session may sit inside a transaction: a frozen
/// process must not hold a row longer than its right to it lasts. Nobody waits for a lock without end: a page says
/// what is wrong, and a run asks again.
pub(in crate::store) fn prepare_session(conn: &mut AnyConnection, lease: Duration) -> diesel::QueryResult<()> {
    match conn {
        // The busy timeout goes first: switching to WAL needs a lock that another server may hold just now.
        AnyConnection::Sqlite(conn) => {
            conn.batch_execute(
                "PRAGMA busy_timeout = 5000;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = NORMAL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA temp_store = MEMORY;
                 PRAGMA cache_size = -8192;",
            )?;
            sorting::register_functions(conn)
        }
        AnyConnection::Postgres(conn) => conn.batch_execute(&format!(
            "SET TIME ZONE 'UTC';
             SET client_min_messages = warning;
             SET lock_timeout = '12s';
             SET idle_in_transaction_session_timeout = {};",
            lease.as_millis()
        )),
    }
}
