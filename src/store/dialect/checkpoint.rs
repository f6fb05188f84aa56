//! Runs a checkpoint of a SQLite file.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::Integer;

use super::session::BUSY_TIMEOUT_STATEMENT;
use super::write_tx::is_locked;
use crate::store::any_connection::AnyConnection;

/// The result of a checkpoint.
pub(in crate::store) enum CheckpointOutcome {
    /// The disk has confirmed everything that was committed before, as far as no reader needs the log.
    Confirmed,
    /// Another connection runs a checkpoint.
    Busy,
    /// The disk, or the file, reported an error.
    Failed(Error),
}

#[derive(QueryableByName)]
struct CheckpointRow {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// Copies the log of a SQLite file into the file, without waiting for readers and writers. Before that the log is
/// flushed to the disk, and afterwards the file (<https://www.sqlite.org/c3ref/wal_checkpoint_v2.html>).
pub(in crate::store) fn run_checkpoint(conn: &mut AnyConnection) -> CheckpointOutcome {
    let AnyConnection::Sqlite(conn) = conn else { return CheckpointOutcome::Confirmed };
    match diesel::sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result::<CheckpointRow>(conn) {
        Ok(row) if row.busy == 0 => CheckpointOutcome::Confirmed,
        Ok(_) => CheckpointOutcome::Busy,
        Err(error) if is_locked(&error) => CheckpointOutcome::Busy,
        Err(error) => CheckpointOutcome::Failed(error),
    }
}

/// Copies the log of a SQLite file into the file, and empties the file of the log. Waits for readers and writers for a
/// second.
pub(in crate::store) fn shorten_log(conn: &mut AnyConnection) -> QueryResult<()> {
    if let AnyConnection::Sqlite(conn) = conn {
        // People wait for the answer to their start meanwhile.
        conn.batch_execute("PRAGMA busy_timeout = 1000")?;
        let shortened = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<CheckpointRow>(conn);
        conn.batch_execute(BUSY_TIMEOUT_STATEMENT)?;
        shortened?;
    }
    Ok(())
}
