//! Clears away what has been kept long enough. Deletion only; a part that fails is logged and blocks nothing, not even
//! the other parts.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::engine::{SyncEngine, Timeouts};
use super::run_signal::ShutdownSignal;

/// How often it looks, at the least.
const EVERY: Duration = Duration::from_secs(60);
/// How often it looks at most, where terms are very short.
const SOONEST: Duration = Duration::from_millis(500);
/// What it leaves to others between two steps of what it clears away.
const PAUSE: Duration = Duration::from_millis(10);

/// Clears away from time to time until it is told to stop.
pub(super) fn watch(engine: &SyncEngine, stop: &ShutdownSignal) {
    let every = interval(&engine.terms);
    while !stop.asked() {
        clear(engine, stop);
        stop.sleep(every);
    }
}

/// How often to look, so that nothing is kept for much longer than it is to be.
fn interval(terms: &Timeouts) -> Duration {
    let shortest = terms.status_kept.min(terms.operations_kept).min(terms.records_kept);
    (shortest / 4).clamp(SOONEST, EVERY)
}

fn clear(engine: &SyncEngine, stop: &ShutdownSignal) {
    let SyncEngine { store, board, terms, .. } = engine;
    part("status reports", stop, || board.sweep(terms.status_kept));
    // Operations before records: a record goes only after its operation.
    part("operations", stop, || store.clear_operations(terms.operations_kept));
    part("records", stop, || store.clear_records(terms.records_kept));
    part("sessions", stop, || store.clear_sessions());
}

/// Takes one step after the other until there is nothing left of `what`.
fn part<E: Display>(what: &str, stop: &ShutdownSignal, mut step: impl FnMut() -> Result<usize, E>) {
    let mut cleared = 0;
    while !stop.asked() {
        match catch_unwind(AssertUnwindSafe(&mut step)) {
            Ok(Ok(0)) => break,
            Ok(Ok(rows)) => cleared += rows,
            Ok(Err(error)) => {
                log::warn!("old {what} could not be cleared away: {error}");
                break;
            }
            Err(_) => {
                log::error!("clearing away old {what} panicked");
                break;
            }
        }
        stop.sleep(PAUSE);
    }
    if cleared > 0 {
        log::debug!("old {what}: {cleared} rows cleared away");
    }
}
