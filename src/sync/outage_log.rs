//! Something that is tried again and again says once that it fails, and once that it works again: an outage of a minute
//! is a handful of lines, not hundreds.

use std::fmt::Display;
use std::time::Instant;

use super::run_log;
use crate::domain::sync_id::SyncId;

/// Follows whether something works that a loop does.
pub(super) struct OutageLog {
    what: &'static str,
    done: &'static str,
    run: Option<SyncId>,
    since: Option<Instant>,
}

impl OutageLog {
    /// For what is done to something: `("the queue", "read")`.
    pub(super) const fn new(what: &'static str, done: &'static str) -> Self {
        Self { what, done, run: None, since: None }
    }

    /// For what is done for a run.
    pub(super) const fn of(run: SyncId, what: &'static str, done: &'static str) -> Self {
        Self { what, done, run: Some(run), since: None }
    }

    /// Takes what came of another try: logs the first failure and the first success after it. Hands the success on.
    pub(super) fn note<T, E: Display>(&mut self, result: Result<T, E>) -> Option<T> {
        let Self { what, done, run, since } = self;
        match result {
            Ok(value) => {
                if let Some(since) = since.take() {
                    let seconds = since.elapsed().as_secs();
                    match run {
                        Some(id) => {
                            run_log::relief(*id, format_args!("{what} could be {done} again after {seconds} s"));
                        }
                        None => log::info!("{what} could be {done} again after {seconds} s"),
                    }
                }
                Some(value)
            }
            Err(error) if since.is_some() => {
                log::debug!("{what} could still not be {done}: {error}");
                None
            }
            Err(error) => {
                *since = Some(Instant::now());
                match run {
                    Some(id) => run_log::trouble(*id, format_args!("{what} could not be {done}: {error}")),
                    None => log::warn!("{what} could not be {done}: {error}; this is said once until it works again"),
                }
                None
            }
        }
    }
}
