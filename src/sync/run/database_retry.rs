//! Repeats a step of a run while the database is unavailable: a server restarts, or another program locks the file.
//! Every step that is passed here can run twice without harm.

use std::time::{Duration, Instant};

use super::run_stop::RunStop;
use crate::domain::run_text::run_progress::WAITING_FOR_DATABASE;
use crate::domain::sync_id::SyncId;
use crate::store::{Retryability, StoreError};
use crate::sync::outage_log::OutageLog;
use crate::sync::progress::reporter::ProgressReporter;
use crate::sync::run_signal::RunSignal;

/// The pause between two tries.
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(250);
/// The time limit for retries of a failure that may be permanent: a lock that another program holds.
const UNCLEAR_RETRY_TIMEOUT: Duration = Duration::from_secs(30);
/// After this time pollers see that the run waits for the database.
const WAITING_MESSAGE_DELAY: Duration = Duration::from_secs(1);

/// The failures of one step so far.
pub(super) struct RetryState {
    outage: OutageLog,
    first_failure: Option<Instant>,
}

impl RetryState {
    /// The state of a step of the run `id` that has not failed yet.
    pub(super) fn new(id: SyncId) -> Self {
        Self { outage: OutageLog::for_run(id, "the database", "used"), first_failure: None }
    }

    /// Whether a try has failed.
    pub(super) const fn has_failed(&self) -> bool {
        self.first_failure.is_some()
    }

    /// Records that the try begun at `started` failed, and returns how long the failures have lasted.
    ///
    /// # Errors
    /// The failure itself when another try is useless.
    pub(super) fn record_failure(&mut self, error: StoreError, started: Instant) -> Result<Duration, StoreError> {
        let lasted = self.first_failure.get_or_insert(started).elapsed();
        match error.retryability() {
            Retryability::Permanent => return Err(error),
            Retryability::Unclear if lasted > UNCLEAR_RETRY_TIMEOUT => return Err(error),
            Retryability::Unclear | Retryability::Temporary => {}
        }
        self.outage.record(Err::<(), _>(error));
        Ok(lasted)
    }

    /// Records that the step succeeded.
    pub(super) fn record_success(&mut self) {
        self.outage.record(Ok::<_, StoreError>(()));
    }
}

/// Runs `step` and repeats it while the database is unavailable. Meanwhile `reporter` reports that the run waits.
///
/// # Errors
/// [`RunStop::Early`] when the run has to end; [`RunStop::Database`] when the failure is final or lasts too long.
pub(super) fn retry_while_unavailable<T>(
    id: SyncId,
    signal: &RunSignal,
    reporter: Option<&ProgressReporter>,
    mut step: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, RunStop> {
    let mut retries = RetryState::new(id);
    let mut previous_message = None;
    loop {
        let started = Instant::now();
        let error = match step() {
            Ok(value) => {
                retries.record_success();
                if let (Some(reporter), Some(message)) = (reporter, previous_message) {
                    reporter.replace_message(message);
                }
                return Ok(value);
            }
            Err(error) => error,
        };
        let lasted = retries.record_failure(error, started)?;
        signal.add_database_wait(started.elapsed() + RETRY_PAUSE);
        if let Some(reason) = signal.stop_reason() {
            return Err(RunStop::Early(reason));
        }
        if lasted >= WAITING_MESSAGE_DELAY
            && let Some(reporter) = reporter
        {
            let before = reporter.replace_message(WAITING_FOR_DATABASE.to_owned());
            previous_message.get_or_insert(before);
        }
        std::thread::sleep(RETRY_PAUSE);
    }
}
