//! Live status: written for pollers to a primary store, and read through one board.

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

/// A place where live status is kept for pollers.
pub trait StatusStore: Send + Sync {
    /// Its name in log lines: `file`, `Redis`, `database`.
    fn name(&self) -> &'static str;

    /// Whether what it says is what is so, however long ago it was written: true of the database alone.
    fn is_authoritative(&self) -> bool {
        false
    }

    /// Keeps a report; the newest of a run replaces the one before. When this fails nothing of the run is left
    /// here, so that an outdated report cannot be read as a live one.
    ///
    /// # Errors
    /// When it could not be written.
    fn put(&self, report: &StatusReport) -> Result<(), StatusError>;

    /// The newest report of a run.
    ///
    /// # Errors
    /// When it cannot be read; absence is no error.
    fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError>;

    /// Whether it does its part just now. What can be found out without a run is tried.
    ///
    /// # Errors
    /// When it does not.
    fn check(&self) -> Result<(), StatusError> {
        // A run that cannot be there: an answer of a store that can be asked.
        self.get(SyncId::new()).map(drop)
    }

    /// Clears away what was last written longer than `age` ago and answers how much that was.
    ///
    /// # Errors
    /// When something could not be cleared away; everything else is gone.
    fn sweep(&self, age: std::time::Duration) -> Result<usize, StatusError>;
}

/// A status store that does not do its part.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The folder or file.
    #[error("the status file {path}: {error}")]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The Redis.
    #[error("the Redis at {address}: {reason}")]
    Redis {
        /// Where it is, without a password.
        address: String,
        /// What it or the system said.
        reason: String,
    },
    /// Something was there that is no report.
    #[error("a status that cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The report of another run was there.
    #[error("a status of another run, {0}")]
    OfAnother(SyncId),
    /// The database.
    #[error(transparent)]
    Database(#[from] crate::store::StoreError),
}

/// Reads what was kept as the report of a run.
fn read_report(id: SyncId, json: &[u8]) -> Result<StatusReport, StatusError> {
    let report: StatusReport = serde_json::from_slice(json)?;
    if report.summary.id == id { Ok(report) } else { Err(StatusError::OfAnother(report.summary.id)) }
}
