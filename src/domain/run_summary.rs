//! What every view of a run shares: its live status, its entry among the active runs, and its kept record.

use serde::Deserialize;

use super::operation::{OperationKind, Stage, Status};
use super::progress::RunStats;
use super::source::Slug;
use super::sync_id::SyncId;

/// The state of one run, whoever reads it.
///
/// [`StatusReport`](super::status_report::StatusReport), [`ActiveRun`](super::record::ActiveRun) and
/// [`SyncRecord`](super::record::SyncRecord) hold one each.
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
    /// Where it stands, or how it ended.
    pub status: Status,
    /// Percent, 0 to 100; 100 only with *completed*.
    pub progress: u8,
    /// The stage that it is in or ended in; `None` if no worker has taken it.
    pub stage: Option<Stage>,
    /// One line for people: what it is doing, or what came of it.
    pub message: String,
    /// The counts so far.
    pub stats: RunStats,
    /// Why it failed, as a message for people.
    pub error: Option<String>,
    /// The same as a code for programs.
    pub code: Option<String>,
    /// The number of the attempt, from 1.
    pub attempt: i32,
    /// The interrupted run that it continues.
    pub retry_of: Option<SyncId>,
    /// The run that continues it.
    pub successor: Option<SyncId>,
}
