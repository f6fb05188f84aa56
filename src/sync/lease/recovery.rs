//! Ends the runs of dead workers as *interrupted*. A worker counts as dead when its lease has expired and it did not
//! renew the lease although the database was available.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::domain::operation::{Lease, Status};
use crate::domain::sync_id::SyncId;
use crate::store::takeover::TakenOver;
use crate::store::{Retryability, StoreError};
use crate::sync::SyncEngine;
use crate::sync::catch_panic::catch_panic;
use crate::sync::outage_log::OutageLog;
use crate::sync::run_log;
use crate::sync::shutdown_signal::ShutdownSignal;

/// How often leases are checked. With a lease of 15 s a dead worker's run is ended some 20 s after its last renewal.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// A response that took longer shows that the database was blocked, so that no worker could renew its lease.
const MAX_RESPONSE_TIME: Duration = Duration::from_secs(2);

/// Ends the runs of dead workers until the process shuts down.
pub(in crate::sync) fn recover_expired_leases(engine: &SyncEngine, shutdown: &ShutdownSignal) {
    let mut outage = OutageLog::new("expired leases", "checked");
    let mut expired = ExpiredLeases::default();
    while !shutdown.is_requested() {
        if let Some(checked) = catch_panic("recovery", || expired.check(engine)) {
            outage.record(checked);
        }
        shutdown.sleep(CHECK_INTERVAL);
    }
}

/// The tokens of runs whose lease has expired, and since when their worker could have renewed it.
///
/// An expired lease alone does not prove that the worker is dead: while the database is unavailable, or another program
/// locks it, no worker can renew its lease, and afterwards the order of the writers is unknown. So the lease is
/// checked again inside a write transaction, which proves that writing is possible. Only a worker that does not renew
/// within a renewal interval after that is dead.
#[derive(Default)]
struct ExpiredLeases(HashMap<SyncId, (i64, Instant)>);

impl ExpiredLeases {
    /// Checks all leases once.
    fn check(&mut self, engine: &SyncEngine) -> Result<(), StoreError> {
        let started = Instant::now();
        let expired = engine.store.expired_leases();
        if expired.is_err() || started.elapsed() > MAX_RESPONSE_TIME {
            self.0.clear();
        }
        let expired = expired?;
        self.0.retain(|id, (token, _)| expired.iter().any(|lease| lease.id == *id && lease.token == *token));
        for lease in expired {
            self.check_lease(engine, lease);
        }
        Ok(())
    }

    fn check_lease(&mut self, engine: &SyncEngine, lease: Lease) {
        let started = Instant::now();
        let result = match self.0.get(&lease.id) {
            None => engine.store.has_expired(lease).map(|has_expired| {
                if has_expired {
                    self.0.insert(lease.id, (lease.token, Instant::now()));
                }
            }),
            Some((_, since)) if since.elapsed() < engine.timeouts.renewal_interval => return,
            Some(_) => take_over(engine, lease).map(|_| {
                self.0.remove(&lease.id);
            }),
        };
        if started.elapsed() > MAX_RESPONSE_TIME {
            // No other worker could renew its lease in the meantime either.
            self.0.values_mut().for_each(|(_, since)| *since = Instant::now());
        }
        match result {
            Ok(()) => {}
            // The row or the database is locked by a worker that is writing, or by a worker that froze while it was
            // writing.
            Err(error) if error.retryability() != Retryability::Permanent => {
                self.0.remove(&lease.id);
                log::debug!(syncId:% = lease.id; "its expired lease could not be taken over yet: {error}");
                end_frozen_sessions(engine, lease);
            }
            // A run that cannot be taken over must not delay the others.
            Err(error) => {
                run_log::log_warning(lease.id, format_args!("its expired lease could not be taken over: {error}"));
            }
        }
    }
}

/// Ends database sessions of a frozen process that lock the row of a run.
fn end_frozen_sessions(engine: &SyncEngine, lease: Lease) {
    if let Ok(ended @ 1..) = engine.store.end_frozen_sessions(engine.timeouts.lease) {
        run_log::log_warning(
            lease.id,
            format_args!("{ended} sessions of a frozen process were ended: they locked its row"),
        );
    }
}

/// Ends a run if its worker is dead by the same rule. Blocks for the renewal interval that this check needs. `None`
/// when the worker is alive.
///
/// # Errors
/// [`StoreError`] when the lease cannot be checked or the run cannot be ended, also because its row is locked.
pub(in crate::sync) fn end_if_dead(engine: &SyncEngine, lease: Lease) -> Result<Option<TakenOver>, StoreError> {
    if !engine.store.has_expired(lease)? {
        return Ok(None);
    }
    std::thread::sleep(engine.timeouts.renewal_interval);
    take_over(engine, lease)
}

/// Ends a run whose lease has expired, logs it and publishes its end. `None` when its lease was renewed meanwhile.
fn take_over(engine: &SyncEngine, lease: Lease) -> Result<Option<TakenOver>, StoreError> {
    let Some(taken) = engine.store.take_over(lease)? else { return Ok(None) };
    run_log::log_take_over(taken.id);
    engine.status_board.publish_end(taken.id, false);
    run_log::log_ending(&engine.store, taken.id, Status::Interrupted, "its worker is dead");
    if taken.successor.is_some() {
        engine.wake_signal.notify();
    }
    Ok(Some(taken))
}
