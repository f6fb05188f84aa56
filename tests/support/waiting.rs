//! Waits for events: a test continues when something has happened, not when some time has passed.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long a test waits for an event before it fails. Far longer than anything takes, also on a busy machine: it ends
/// a test that hangs, and proves nothing about speed.
pub(crate) const WAIT_LIMIT: Duration = Duration::from_secs(240);

/// The pause between two observations.
const POLL_PAUSE: Duration = Duration::from_millis(5);

/// Waits until `is_so` answers true.
#[track_caller]
pub(crate) fn wait_until(mut is_so: impl FnMut() -> bool) {
    wait_for_value("the condition", &mut is_so, |is_so| *is_so);
}

/// Waits until `is_so` answers true; `event` names in a failure what did not happen.
#[track_caller]
pub(crate) fn wait_for(event: &str, mut is_so: impl FnMut() -> bool) {
    wait_for_value(event, &mut is_so, |is_so| *is_so);
}

/// Observes until `is_done` accepts the value and returns it. A failure names `event` and shows what was observed last.
#[track_caller]
pub(crate) fn wait_for_value<T: Debug>(
    event: &str,
    mut observe: impl FnMut() -> T,
    mut is_done: impl FnMut(&T) -> bool,
) -> T {
    let started = Instant::now();
    loop {
        let observed = observe();
        if is_done(&observed) {
            return observed;
        }
        assert!(started.elapsed() < WAIT_LIMIT, "{event}: not within {WAIT_LIMIT:?}; last observed: {observed:?}");
        std::thread::sleep(POLL_PAUSE);
    }
}
