//! The one way to read status: the primary store, and the database behind it.

use std::time::Duration;

use chrono::{TimeDelta, Utc};

use super::{DatabaseStatus, StatusError, StatusStore};
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::store::Store;

/// Primary plus database. Reading never writes.
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
            Ok(report) => report.filter(|report| !report.status.is_active() || self.is_fresh(report)),
            Err(error) => {
                log::debug!("{id}: {} status: {error}; asking the database", self.primary.name());
                None
            }
        }
    }

    fn is_fresh(&self, report: &StatusReport) -> bool {
        // The absolute difference: a clock that was set back must not make an old report look fresh for hours.
        (Utc::now() - report.last_update).abs() <= self.believed_for
    }

    /// Tells pollers.
    ///
    /// # Errors
    /// When the primary store cannot take it; readers ask the database then.
    pub fn tell(&self, report: &StatusReport) -> Result<(), StatusError> {
        self.primary.put(report)
    }

    /// Brings the primary store to what the database says of a run: after a start, and after every end, since a
    /// terminal status goes to the database first. A primary that cannot take it is only logged: readers ask the
    /// database then.
    pub fn tell_from_database(&self, id: SyncId) {
        let told = match self.database.get(id) {
            // Its worker may have told more, or even its end, since the database was asked.
            Ok(Some(report)) if report.status.is_active() => self.primary.put_first(&report),
            Ok(Some(report)) => self.primary.put(&report),
            Ok(None) => Ok(()),
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
