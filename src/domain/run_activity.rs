//! A run in an overview of several catalogs.

use super::operation::{OperationKind, Status};
use super::progress::RunStats;
use super::source::Slug;
use super::sync_id::SyncId;

/// A run in an overview of several catalogs: active, or just ended.
#[derive(Clone, PartialEq, Debug)]
pub struct RunActivity {
    /// The id of the run.
    pub id: SyncId,
    /// The slug of its source.
    pub source: Slug,
    /// The name of its source.
    pub name: String,
    /// What it does.
    pub kind: OperationKind,
    /// Its status.
    pub status: Status,
    /// Percent, 0 to 100.
    pub progress: u8,
    /// What it counted.
    pub stats: RunStats,
    /// Whether it completed, and removals that it withheld wait for a decision.
    pub needs_review: bool,
}
