//! Cancels runs: a pending run at once, a running one through its worker.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::audit_log::AuditSubject;
use super::connection::{AnyConnection, Store};
use super::dialect::lock;
use super::error::StoreError;
use super::finish::{ClosePrecondition, RunEnding, close_run};
use super::operations;
use super::schedules;
use super::schema::{sync_operations, sync_records};
use super::stored_values::parse_value;
use crate::domain::audit::AuditAction;
use crate::domain::operation::{OperationKind, Stage, Status};
use crate::domain::run_text::stopped_run::cancelled_before_start_message;
use crate::domain::sync_id::SyncId;

/// The result of a request to cancel a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CancelOutcome {
    /// The run was pending and is cancelled.
    Done,
    /// The run is running; its worker will end it.
    Requested,
    /// The final transaction of the run has begun, so it cannot be cancelled.
    AlreadyFinishing,
    /// The run had already ended.
    AlreadyEnded,
    /// The run does not exist.
    NoSuchRun,
}

impl Store {
    /// Cancels a run: a pending run ends immediately, a running one is ended by its worker, and one whose final
    /// transaction has begun continues.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn cancel_run(&self, id: SyncId, by: &str) -> Result<CancelOutcome, StoreError> {
        let finalizing = sync_operations::table
            .filter(sync_operations::id.eq(id.to_string()))
            .filter(sync_operations::status.eq(Status::Running.as_str()))
            .filter(sync_operations::stage.eq(Stage::Finalizing.as_str()));
        // Read without the write lock: on SQLite the final transaction holds it, and afterwards the run has ended.
        if self.read(|conn| Ok(diesel::select(exists(finalizing)).get_result(conn)?))? {
            return Ok(CancelOutcome::AlreadyFinishing);
        }
        self.write(|conn| {
            let record_cancel = |conn: &mut AnyConnection, source: i64| {
                let source = AuditSubject::Source(source);
                self.record_action(conn, AuditAction::RunCancelled, source, None, Some(&id.to_string()))
            };
            lock::lock_run(conn, &id.to_string())?;
            let Some(row) = operations::find_row(conn, &id.to_string())? else {
                // The operation was deleted, but its record may exist.
                let record = sync_records::table.find(id.to_string());
                let ended = diesel::select(exists(record)).get_result(conn)?;
                return Ok(if ended { CancelOutcome::AlreadyEnded } else { CancelOutcome::NoSuchRun });
            };
            match parse_value::<Status>("sync_operations.status", &row.status)? {
                Status::Pending => {
                    let ending = RunEnding::new(Status::Cancelled, cancelled_before_start_message(by));
                    match close_run(conn, &self.sealer, ClosePrecondition::Waiting(id), &ending) {
                        Ok(_) => {
                            if row.kind == OperationKind::Undo.as_str() {
                                // It has reverted nothing, so the schedule that it paused when it was admitted goes on.
                                let resumed = schedules::resume(conn, row.source_id, Some(row.created_at))?;
                                self.record_pause(conn, AuditAction::ScheduleResumed, row.source_id, resumed)?;
                            }
                            record_cancel(conn, row.source_id)?;
                            return Ok(CancelOutcome::Done);
                        }
                        // A worker claimed it between the read and the update; it is running now.
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
            if rows == 0 {
                return Ok(CancelOutcome::AlreadyFinishing);
            }
            if !row.cancel_requested {
                record_cancel(conn, row.source_id)?;
            }
            Ok(CancelOutcome::Requested)
        })
    }
}
