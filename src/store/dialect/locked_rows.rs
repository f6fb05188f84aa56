//! Loads rows and locks them. On PostgreSQL rows that another transaction has locked are skipped; on SQLite only one
//! transaction writes at a time.

/// Loads a query, and on PostgreSQL locks its rows and skips those that are locked.
macro_rules! load_locked {
    ($conn:expr, $query:expr) => {
        match $conn {
            $crate::store::any_connection::AnyConnection::Sqlite(conn) => $query.load(conn),
            $crate::store::any_connection::AnyConnection::Postgres(conn) => {
                $query.for_update().skip_locked().load(conn)
            }
        }
    };
}
pub(super) use load_locked;
