//! Live status of runs: published to a primary store for pollers, and read through the [`StatusBoard`].

pub mod board;
mod database;
mod file;
mod redis;
mod seen_progress;

use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;

pub use board::StatusBoard;
pub use database::DatabaseStatus;
pub use file::FileStatus;
pub use redis::{NotARedis, RedisAddress, RedisStatus};

/// The most bytes of a stored report. A real one has about one thousand; a larger value is not read.
const MAX_REPORT_BYTES: u64 = 64 * 1024;

/// A store of live status for pollers.
pub trait StatusStore: Send + Sync {
    /// Returns its name for log lines: `file`, `Redis` or `database`.
    fn name(&self) -> &'static str;

    /// Returns whether its reports are always current, whatever their age. This is true for the database only.
    fn is_authoritative(&self) -> bool {
        false
    }

    /// Stores a report, which replaces the run's previous one. If this fails, the previous report is deleted if
    /// possible, so that it is not read as a current one.
    ///
    /// # Errors
    /// [`StatusError`] when the report could not be written.
    fn put(&self, report: &StatusReport) -> Result<(), StatusError>;

    /// Returns the newest report of a run; `None` if there is none.
    ///
    /// # Errors
    /// [`StatusError`] when the report cannot be read.
    fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError>;

    /// Checks whether the store works, as far as that is possible without a run.
    ///
    /// # Errors
    /// [`StatusError`] with the problem.
    fn check(&self) -> Result<(), StatusError> {
        // No run has this id. A store that works responds with `None`.
        self.get(SyncId::new()).map(drop)
    }

    /// Deletes reports that were last written longer than `age` ago and returns their number.
    ///
    /// # Errors
    /// [`StatusError`] when some reports could not be deleted; all other old reports are deleted.
    fn delete_old_reports(&self, age: std::time::Duration) -> Result<usize, StatusError>;
}

/// A failure of a status store.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// A status file or its folder cannot be read or written.
    #[error("status file {path}: {error}")]
    File {
        /// The path of the file or folder.
        path: std::path::PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// Redis does not respond, or it refuses the command.
    #[error("Redis at {address}: {reason}")]
    Redis {
        /// The address without the password.
        address: String,
        /// The reason, as reported by Redis or the operating system.
        reason: String,
    },
    /// The stored text is not a report.
    #[error("the stored status cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The stored report belongs to another run.
    #[error("the stored status belongs to another run, {0}")]
    WrongRun(SyncId),
    /// The database cannot be read.
    #[error(transparent)]
    Database(#[from] crate::store::StoreError),
}

/// Parses a stored report and checks that it belongs to this run.
fn read_report(id: SyncId, json: &[u8]) -> Result<StatusReport, StatusError> {
    let report: StatusReport = serde_json::from_slice(json)?;
    if report.summary.id == id { Ok(report) } else { Err(StatusError::WrongRun(report.summary.id)) }
}
