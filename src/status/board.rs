//! The one way to read status: the primary store, and the database behind it.

use std::time::Duration;

use chrono::{TimeDelta, Utc};

use super::{DatabaseStatus, StatusError, StatusStore};
use crate::domain::operation::Status;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::store::Store;

/// Primary plus database. Reading never writes.
///
/// The primary is told by a run's own reporter while it runs, and of its end. A run that waits has no reporter, and
/// the worker that takes it may be another server's with a primary of its own: it is the database that answers for it.
pub struct StatusBoard {
    primary: Box<dyn StatusStore>,
    database: DatabaseStatus,
    believed_for: TimeDelta,
}

impl StatusBoard {
    /// A board. A report of an active run that is older than two `renewal`s is not believed: its writer should have
    /// said something since, or another server has the run now.
    #[must_use]
    pub fn new(primary: Box<dyn StatusStore>, store: Store, renewal: Duration) -> Self {
        let believed_for = TimeDelta::from_std(renewal * 2).unwrap_or(TimeDelta::MAX);
        Self { primary, database: DatabaseStatus::new(store), believed_for }
    }

    /// The status of a run, `None` when it is not known at all.
    ///
    /// # Errors
    /// When the primary has no answer that can be believed and the database fails too.
    pub fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError> {
        if let Some(report) = self.believable(id) {
            return Ok(Some(report));
        }
        let kept = self.database.get(id);
        // The primary may have been written between the two looks, with less than the database says by now, and would
        // be believed the next time: progress would go back. What is written from here on is never less.
        self.believable(id).map_or(kept, |report| Ok(Some(report)))
    }

    /// What the primary says, if it can be read and believed.
    fn believable(&self, id: SyncId) -> Option<StatusReport> {
        match self.primary.get(id) {
            Ok(report) => report.filter(|report| self.is_believed(report)),
            Err(error) => {
                log::debug!("{id}: {} status: {error}; asking the database", self.primary.name());
                None
            }
        }
    }

    fn is_believed(&self, report: &StatusReport) -> bool {
        match report.status {
            Status::Pending => false,
            // The absolute difference: a clock that was set back must not make an old report look fresh for hours.
            Status::Running => (Utc::now() - report.last_update).abs() <= self.believed_for,
            Status::Completed | Status::Failed | Status::Cancelled | Status::Interrupted => true,
        }
    }

    /// Tells pollers.
    ///
    /// # Errors
    /// When the primary store cannot take it; readers ask the database then.
    pub fn tell(&self, report: &StatusReport) -> Result<(), StatusError> {
        self.primary.put(report)
    }

    /// Tells the end of a run, as the database has it: a terminal status goes there first. A primary that cannot take
    /// it is only logged: readers ask the database then.
    pub fn tell_end(&self, id: SyncId) {
        let told = match self.database.get(id) {
            Ok(Some(report)) if !report.status.is_active() => self.primary.put(&report),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            log::warn!("{id}: its status could not be copied to the {} store: {error}", self.primary.name());
        }
    }

    /// Clears away what the primary store was last told longer than `age` ago.
    ///
    /// # Errors
    /// When clearing failed.
    pub fn sweep(&self, age: Duration) -> Result<usize, StatusError> {
        self.primary.sweep(age)
    }
}
