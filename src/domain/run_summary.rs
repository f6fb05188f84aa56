//! The properties of a run that the live status, the list of active runs and the record share.

use serde::Deserialize;

use super::operation::{OperationKind, Stage, Status};
use super::progress::RunStats;
use super::source::Slug;
use super::sync_id::SyncId;

/// The state of one run.
///
/// [`StatusReport`](super::status_report::StatusReport), [`ActiveRun`](super::record::ActiveRun) and
/// [`SyncRecord`](super::record::SyncRecord) each contain a summary.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    /// The id of the run.
    #[serde(rename = "syncId")]
    pub id: SyncId,
    /// The slug of its source. A record keeps the slug that the source had when the run ended.
    pub source: Slug,
    /// What the run does.
    pub kind: OperationKind,
    /// The status of the run.
    pub status: Status,
    /// Percent, 0 to 100; 100 only with *completed*.
    pub progress: u8,
    /// The current or last stage; `None` if no worker has claimed it.
    pub stage: Option<Stage>,
    /// The message for people, in one line.
    pub message: String,
    /// The counts so far.
    pub stats: RunStats,
    /// The error message for people, if it failed.
    pub error: Option<String>,
    /// The error code for programs, if it failed.
    pub code: Option<String>,
    /// The number of the attempt, from 1.
    pub attempt: i32,
    /// The interrupted run that it continues.
    pub retry_of: Option<SyncId>,
    /// The run that continues it.
    pub successor: Option<SyncId>,
}
