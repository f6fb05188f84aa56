//! Ends the runs of workers that are gone, and nothing else: expired leases only.

use std::time::Duration;

use super::engine::Engine;
use super::signal::Stop;
use super::worker::living;
use crate::domain::operation::Lease;
use crate::store::StoreError;
use crate::store::recovery::TakenOver;

/// How often it looks. With a lease of 15 s a dead worker's run is ended within 20 s.
const LOOK: Duration = Duration::from_secs(2);

/// Looks until it is told to stop.
pub(super) fn watch(engine: &Engine, stop: &Stop) {
    while !stop.asked() {
        if let Some(Err(error)) = living("recovery", || recover(engine)) {
            log::warn!("expired leases could not be looked at: {error}");
        }
        stop.sleep(LOOK);
    }
}

fn recover(engine: &Engine) -> Result<(), StoreError> {
    for lease in engine.store.expired_leases()? {
        // One that cannot be taken over now (its row is held by a frozen process) must not keep the others waiting.
        if let Err(error) = take_over(engine, lease) {
            log::warn!("{}: its expired lease could not be taken over: {error}", lease.id);
        }
    }
    Ok(())
}

/// Ends a run whose lease has run out, and tells of it and of its successor. `None` when it was not to be ended.
pub(super) fn take_over(engine: &Engine, lease: Lease) -> Result<Option<TakenOver>, StoreError> {
    let Some(taken) = engine.store.take_over(lease)? else { return Ok(None) };
    log::warn!("{}: interrupted: its worker is gone", taken.id);
    engine.board.tell_end(taken.id);
    if let Some(successor) = taken.successor {
        log::info!("{successor}: queued to continue {}", taken.id);
        engine.bell.ring();
    }
    Ok(Some(taken))
}
