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

/// How often an unchanged report is published again, so that readers do not treat it as outdated.
pub const REPEAT_INTERVAL: Duration = Duration::from_millis(1500);
/// A report of an active run that is older than this may be outdated: its run may have ended without being able to
/// replace or delete it. Such a report is checked against the database.
const VERIFY_AFTER: Duration = Duration::from_secs(2);

/// The primary status store, with the database as its fallback. Reading never writes.
///
/// A run's own reporter publishes to the primary while it runs and at its end. A pending run has no reporter, and the
/// worker that claims it may belong to another server with another primary, so the status of pending runs is read from
/// the database.
pub struct StatusBoard {
    primary: Box<dyn StatusStore>,
    database: DatabaseStatus,
    trusted_for: TimeDelta,
    verified_after: TimeDelta,
    /// The progress of each run in the last response. After an outage, during which the database answered, the primary
    /// may return an older report, which must not lower the progress.
    seen: SeenProgress,
}

/// A report of the primary store, and how far it can be trusted.
enum PrimaryReading {
    /// The report is current.
    Trusted(StatusReport),
    /// The report may be outdated; used only if the database is unavailable.
    Unverified(StatusReport),
    /// There is no report, or it cannot be used.
    Unusable,
}

impl StatusBoard {
    /// Creates a board. A report of an active run is ignored when it is older than two `renewal_interval`s: its worker
    /// would have published a newer one, or another server has taken over the run.
    #[must_use]
    pub fn new(primary: Box<dyn StatusStore>, store: Store, renewal_interval: Duration) -> Self {
        let to_delta = |time| TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX);
        let trusted_for = to_delta(renewal_interval * 2);
        Self {
            primary,
            database: DatabaseStatus::new(store),
            trusted_for,
            verified_after: to_delta(VERIFY_AFTER).min(trusted_for),
            seen: SeenProgress::default(),
        }
    }

    /// Checks whether the primary store works.
    ///
    /// # Errors
    /// [`StatusError`] with the problem. Until it is solved, status is read from the database.
    pub fn check_primary(&self) -> Result<(), StatusError> {
        self.primary.check()
    }

    /// Returns the status of a run; `None` if the run is unknown.
    ///
    /// # Errors
    /// [`StatusError::Database`] when the primary has no trustworthy report and the database cannot be read either.
    pub fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError> {
        if self.primary.is_authoritative() {
            return self.primary.get(id);
        }
        let mut answer = match self.read_primary(id) {
            PrimaryReading::Trusted(report) => Some(report),
            PrimaryReading::Unusable => self.database.get(id)?,
            PrimaryReading::Unverified(report) => self.database.get(id).or_else(|error| {
                log::debug!(syncId:% = id; "{error}; using the status of the {} store", self.primary.name());
                Ok::<_, StatusError>(Some(report))
            })?,
        };
        if let Some(report) = &mut answer {
            self.seen.record_seen(report);
        }
        Ok(answer)
    }

    /// Reads the report of the primary and classifies it.
    fn read_primary(&self, id: SyncId) -> PrimaryReading {
        let report = match self.primary.get(id) {
            Ok(Some(report)) => report,
            Ok(None) => return PrimaryReading::Unusable,
            Err(error) => {
                log::debug!(syncId:% = id; "{} status: {error}; reading the database", self.primary.name());
                return PrimaryReading::Unusable;
            }
        };
        if self.seen.is_ahead_of(&report) {
            return PrimaryReading::Unusable;
        }
        // The absolute difference is used: after the clock was set back, an old report must not look new for hours.
        let age = (Utc::now() - report.last_update).abs();
        match report.summary.status {
            Status::Pending => PrimaryReading::Unusable,
            Status::Running if age > self.trusted_for => PrimaryReading::Unusable,
            Status::Running if age > self.verified_after => PrimaryReading::Unverified(report),
            Status::Running | Status::Completed | Status::Failed | Status::Cancelled | Status::Interrupted => {
                PrimaryReading::Trusted(report)
            }
        }
    }

    /// Publishes a report for pollers.
    ///
    /// # Errors
    /// [`StatusError`] when the primary store cannot store it; readers then use the database.
    pub fn publish(&self, report: &StatusReport) -> Result<(), StatusError> {
        self.primary.put(report)
    }

    /// Publishes the end of a run as it is stored in the database, because terminal statuses are written there first. A
    /// failure of the primary is only logged; readers then use the database. `is_logged` says whether a failure of this
    /// run was logged already; further failures are logged at debug level.
    pub fn publish_end(&self, id: SyncId, is_logged: bool) {
        if self.primary.is_authoritative() {
            return;
        }
        let copied = match self.database.get(id) {
            Ok(Some(report)) if !report.summary.status.is_active() => self.primary.put(&report),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = copied {
            let level = if is_logged { log::Level::Debug } else { log::Level::Warn };
            log::log!(
                target: log_fields::SYNC_TARGET, level, event = "trouble", syncId:% = id;
                "its status could not be copied to the {} store: {error}", self.primary.name()
            );
        }
    }

    /// Returns the name of the primary store.
    #[must_use]
    pub fn primary_name(&self) -> &'static str {
        self.primary.name()
    }

    /// Checks whether the primary store works.
    ///
    /// # Errors
    /// [`StatusError`] with the problem for people: a folder without write permission, or a Redis that does not
    /// respond.
    pub fn check(&self) -> Result<(), StatusError> {
        self.primary.check()
    }

    /// Deletes reports that were last written longer than `age` ago. Returns their number.
    ///
    /// # Errors
    /// [`StatusError`] when the primary store cannot list or delete old reports.
    pub fn delete_old_reports(&self, age: Duration) -> Result<usize, StatusError> {
        self.primary.delete_old_reports(age)
    }
}
