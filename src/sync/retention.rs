//! Clears away what has been kept long enough. Deletion only; a failure is logged and blocks nothing.

use std::time::Duration;

use super::engine::Engine;
use super::signal::Stop;

const EVERY: Duration = Duration::from_secs(60);

/// Clears away from time to time until it is told to stop.
pub(super) fn watch(engine: &Engine, stop: &Stop) {
    while !stop.asked() {
        match engine.board.sweep(engine.terms.status_kept) {
            Ok(0) => {}
            Ok(swept) => log::debug!("{swept} old status reports cleared away"),
            Err(error) => log::warn!("old status reports could not be cleared away: {error}"),
        }
        stop.sleep(EVERY);
    }
}
