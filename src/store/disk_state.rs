//! Whether the disk has confirmed what was written.
//!
//! With `synchronous = NORMAL` SQLite writes a commit to its log without waiting for the disk. The disk confirms it at
//! the next checkpoint. SQLite ignores the errors of its own checkpoints, so a run asks for one at its end.

use chrono::Utc;

use super::connection::Store;
use super::dialect::checkpoint::{CheckpointOutcome, run_checkpoint};
use super::disk_problem::DiskProblem;
use super::error::StoreError;

impl Store {
    /// Waits until the disk has confirmed what was committed to a SQLite file. Does nothing on PostgreSQL, whose
    /// server answers for its disk. Returns the problem if the disk has one.
    ///
    /// # Errors
    /// [`StoreError::Pool`] when no connection becomes free in time.
    pub fn confirm_on_disk(&self) -> Result<Option<DiskProblem>, StoreError> {
        let outcome = self.read(|conn| Ok(run_checkpoint(conn)))?;
        match outcome {
            CheckpointOutcome::Confirmed => {
                if self.disk_state.lock().take().is_some() {
                    log::info!("the disk of the database confirms writes again");
                }
                Ok(None)
            }
            // Another connection does the same now; what it finds out is asked for at the end of the next run.
            CheckpointOutcome::Busy => Ok(self.disk_problem()),
            CheckpointOutcome::Failed(error) => Ok(Some(self.record_disk_problem(error.to_string()))),
        }
    }

    /// Returns the last error of the disk, unless it has confirmed writes since.
    #[must_use]
    pub fn disk_problem(&self) -> Option<DiskProblem> {
        self.disk_state.lock().clone()
    }

    /// Records an error of the disk. Only the first one is logged.
    pub(super) fn record_disk_problem(&self, reason: String) -> DiskProblem {
        let problem = DiskProblem { reason, at: Utc::now() };
        let mut state = self.disk_state.lock();
        if state.is_none() {
            log::error!(
                "the disk of the database reported an error: {}; what was written may be lost if the server loses power",
                problem.reason
            );
        }
        *state = Some(problem.clone());
        problem
    }
}
