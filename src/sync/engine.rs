//! The parts of the engine that its threads share.

use std::sync::Arc;

use super::timeouts::Timeouts;
use super::wake_signal::WakeSignal;
use crate::fetch::SourceKinds;
use crate::status::StatusBoard;
use crate::store::Store;

/// The parts of the engine that its threads share. Clones share the same parts.
#[derive(Clone)]
pub struct SyncEngine {
    /// The database.
    pub store: Store,
    /// Where the status of runs is published.
    pub status_board: Arc<StatusBoard>,
    /// The kinds of sources that this version supports.
    pub kinds: Arc<SourceKinds>,
    /// Intervals and time limits.
    pub timeouts: Timeouts,
    /// Wakes idle workers when a run was queued.
    pub wake_signal: Arc<WakeSignal>,
}
