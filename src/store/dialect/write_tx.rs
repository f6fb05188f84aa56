//! Begins, commits and rolls back write transactions.

use diesel::connection::{AnsiTransactionManager, TransactionManager};

use crate::store::any_connection::AnyConnection;
use crate::store::error::StoreError;

/// Runs `work` inside a transaction that may write.
///
/// On SQLite the transaction begins with BEGIN IMMEDIATE: a deferred transaction that reads before it writes fails at
/// once with "database is locked" if another writer came first, whatever the busy timeout is.
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
        Ok(result) => {
            match conn {
                AnyConnection::Sqlite(conn) => AnsiTransactionManager::commit_transaction(conn)?,
                AnyConnection::Postgres(conn) => AnsiTransactionManager::commit_transaction(conn)?,
            }
            Ok(result)
        }
        Err(error) => {
            let rolled_back = match conn {
                AnyConnection::Sqlite(conn) => AnsiTransactionManager::rollback_transaction(conn),
                AnyConnection::Postgres(conn) => AnsiTransactionManager::rollback_transaction(conn),
            };
            if let Err(rollback_error) = rolled_back {
                // The connection is marked broken and the pool drops it. The first error is the cause.
                log::debug!("rolling back failed too: {rollback_error}");
            }
            Err(error)
        }
    }
}

/// Returns whether SQLite refused because of another writer, not because of a problem with the file. Diesel does not
/// expose the error code; SQLite's texts are in English: "database is locked", "database table is locked".
pub(super) fn is_locked(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::DatabaseError(_, information) if information.message().contains("is locked"))
}
