//! An error of the disk that a database file is on.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

/// The last error of the disk, until it confirms writes again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiskProblem {
    /// The error, as the database reported it.
    pub reason: String,
    /// When it was reported.
    pub at: DateTime<Utc>,
}

/// The state of the disk, shared by all pools of a process.
pub(super) type SharedDiskState = Arc<Mutex<Option<DiskProblem>>>;
