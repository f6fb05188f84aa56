//! Gives up on checks that take too long.

use std::sync::mpsc;
use std::time::Duration;

use super::check_result::CheckResult;
use crate::config::Settings;
use crate::domain::text::measures;

/// How long one check may take.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// What `check` finds, or what `given_up` makes of the words for a check that takes too long. Its thread ends with this
/// process then.
pub(super) fn within(
    settings: &Settings,
    check: impl FnOnce(&Settings) -> Vec<CheckResult> + Send + 'static,
    given_up: impl FnOnce(&str) -> CheckResult,
) -> Vec<CheckResult> {
    let settings = settings.clone();
    bounded(LIMIT, move || check(&settings)).unwrap_or_else(|| vec![given_up(&late())])
}

/// Said of what takes too long.
pub(super) fn late() -> String {
    format!("does not answer within {}", measures::limit(LIMIT))
}

/// What `work` answers, unless it takes longer than `most`.
pub(super) fn bounded<T: Send + 'static>(most: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (say, hear) = mpsc::channel();
    let thread = std::thread::Builder::new().name("checkup".to_owned());
    // Nobody hears it when it comes too late.
    thread.spawn(move || drop(say.send(work()))).ok()?;
    hear.recv_timeout(most).ok()
}
