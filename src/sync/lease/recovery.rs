//! Ends the runs of workers that are gone, and nothing else: expired leases only.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::domain::operation::{Lease, Status};
use crate::domain::sync_id::SyncId;
use crate::store::recovery::TakenOver;
use crate::store::{Retryability, StoreError};
use crate::sync::catch_panic::catch_panic;
use crate::sync::engine::SyncEngine;
use crate::sync::outage_log::OutageLog;
use crate::sync::run_log;
use crate::sync::run_signal::ShutdownSignal;

/// How often it looks. With a lease of 15 s a dead worker's run is ended some 20 s after its last renewal.
const LOOK: Duration = Duration::from_secs(1);
/// An answer that took longer says that the database stood still, and with it those who would have renewed.
const PROMPT: Duration = Duration::from_secs(2);

/// Looks until it is told to stop.
pub(in crate::sync) fn watch(engine: &SyncEngine, stop: &ShutdownSignal) {
    let mut outage = OutageLog::new("expired leases", "looked at");
    let mut suspects = ExpiredLeases::default();
    while !stop.asked() {
        if let Some(looked) = catch_panic("recovery", || suspects.look(engine)) {
            outage.note(looked);
        }
        stop.sleep(LOOK);
    }
}

/// Runs whose lease has run out, and since when they are known to have no excuse.
///
/// While the database is away, or another program holds it, no worker can renew its lease, however alive it is; and
/// when it is back nobody knows who comes first. So a lease that has run out is not enough. It is looked at in a turn
/// to write, which shows that there are turns to be had again; only if the worker has not taken one for as long as a
/// renewal, is it dead.
#[derive(Default)]
struct ExpiredLeases(HashMap<SyncId, (i64, Instant)>);

impl ExpiredLeases {
    /// Looks at all leases once.
    fn look(&mut self, engine: &SyncEngine) -> Result<(), StoreError> {
        let asked = Instant::now();
        let expired = engine.store.expired_leases();
        if expired.is_err() || asked.elapsed() > PROMPT {
            self.0.clear();
        }
        let expired = expired?;
        self.0.retain(|id, (token, _)| expired.iter().any(|lease| lease.id == *id && lease.token == *token));
        for lease in expired {
            self.judge(engine, lease);
        }
        Ok(())
    }

    fn judge(&mut self, engine: &SyncEngine, lease: Lease) {
        let asked = Instant::now();
        let judged = match self.0.get(&lease.id) {
            None => engine.store.has_expired(lease).map(|expired| {
                if expired {
                    self.0.insert(lease.id, (lease.token, Instant::now()));
                }
            }),
            Some((_, since)) if since.elapsed() < engine.terms.renewal => return,
            Some(_) => take_over(engine, lease).map(|_| {
                self.0.remove(&lease.id);
            }),
        };
        if asked.elapsed() > PROMPT {
            // The others could not renew meanwhile either.
            self.0.values_mut().for_each(|(_, since)| *since = Instant::now());
        }
        match judged {
            Ok(()) => {}
            // There was no turn, or somebody holds the row: a worker that is writing, or one that is frozen in it.
            Err(error) if error.prospect() != Retryability::Final => {
                self.0.remove(&lease.id);
                log::debug!(syncId:% = lease.id; "its expired lease is left alone for now: {error}");
                if let Ok(ended @ 1..) = engine.store.end_frozen_sessions(engine.terms.lease) {
                    let what = format_args!("{ended} sessions of a frozen process were ended; they held its row");
                    run_log::trouble(lease.id, what);
                }
            }
            // One that cannot be taken over must not keep the others waiting.
            Err(error) => {
                run_log::trouble(lease.id, format_args!("its expired lease could not be taken over: {error}"));
            }
        }
    }
}

/// Ends a run whose lease has run out, by the same rule, and takes the time that this needs. `None` when its worker
/// is alive.
pub(in crate::sync) fn end_if_dead(engine: &SyncEngine, lease: Lease) -> Result<Option<TakenOver>, StoreError> {
    if !engine.store.has_expired(lease)? {
        return Ok(None);
    }
    std::thread::sleep(engine.terms.renewal);
    take_over(engine, lease)
}

/// Ends a run whose lease has run out, and tells of it and of its successor. `None` when it was not to be ended.
fn take_over(engine: &SyncEngine, lease: Lease) -> Result<Option<TakenOver>, StoreError> {
    let Some(taken) = engine.store.take_over(lease)? else { return Ok(None) };
    run_log::taken_over(taken.id);
    engine.board.tell_end(taken.id, false);
    run_log::ended(&engine.store, taken.id, Status::Interrupted, "its worker is gone");
    if taken.successor.is_some() {
        engine.bell.ring();
    }
    Ok(Some(taken))
}
