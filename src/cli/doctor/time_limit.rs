//! Limits the time of checks.

use std::sync::mpsc;
use std::time::Duration;

use super::check_result::CheckResult;
use crate::config::Settings;
use crate::domain::text::measures;

/// The time limit of one check.
pub(super) const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs `check`. If it exceeds the time limit, returns the result of `on_timeout`, which gets the end of a message:
/// "did not answer within …". The thread of the check then continues until this process ends.
pub(super) fn run_with_timeout(
    settings: &Settings,
    check: impl FnOnce(&Settings) -> Vec<CheckResult> + Send + 'static,
    on_timeout: impl FnOnce(&str) -> CheckResult,
) -> Vec<CheckResult> {
    let settings = settings.clone();
    wait_for_result(CHECK_TIMEOUT, move || check(&settings)).unwrap_or_else(|| vec![on_timeout(&describe_timeout())])
}

/// The end of a message about a check that timed out.
pub(super) fn describe_timeout() -> String {
    format!("did not answer within {}", measures::format_limit(CHECK_TIMEOUT))
}

/// Runs `work` on a separate thread and returns its result, unless it takes longer than `timeout`.
pub(super) fn wait_for_result<T: Send + 'static>(
    timeout: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::Builder::new().name("doctor-check".to_owned());
    // After the timeout the result is dropped.
    thread.spawn(move || drop(sender.send(work()))).ok()?;
    receiver.recv_timeout(timeout).ok()
}
