//! Ends the runs of workers that are gone, and nothing else: expired leases only.

use std::time::{Duration, Instant};

use super::engine::Engine;
use super::journal;
use super::outage::Outage;
use super::signal::Stop;
use super::worker::living;
use crate::domain::operation::{Lease, Status};
use crate::store::StoreError;
use crate::store::recovery::TakenOver;

/// How often it looks. With a lease of 15 s a dead worker's run is ended within 20 s.
const LOOK: Duration = Duration::from_secs(2);

/// Looks until it is told to stop.
///
/// While the database is away no worker can renew its lease, however alive it is. So what has run out when it is back
/// says nothing yet: the living get a renewal's time to renew before anybody is declared dead.
pub(super) fn watch(engine: &Engine, stop: &Stop) {
    let mut leases = Outage::new("expired leases", "looked at");
    let mut not_before = Instant::now();
    while !stop.asked() {
        let looked = living("recovery", || recover(engine, not_before));
        if looked.is_some_and(|looked| leases.note(looked) != Some(true)) {
            not_before = Instant::now() + engine.terms.renewal;
        }
        stop.sleep(LOOK);
    }
}

/// Takes over what has expired, unless it is too early for that. Answers whether the database let us write.
fn recover(engine: &Engine, not_before: Instant) -> Result<bool, StoreError> {
    let expired = engine.store.expired_leases()?;
    if Instant::now() < not_before {
        return Ok(true);
    }
    for lease in expired {
        match take_over(engine, lease) {
            Ok(_) => {}
            Err(StoreError::Busy) => return Ok(false),
            // One that cannot be taken over now (its row is held by a frozen process) must not keep the others waiting.
            Err(error) => {
                journal::trouble(lease.id, format_args!("its expired lease could not be taken over: {error}"));
            }
        }
    }
    Ok(true)
}

/// Ends a run whose lease has run out, and tells of it and of its successor. `None` when it was not to be ended.
pub(super) fn take_over(engine: &Engine, lease: Lease) -> Result<Option<TakenOver>, StoreError> {
    let Some(taken) = engine.store.take_over(lease)? else { return Ok(None) };
    journal::taken_over(taken.id);
    engine.board.tell_end(taken.id);
    journal::ended(&engine.store, taken.id, Status::Interrupted, "its worker is gone");
    if taken.successor.is_some() {
        engine.bell.ring();
    }
    Ok(Some(taken))
}
