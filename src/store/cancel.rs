//! Cancels runs: a pending run at once, a running one through its worker.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::connection::Store;
use super::dialect::lock;
use super::error::StoreError;
use super::finish::{ClosePrecondition, RunEnding, close_run};
use super::operations;
use super::schema::{sync_operations, sync_records};
use super::stored_values::parse_value;
use crate::domain::operation::{Stage, Status};
use crate::domain::sync_id::SyncId;

/// What became of the wish to end a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CancelOutcome {
    /// It was waiting and is cancelled now.
    Done,
    /// Its worker is told and will end it.
    Requested,
    /// Its final transaction has begun.
    AlreadyFinishing,
    /// It had ended before.
    AlreadyEnded,
    /// There is no such run.
    NoSuchRun,
}

impl Store {
    /// Asks to end a run: a waiting one ends at once, a running one is told, and one that is finishing goes on.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn cancel_run(&self, id: SyncId, by: &str) -> Result<CancelOutcome, StoreError> {
        let finalizing = sync_operations::table
            .filter(sync_operations::id.eq(id.to_string()))
            .filter(sync_operations::status.eq(Status::Running.as_str()))
            .filter(sync_operations::stage.eq(Stage::Finalizing.as_str()));
        // Looked at without a turn to write: on SQLite the final transaction has it, and after it the run has ended.
        if self.read(|conn| Ok(diesel::select(exists(finalizing)).get_result(conn)?))? {
            return Ok(CancelOutcome::AlreadyFinishing);
        }
        self.write(|conn| {
            lock::lock_run(conn, &id.to_string())?;
            let Some(row) = operations::find_row(conn, &id.to_string())? else {
                // Its operation is gone, but what it came to may still be kept.
                let record = sync_records::table.find(id.to_string());
                let ended = diesel::select(exists(record)).get_result(conn)?;
                return Ok(if ended { CancelOutcome::AlreadyEnded } else { CancelOutcome::NoSuchRun });
            };
            match parse_value::<Status>("sync_operations.status", &row.status)? {
                Status::Pending => {
                    let message = format!("Cancelled by {by} before it started. Nothing was changed.");
                    let ending = RunEnding::new(Status::Cancelled, message);
                    match close_run(conn, ClosePrecondition::Waiting(id), &ending) {
                        Ok(_) => return Ok(CancelOutcome::Done),
                        // A worker claimed it between our look and our lock; it is a running one now.
                        Err(StoreError::Fenced) => {}
                        Err(error) => return Err(error),
                    }
                }
                Status::Running => {}
                _ => return Ok(CancelOutcome::AlreadyEnded),
            }
            let open = sync_operations::table
                .filter(sync_operations::id.eq(id.to_string()))
                .filter(sync_operations::status.eq(Status::Running.as_str()))
                .filter(sync_operations::stage.ne(Stage::Finalizing.as_str()));
            let rows = diesel::update(open).set(sync_operations::cancel_requested.eq(true)).execute(conn)?;
            Ok(if rows == 0 { CancelOutcome::AlreadyFinishing } else { CancelOutcome::Requested })
        })
    }
}
