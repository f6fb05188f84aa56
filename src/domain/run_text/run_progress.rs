//! The messages of runs that wait or are in progress.

use chrono::{DateTime, Utc};

use crate::domain::source::Noun;

/// The message of a run that waits for a worker.
pub const QUEUED_MESSAGE: &str = "Queued: waiting for a free worker…";

/// The message of a run on the panel while all workers are busy.
pub const WAITING_FOR_WORKER: &str = "Waiting for a free worker…";

/// The message of a run that starts.
pub const STARTING_MESSAGE: &str = "Starting…";

/// The message of a run in its final stage.
pub const FINALIZING_MESSAGE: &str = "Finalizing synchronization…";

/// The message of a run while the database does not respond.
pub const WAITING_FOR_DATABASE: &str = "Waiting for the database…";

/// The message of a run that reads its source for the first time: "Comparing albums with the catalog…".
#[must_use]
pub fn comparing_message(noun: &Noun) -> String {
    format!("Comparing {} with the catalog…", noun.many)
}

/// The message of a run that waits because `host` limits its requests: "Rate-limited by Google, retrying at 14:05:09
/// UTC".
#[must_use]
pub fn rate_limited_message(host: &str, until: DateTime<Utc>) -> String {
    format!("Rate-limited by {host}, retrying at {} UTC", until.format("%H:%M:%S"))
}
