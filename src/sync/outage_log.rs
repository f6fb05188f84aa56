//! Logs the start and the end of an outage once each, however often the failing action is repeated in between.

use std::fmt::Display;
use std::time::Instant;

use super::run_log;
use crate::domain::sync_id::SyncId;

/// Logs outages of one repeated action, as "{subject} could not be {action}".
pub(super) struct OutageLog {
    subject: &'static str,
    action: &'static str,
    run: Option<SyncId>,
    since: Option<Instant>,
}

impl OutageLog {
    /// For an action outside of runs: `("the queue", "read")`.
    pub(super) const fn new(subject: &'static str, action: &'static str) -> Self {
        Self { subject, action, run: None, since: None }
    }

    /// For an action of the run `run`.
    pub(super) const fn for_run(run: SyncId, subject: &'static str, action: &'static str) -> Self {
        Self { subject, action, run: Some(run), since: None }
    }

    /// Records the result of one try: logs the first failure, and the first success after it. Returns the value of a
    /// success.
    pub(super) fn record<T, E: Display>(&mut self, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => {
                if let Some(since) = self.since.take() {
                    self.log_end(since.elapsed().as_secs());
                }
                Some(value)
            }
            Err(error) => {
                self.log_failure(&error);
                self.since.get_or_insert_with(Instant::now);
                None
            }
        }
    }

    fn log_failure(&self, error: &impl Display) {
        let Self { subject, action, run, since } = self;
        match run {
            _ if since.is_some() => log::debug!("{subject} could still not be {action}: {error}"),
            Some(id) => run_log::log_warning(*id, format_args!("{subject} could not be {action}: {error}")),
            None => log::warn!("{subject} could not be {action}: {error} (logged once until it works again)"),
        }
    }

    fn log_end(&self, seconds: u64) {
        let Self { subject, action, run, .. } = self;
        match run {
            Some(id) => {
                run_log::log_recovery(*id, format_args!("{subject} could be {action} again after {seconds} s"));
            }
            None => log::info!("{subject} could be {action} again after {seconds} s"),
        }
    }
}
