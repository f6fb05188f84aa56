//! How a transaction that writes begins.

use diesel::connection::{AnsiTransactionManager, TransactionManager};

use crate::store::any_connection::AnyConnection;
use crate::store::error::StoreError;

/// Runs `work` inside a transaction that may write.
///
/// On SQLite it begins IMMEDIATE: a deferred one that reads before it writes gets "database is locked" at once when
/// another writer came between, whatever the busy timeout is.
pub(in crate::store) fn run_write<T>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
                .map_err(|error| if is_locked(&error) { StoreError::Busy } else { StoreError::Statement(error) })?;
        }
        AnyConnection::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn)?,
    }
    match work(conn) {
        Ok(answer) => {
            match conn {
                AnyConnection::Sqlite(conn) => AnsiTransactionManager::commit_transaction(conn)?,
                AnyConnection::Postgres(conn) => AnsiTransactionManager::commit_transaction(conn)?,
            }
            Ok(answer)
        }
        Err(error) => {
            let undone = match conn {
                AnyConnection::Sqlite(conn) => AnsiTransactionManager::rollback_transaction(conn),
                AnyConnection::Postgres(conn) => AnsiTransactionManager::rollback_transaction(conn),
            };
            if let Err(trouble) = undone {
                // The connection is marked broken and the pool drops it; the first error is the one that matters.
                log::debug!("rolling back failed too: {trouble}");
            }
            Err(error)
        }
    }
}

/// Whether SQLite refused because somebody else writes, and not because something is wrong with the file. Diesel does
/// not hand out the code; the text is SQLite's own, in English: "database is locked", "database table is locked".
pub(in crate::store) fn is_locked(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::DatabaseError(_, information) if information.message().contains("is locked"))
}
