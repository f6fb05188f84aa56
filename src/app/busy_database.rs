//! Waits at the start while another program writes to the database.

use std::time::{Duration, Instant};

use crate::store::StoreError;

/// How long the start waits while another program writes to the database.
const BUSY_DATABASE_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs a step of the start, and repeats it for up to a minute while another program writes to the database.
pub(super) fn retry_while_busy<T>(mut step: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let started = Instant::now();
    loop {
        match step() {
            Err(StoreError::Busy) if started.elapsed() < BUSY_DATABASE_TIMEOUT => {
                log::warn!("another program is writing to the database; waiting for it before starting");
            }
            result => return result,
        }
    }
}
