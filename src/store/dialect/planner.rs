//! What the planner of a database knows of its tables.

use crate::store::any_connection::AnyConnection;

/// Whether the planner knows how often values occur, and so chooses between indexes by itself. PostgreSQL analyzes its
/// tables all the time; SQLite has no statistics unless somebody runs `ANALYZE`.
pub(in crate::store) fn has_statistics(conn: &AnyConnection) -> bool {
    matches!(conn, AnyConnection::Postgres(_))
}
