//! Overwrites replaced texts in the database file.

use diesel::connection::SimpleConnection;

use crate::store::any_connection::AnyConnection;
use crate::store::error::StoreError;

/// Runs statements inside the current transaction. SQLite overwrites the texts that they replace with zeros, which it
/// otherwise leaves in unused parts of its file. PostgreSQL removes old versions of rows with its next vacuum.
pub(in crate::store) fn with_erasure<T>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    set_erasure(conn, "ON")?;
    let result = work(conn);
    set_erasure(conn, "OFF")?;
    result
}

fn set_erasure(conn: &mut AnyConnection, state: &str) -> Result<(), StoreError> {
    if let AnyConnection::Sqlite(conn) = conn {
        conn.batch_execute(&format!("PRAGMA secure_delete = {state}"))?;
    }
    Ok(())
}
