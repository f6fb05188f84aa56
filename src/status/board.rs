//! Publishes the status of runs to the primary store, and reads it from there or from the database behind it.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use parking_lot::Mutex;

use super::seen_progress::SeenProgress;
use super::{DatabaseStatus, StatusError, StatusStore};
use crate::domain::log_fields;
use crate::domain::operation::Status;
use crate::domain::run_summary::RunSummary;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::store::Store;

/// How often an unchanged report is published again, so that readers do not treat it as outdated.
pub const REPEAT_INTERVAL: Duration = Duration::from_millis(1500);
/// A report of a running run that is older than this may be outdated: its run may have ended without being able to
/// replace or delete it.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(2);

/// How long fresh reports are used without asking the database after it did not answer.
const DATABASE_BACKOFF: Duration = Duration::from_secs(5);

/// The primary status store, with the database as its fallback. Reading never writes.
///
/// A run's own reporter publishes to the primary while it runs and at its end. A pending run has no reporter, and the
/// worker that claims it may belong to another server with another primary, so the status of pending runs is read from
/// the database.
pub struct StatusBoard {
    primary: Box<dyn StatusStore>,
    database: DatabaseStatus,
    trusted_for: TimeDelta,
    /// Until when fresh reports are used without asking the database, because it did not answer.
    database_backoff: Mutex<Option<Instant>>,
    /// The progress of each run in the last response. After an outage, during which the database answered, the primary
    /// may return an older report, which must not lower the progress.
    seen: SeenProgress,
}

/// A report of the primary store, and how far it can be trusted.
enum PrimaryReading {
    /// The report is fresh, and the database has confirmed that the run is running.
    Confirmed(StatusReport),
    /// The report is fresh, or the end of a run; the database has to confirm it.
    Unconfirmed(StatusReport),
    /// The report may be outdated; used only if the database is unavailable.
    Outdated(StatusReport),
    /// There is no report, or it cannot be used.
    Unusable,
}

impl StatusBoard {
    /// Creates a board. A report of an active run is ignored when it is older than two `renewal_interval`s: its worker
    /// would have published a newer one, or another server has taken over the run.
    #[must_use]
    pub fn new(primary: Box<dyn StatusStore>, store: Store, renewal_interval: Duration) -> Self {
        Self {
            primary,
            database: DatabaseStatus::new(store),
            trusted_for: TimeDelta::from_std(renewal_interval * 2).unwrap_or(TimeDelta::MAX),
            database_backoff: Mutex::default(),
            seen: SeenProgress::default(),
        }
    }

    /// Checks whether the primary store works.
    ///
    /// # Errors
    /// [`StatusError`] with the problem for people: a folder without write permission, or a Redis that does not
    /// respond. Until it is solved, status is read from the database.
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
            PrimaryReading::Confirmed(report) => Some(report),
            PrimaryReading::Unconfirmed(report) if self.is_database_skipped() => Some(report),
            PrimaryReading::Unconfirmed(report) | PrimaryReading::Outdated(report) => self.confirm(report)?,
            PrimaryReading::Unusable => self.database.get(id)?,
        };
        if let Some(report) = &mut answer {
            self.seen.record_seen(&mut report.summary);
        }
        Ok(answer)
    }

    /// Records that a page or an answer shows this state of a run, which it read from the database. The primary may lag
    /// behind the database: if the database becomes unavailable, no later answer shows less.
    pub fn record_shown(&self, summary: &RunSummary) {
        self.seen.record_seen(&mut summary.clone());
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
        let age = Utc::now() - report.last_update;
        match report.summary.status {
            Status::Pending => PrimaryReading::Unusable,
            // A time in the future says nothing: the clock was set back, or the report is false.
            Status::Running if age < TimeDelta::zero() || age > self.trusted_for => PrimaryReading::Unusable,
            Status::Running if age > FRESH_FOR => PrimaryReading::Outdated(report),
            Status::Running if self.seen.is_confirmed(id) => PrimaryReading::Confirmed(report),
            Status::Running | Status::Completed | Status::Failed | Status::Cancelled | Status::Interrupted => {
                PrimaryReading::Unconfirmed(report)
            }
        }
    }

    /// Compares a report of the primary with the database, and returns the one to answer with. If the database is
    /// unavailable, that is the report of the primary.
    fn confirm(&self, report: StatusReport) -> Result<Option<StatusReport>, StatusError> {
        let (id, asked_at) = (report.summary.id, Instant::now());
        let stored = match self.database.get(id) {
            Ok(stored) => stored,
            Err(error) => {
                log::debug!(syncId:% = id; "{error}; using the status of the {} store", self.primary.name());
                *self.database_backoff.lock() = Some(Instant::now() + DATABASE_BACKOFF);
                return Ok(Some(report));
            }
        };
        *self.database_backoff.lock() = None;
        let Some(stored) = stored else { return Ok(None) };
        let (ours, theirs) = (&report.summary, &stored.summary);
        // The database was read later, and the primary is never ahead of it: a report with more progress is false.
        if theirs.status != Status::Running || ours.status != Status::Running || ours.progress > theirs.progress {
            return Ok(Some(stored));
        }
        self.seen.record_confirmed(id, asked_at);
        // At the same percentage the counts of a fresh report are newer.
        let is_fresh = Utc::now() - report.last_update <= FRESH_FOR;
        Ok(Some(if ours.progress == theirs.progress && is_fresh { report } else { stored }))
    }

    fn is_database_skipped(&self) -> bool {
        self.database_backoff.lock().is_some_and(|until| Instant::now() < until)
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

    /// Deletes reports that were last written longer than `age` ago. Returns their number.
    ///
    /// # Errors
    /// [`StatusError`] when the primary store cannot list or delete old reports.
    pub fn delete_old_reports(&self, age: Duration) -> Result<usize, StatusError> {
        self.primary.delete_old_reports(age)
    }
}
