//! Sees a step of a run through while the database is away: a server that restarts, another program that holds the
//! file. Every step that is handed over here may be done twice without harm.

use std::time::{Duration, Instant};

use super::engine::Engine;
use super::journal;
use super::outcome::Stopped;
use super::reporter::Reporter;
use super::signal::Signal;
use crate::domain::operation::Lease;
use crate::domain::sync_id::SyncId;
use crate::store::finish::Ending;
use crate::store::{Prospect, StoreError};

/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(250);
/// How often a failure is met that may or may not pass.
const UNCLEAR_TRIES: u32 = 4;
/// After so long people are told what is waited for.
const QUIET: Duration = Duration::from_secs(1);
const WAITING: &str = "Waiting for the database…";
/// How long the end of a run is still tried once its process is told to stop: it has to be gone in five seconds.
const LAST_TRIES: Duration = Duration::from_secs(4);

/// What failed until now, if anything did.
#[derive(Default)]
struct Outage {
    begun: Option<Instant>,
    unclear: u32,
}

impl Outage {
    /// Takes note that what was `asked` failed, logs the first time, and answers how long it lasts; or hands it back when waiting is
    /// of no use.
    fn met(&mut self, id: SyncId, error: StoreError, asked: Instant) -> Result<Duration, StoreError> {
        match error.prospect() {
            Prospect::Final => return Err(error),
            Prospect::Unclear => self.unclear += 1,
            Prospect::Passing => {}
        }
        if self.unclear >= UNCLEAR_TRIES {
            return Err(error);
        }
        if self.begun.is_none() {
            journal::trouble(id, format_args!("{error}; waiting for the database"));
        }
        Ok(self.begun.get_or_insert(asked).elapsed())
    }

    fn over(&self, id: SyncId) {
        if let Some(begun) = self.begun {
            let seconds = begun.elapsed().as_secs_f64();
            journal::relief(id, format_args!("the database answers again after {seconds:.1} s"));
        }
    }
}

/// Does a step of a run, and does it again while the database is away: until it is back, or the run is to end.
pub(super) fn outlast<T>(
    id: SyncId,
    signal: &Signal,
    reporter: Option<&Reporter>,
    mut step: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, Stopped> {
    let mut outage = Outage::default();
    let mut said_before = None;
    loop {
        let asked = Instant::now();
        let error = match step() {
            Ok(done) => {
                outage.over(id);
                if let (Some(reporter), Some(message)) = (reporter, said_before) {
                    reporter.tell(message);
                }
                return Ok(done);
            }
            Err(error) => error,
        };
        let lasts = outage.met(id, error, asked)?;
        signal.lost(asked.elapsed() + PAUSE);
        if let Some(reason) = signal.reason() {
            return Err(Stopped::Early(reason));
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
    engine: &Engine,
    lease: Lease,
    ending: &Ending,
    signal: &Signal,
) -> Result<Option<SyncId>, StoreError> {
    let mut outage = Outage::default();
    let mut stopping = None;
    loop {
        let asked = Instant::now();
        let error = match engine.store.finish(lease, ending) {
            Ok(successor) => {
                outage.over(lease.id);
                return Ok(successor);
            }
            // Nobody knows what became of a commit whose connection broke: the record does.
            Err(StoreError::Fenced) if outage.begun.is_some() => match engine.store.record(lease.id) {
                Ok(Some(record)) if record.status == ending.status => return Ok(record.successor),
                Ok(_) => return Err(StoreError::Fenced),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if signal.is_stopping() && stopping.get_or_insert_with(Instant::now).elapsed() > LAST_TRIES {
            return Err(error);
        }
        outage.met(lease.id, error, asked)?;
        std::thread::sleep(PAUSE);
    }
}
