//! Automatic retries: a scheduled sync that failed for a passing reason is tried again a few times.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::sync_id::SyncId;

/// The most automatic retries of one scheduled sync.
pub const MAX_AUTOMATIC_RETRIES: u8 = 3;

/// The pause before each retry, as a multiple of the first pause.
const PAUSE_FACTORS: [u32; MAX_AUTOMATIC_RETRIES as usize] = [1, 5, 15];

/// The error codes of failures that may pass without a change by a person.
const TRANSIENT_CODES: [&str; 9] = [
    "connection",
    "database",
    "disk",
    "disk_full",
    "rate_limited",
    "server_error",
    "timeout",
    "truncated",
    "unknown_host",
];

/// A retry that waits for its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaitingRetry {
    /// The time from which it may start.
    pub at: DateTime<Utc>,
    /// Its number, from 1 to [`MAX_AUTOMATIC_RETRIES`].
    pub number: u8,
    /// The run that failed.
    pub failed_run: SyncId,
}

/// A retry that is planned when a run fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlannedRetry {
    /// Its number, from 1.
    pub number: u8,
    /// The pause until it starts.
    pub pause: Duration,
}

/// Returns the retry of a run that failed with this code after `retries_before` automatic retries; `None` if a retry
/// would not help, or was tried often enough. `first_pause` is the pause before the first retry; zero switches retries
/// off.
#[must_use]
pub fn plan_retry(code: &str, retries_before: u8, first_pause: Duration) -> Option<PlannedRetry> {
    let factor = PAUSE_FACTORS.get(usize::from(retries_before))?;
    let may_pass = TRANSIENT_CODES.contains(&code) && !first_pause.is_zero();
    may_pass.then(|| PlannedRetry { number: retries_before + 1, pause: first_pause.saturating_mul(*factor) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_retries_follow_a_passing_failure_with_growing_pauses() {
        let minutes = |before| {
            plan_retry("server_error", before, Duration::from_secs(60)).map(|retry| retry.pause.as_secs() / 60)
        };
        assert_eq!([0, 1, 2, 3].map(minutes), [Some(1), Some(5), Some(15), None]);
    }

    #[test]
    fn a_failure_that_a_person_must_fix_is_not_retried() {
        let pause = Duration::from_secs(60);
        for code in ["not_found", "empty_source", "key_changed", "no_key_column", "unauthorized", "preview_outdated"] {
            assert_eq!(plan_retry(code, 0, pause), None, "{code}");
        }
        assert_eq!(plan_retry("timeout", 0, Duration::ZERO), None);
    }
}
