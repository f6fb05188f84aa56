//! The messages of runs that wait or are in progress.

use chrono::{DateTime, Utc};

use crate::domain::progress::ProgressCount;
use crate::domain::source::Noun;
use crate::domain::text::counts::group_digits;

/// The message of a run that waits for a worker.
pub const QUEUED_MESSAGE: &str = "Queued: waiting for a free worker…";

/// The message of a run on the panel while all workers are busy.
pub const WAITING_FOR_WORKER: &str = "Waiting for a free worker…";

/// The message of a run that starts.
pub const STARTING_MESSAGE: &str = "Starting…";

/// The message of a run that fetches a list of feeds, and does not know yet how many there are.
pub const FETCHING_FEED_LIST: &str = "Fetching the list of feeds…";

/// The message of a run that compares what was read and starred in a reader account.
pub const UPDATING_READ_STATES: &str = "Updating read states…";

/// The message of a run in its final stage.
pub const FINALIZING_MESSAGE: &str = "Finalizing synchronization…";

/// The message of a run while the database does not respond.
pub const WAITING_FOR_DATABASE: &str = "Waiting for the database…";

/// The message of a run that fetches its source: "Fetching albums from Google Sheets…".
#[must_use]
pub fn fetching_message(noun: &Noun, from: &str) -> String {
    format!("Fetching {} from {from}…", noun.many)
}

/// The message of a run that fetches the list of its items: "Fetching the list of articles…".
#[must_use]
pub fn fetching_list_message(noun: &Noun) -> String {
    format!("Fetching the list of {}…", noun.many)
}

/// The message of a run that fetches its items one after the other: "Fetching articles 250 of 1000…".
#[must_use]
pub fn fetching_items_message(noun: &Noun, items: ProgressCount) -> String {
    format!("Fetching {} {} of {}…", noun.many, group_digits(items.processed), group_digits(items.total))
}

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
