//! Sees a step of a run through while the database is away: a server that restarts, another program that holds the
//! file. Every step that is handed over here may be done twice without harm.

use std::time::{Duration, Instant};

use super::outcome::RunStop;
use crate::domain::operation::Lease;
use crate::domain::sync_id::SyncId;
use crate::store::finish::RunEnding;
use crate::store::{Retryability, StoreError};
use crate::sync::engine::SyncEngine;
use crate::sync::outage::OutageLog;
use crate::sync::progress::reporter::ProgressReporter;
use crate::sync::run_signal::RunSignal;

/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a failure is met that may or may not pass: a full disk, a lock that somebody holds.
const UNCLEAR: Duration = Duration::from_secs(30);
/// After so long people are told what is waited for.
const QUIET: Duration = Duration::from_secs(1);
const WAITING: &str = "Waiting for the database…";
/// How long the end of a run is still tried once its process is told to stop: it has to be gone in five seconds.
const LAST_TRIES: Duration = Duration::from_secs(4);

/// What failed until now, if anything did.
struct RetryState {
    outage: OutageLog,
    begun: Option<Instant>,
}

impl RetryState {
    fn of(id: SyncId) -> Self {
        Self { outage: OutageLog::of(id, "the database", "reached"), begun: None }
    }

    /// Takes note that what was `asked` failed, and answers how long it lasts; or hands the failure back when waiting
    /// is of no use.
    fn met(&mut self, error: StoreError, asked: Instant) -> Result<Duration, StoreError> {
        let lasts = self.begun.get_or_insert(asked).elapsed();
        match error.prospect() {
            Retryability::Final => return Err(error),
            Retryability::Unclear if lasts > UNCLEAR => return Err(error),
            Retryability::Unclear | Retryability::Passing => {}
        }
        self.outage.note(Err::<(), _>(error));
        Ok(lasts)
    }

    /// It is over.
    fn over(&mut self) {
        self.outage.note(Ok::<_, StoreError>(()));
    }
}

/// Does a step of a run, and does it again while the database is away: until it is back, or the run is to end.
pub(super) fn outlast<T>(
    id: SyncId,
    signal: &RunSignal,
    reporter: Option<&ProgressReporter>,
    mut step: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, RunStop> {
    let mut trouble = RetryState::of(id);
    let mut said_before = None;
    loop {
        let asked = Instant::now();
        let error = match step() {
            Ok(done) => {
                trouble.over();
                if let (Some(reporter), Some(message)) = (reporter, said_before) {
                    reporter.tell(message);
                }
                return Ok(done);
            }
            Err(error) => error,
        };
        let lasts = trouble.met(error, asked)?;
        signal.lost(asked.elapsed() + PAUSE);
        if let Some(reason) = signal.reason() {
            return Err(RunStop::Early(reason));
        }
        if lasts >= QUIET
            && let Some(reporter) = reporter
        {
            let before = reporter.tell(WAITING.to_owned());
            said_before.get_or_insert(before);
        }
        std::thread::sleep(PAUSE);
    }
}

/// Keeps how a run ends, however long the database is away: what the run came to must not be lost. Answers its
/// successor, if it is queued again.
///
/// # Errors
/// [`StoreError::Fenced`] when the run belongs to somebody else; otherwise when the database refuses, or this process
/// is told to stop before it is back.
pub(super) fn finish(
    engine: &SyncEngine,
    lease: Lease,
    ending: &RunEnding,
    signal: &RunSignal,
) -> Result<Option<SyncId>, StoreError> {
    let mut trouble = RetryState::of(lease.id);
    let mut stopping = None;
    loop {
        let asked = Instant::now();
        let error = match engine.store.finish(lease, ending) {
            Ok(successor) => {
                trouble.over();
                return Ok(successor);
            }
            // Nobody knows what became of a commit whose connection broke: the record does.
            Err(StoreError::Fenced) if trouble.begun.is_some() => match engine.store.record(lease.id) {
                Ok(Some(record)) if record.status == ending.status => return Ok(record.successor),
                Ok(_) => return Err(StoreError::Fenced),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if signal.is_stopping() && stopping.get_or_insert_with(Instant::now).elapsed() > LAST_TRIES {
            return Err(error);
        }
        trouble.met(error, asked)?;
        std::thread::sleep(PAUSE);
    }
}
