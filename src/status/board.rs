//! Publishes the status of runs to the primary store, and reads it from there or from the database behind it.

use std::time::Duration;

use chrono::{TimeDelta, Utc};

use super::seen_progress::SeenProgress;
use super::{DatabaseStatus, StatusError, StatusStore};
use crate::domain::log_fields;
use crate::domain::operation::Status;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::store::Store;

/// How often an unchanged report is repeated, so that readers do not take it for one that was left behind.
pub const REPEAT_INTERVAL: Duration = Duration::from_millis(1500);
/// A report of an active run that is older than this may have been left behind: by a run that ended and could not say
/// so here, or could not take it away. The database is asked about it.
const VERIFY_AFTER: Duration = Duration::from_secs(2);

/// The primary status store, and the database behind it. Reading never writes.
///
/// A run's own reporter publishes to the primary while it runs and at its end. A pending run has no reporter, and the
/// worker that claims it may belong to another server with another primary, so the database answers for pending runs.
pub struct StatusBoard {
    primary: Box<dyn StatusStore>,
    database: DatabaseStatus,
    trusted_for: TimeDelta,
    verified_after: TimeDelta,
    /// How far each run was at the last answer. A primary that returns with an older report, after the database
    /// answered in its place, takes nothing back.
    shown: SeenProgress,
}

/// What the primary says.
enum PrimaryReading {
    /// It is so.
    Surely(StatusReport),
    /// It may have been so: only where the database cannot be asked.
    Perhaps(StatusReport),
    /// Nothing that can be believed.
    Nothing,
}

impl StatusBoard {
    /// A board. A report of an active run that is older than two `renewal`s is not believed: its writer should have
    /// said something since, or another server has the run now.
    #[must_use]
    pub fn new(primary: Box<dyn StatusStore>, store: Store, renewal: Duration) -> Self {
        let longest = |time| TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX);
        let trusted_for = longest(renewal * 2);
        Self {
            primary,
            database: DatabaseStatus::new(store),
            trusted_for,
            verified_after: longest(VERIFY_AFTER).min(trusted_for),
            shown: SeenProgress::default(),
        }
    }

    /// The status of a run, `None` when it is not known at all.
    ///
    /// # Errors
    /// When the primary has no answer that can be believed and the database fails too.
    pub fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError> {
        if self.primary.is_authoritative() {
            return self.primary.get(id);
        }
        let mut answer = match self.read_primary(id) {
            PrimaryReading::Surely(report) => Some(report),
            PrimaryReading::Nothing => self.database.get(id)?,
            PrimaryReading::Perhaps(report) => self.database.get(id).or_else(|error| {
                log::debug!(syncId:% = id; "{error}; the {} status has to do", self.primary.name());
                Ok::<_, StatusError>(Some(report))
            })?,
        };
        if let Some(report) = &mut answer {
            self.shown.record_seen(report);
        }
        Ok(answer)
    }

    /// What the primary says, and how far that can be believed.
    fn read_primary(&self, id: SyncId) -> PrimaryReading {
        let report = match self.primary.get(id) {
            Ok(Some(report)) => report,
            Ok(None) => return PrimaryReading::Nothing,
            Err(error) => {
                log::debug!(syncId:% = id; "{} status: {error}; asking the database", self.primary.name());
                return PrimaryReading::Nothing;
            }
        };
        if self.shown.is_ahead_of(&report) {
            return PrimaryReading::Nothing;
        }
        // The absolute difference: a clock that was set back must not make an old report look fresh for hours.
        let age = (Utc::now() - report.last_update).abs();
        match report.summary.status {
            Status::Pending => PrimaryReading::Nothing,
            Status::Running if age > self.trusted_for => PrimaryReading::Nothing,
            Status::Running if age > self.verified_after => PrimaryReading::Perhaps(report),
            Status::Running | Status::Completed | Status::Failed | Status::Cancelled | Status::Interrupted => {
                PrimaryReading::Surely(report)
            }
        }
    }

    /// Publishes a status to pollers.
    ///
    /// # Errors
    /// When the primary store cannot take it; readers ask the database then.
    pub fn publish(&self, report: &StatusReport) -> Result<(), StatusError> {
        self.primary.put(report)
    }

    /// Tells the end of a run, as the database has it: a terminal status goes there first. A primary that cannot take
    /// it is only logged: readers ask the database then. `is_logged` is whether the log has that of this run
    /// already; it is not said twice.
    pub fn publish_end(&self, id: SyncId, is_logged: bool) {
        if self.primary.is_authoritative() {
            return;
        }
        let reported = match self.database.get(id) {
            Ok(Some(report)) if !report.summary.status.is_active() => self.primary.put(&report),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = reported {
            let level = if is_logged { log::Level::Debug } else { log::Level::Warn };
            log::log!(
                target: log_fields::SYNC_TARGET, level, event = "trouble", syncId:% = id;
                "its status could not be copied to the {} store: {error}", self.primary.name()
            );
        }
    }

    /// What the primary store is called.
    #[must_use]
    pub fn primary_name(&self) -> &'static str {
        self.primary.name()
    }

    /// Whether the primary store does its part just now.
    ///
    /// # Errors
    /// What the primary store answered instead, for people: a folder without write permission, a Redis that is away.
    pub fn check(&self) -> Result<(), StatusError> {
        self.primary.check()
    }

    /// Clears away what the primary store was last told longer than `age` ago.
    ///
    /// # Errors
    /// When the primary store could not list or delete old statuses.
    pub fn sweep(&self, age: Duration) -> Result<usize, StatusError> {
        self.primary.sweep(age)
    }
}
