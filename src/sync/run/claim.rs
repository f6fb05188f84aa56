//! Claims a waiting run for a worker, together with its lease.

use std::time::Instant;

use crate::domain::operation::{Lease, SyncOperation};
use crate::domain::sync_id::SyncId;
use crate::store::StoreError;
use crate::sync::SyncEngine;
use crate::sync::run_log;

/// A run that this worker has claimed.
pub(in crate::sync) struct ClaimedRun {
    pub(in crate::sync) operation: SyncOperation,
    pub(in crate::sync) lease: Lease,
    /// When the lease was requested. It lasts at least from then.
    pub(in crate::sync) requested_at: Instant,
}

/// Claims the next waiting run, or only the run `only`. `None` when there is none.
///
/// # Errors
/// [`StoreError`] when the queue cannot be read or the claim cannot be written.
pub(in crate::sync) fn claim_run(engine: &SyncEngine, only: Option<SyncId>) -> Result<Option<ClaimedRun>, StoreError> {
    let requested_at = Instant::now();
    let thread = std::thread::current();
    let thread_name = thread.name().unwrap_or("worker");
    let worker = format!("{}/{thread_name}", std::process::id());
    // Random, so that no two claims share a token, whatever clocks and counters do.
    let (token, _) = uuid::Uuid::new_v4().as_u64_pair();
    let token = i64::from_ne_bytes(token.to_ne_bytes());
    let Some((operation, lease)) = engine.store.claim_run(&worker, token, engine.timeouts.lease, only)? else {
        return Ok(None);
    };
    run_log::log_started(&engine.store, &operation, thread_name);
    Ok(Some(ClaimedRun { operation, lease, requested_at }))
}
