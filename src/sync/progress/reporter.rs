//! Tells how far a run is: cheap for the worker, throttled towards the stores, and never ahead of the database.
//!
//! The worker says what is so with [`ProgressReporter::set`]; a thread of its own writes it down. The percent that goes to the
//! primary store is never more than the database was told before. So whichever of the two answers a poller,
//! progress does not go back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use crate::domain::operation::{Lease, Status, SyncOperation};
use crate::domain::run_summary::RunSummary;
use crate::domain::source::Slug;
use crate::domain::status_report::StatusReport;
use crate::status::board::TOLD_AGAIN;
use crate::store::StoreError;
use crate::store::batch::ItemBatch;
use crate::store::lease::{FinalizeOutcome, RunProgress};
use crate::store::left_out::ItemToStrip;
use crate::sync::engine::SyncEngine;
use crate::sync::run_log;
use crate::sync::run_signal::RunSignal;

/// The database is told when so many percent went by, if its time has not come before.
const DATABASE_STEP: u8 = 5;
/// How long the thread of the reporter waits for its turn with the database.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the database was told.
struct ToDatabase {
    /// What it knows.
    said: RunProgress,
    at: Instant,
    /// Whether it took what it was told last.
    answers: bool,
}

/// What the primary store was told.
struct ToPrimary {
    /// What was said last, at which percent, and when.
    said: Option<(RunProgress, u8, Instant)>,
    /// Whether it still takes what it is told.
    works: bool,
}

struct ReporterState {
    engine: SyncEngine,
    lease: Lease,
    signal: Arc<RunSignal>,
    source: Slug,
    operation: SyncOperation,
    created_at: DateTime<Utc>,
    started_at: DateTime<Utc>,
    now: Mutex<RunProgress>,
    /// Held while anything that carries progress is written there, so that an older one never lands after a newer.
    database: Mutex<ToDatabase>,
    /// The percent that the database knows.
    kept_percent: AtomicU8,
    /// Held likewise. Two locks, so that pollers are told what goes on while the database keeps a writer waiting.
    primary: Mutex<ToPrimary>,
}

/// The reporter of one run; its thread ends with this value, and after that nothing of the run is told any more.
pub(in crate::sync) struct ProgressReporter {
    shared: Arc<ReporterState>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressReporter {
    /// Begins with the progress that the claim wrote.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(in crate::sync) fn begin(
        engine: &SyncEngine,
        operation: &SyncOperation,
        source: &Slug,
        lease: Lease,
        signal: Arc<RunSignal>,
        first: RunProgress,
    ) -> std::io::Result<Self> {
        let started_at = Utc::now();
        let shared = Arc::new(ReporterState {
            engine: engine.clone(),
            lease,
            signal,
            source: source.clone(),
            operation: operation.clone(),
            created_at: operation.created_at,
            started_at,
            now: Mutex::new(first.clone()),
            kept_percent: AtomicU8::new(first.percent),
            database: Mutex::new(ToDatabase { said: first, at: Instant::now(), answers: true }),
            primary: Mutex::new(ToPrimary { said: None, works: true }),
        });
        let (stop, stopped) = channel();
        let mine = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("reporter".to_owned()).spawn(move || {
            mine.publish();
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(mine.engine.terms.primary_every) {
                mine.publish();
            }
        })?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Says what is so now. Costs a lock that nobody holds for long.
    pub(in crate::sync) fn set(&self, progress: RunProgress) {
        let changed_stage = {
            let mut now = self.shared.now.lock();
            let changed_stage = now.stage != progress.stage;
            *now = progress;
            changed_stage
        };
        if changed_stage {
            self.shared.log_stage();
            // Waits for its turn: the history tells how long each stage took.
            self.shared.tell_database(&mut self.shared.database.lock());
            self.shared.tell_primary();
        }
    }

    /// What was said last.
    pub(in crate::sync) fn now(&self) -> RunProgress {
        self.shared.now.lock().clone()
    }

    /// The percent that people have seen at most: what the database was told last.
    pub(in crate::sync) fn told_percent(&self) -> u8 {
        self.shared.kept_percent.load(Ordering::SeqCst)
    }

    /// Says what is being done to those who poll, at once and past the database, which does not answer just now.
    /// Everything else is as it was. Answers what was said before.
    pub(in crate::sync) fn tell(&self, message: String) -> String {
        let before = std::mem::replace(&mut self.shared.now.lock().message, message);
        self.shared.tell_primary();
        before
    }

    /// Writes a batch together with the progress it makes.
    ///
    /// # Errors
    /// As [`crate::store::Store::write_batch`].
    pub(in crate::sync) fn write_batch(&self, batch: &ItemBatch, progress: &RunProgress) -> Result<(), StoreError> {
        let mut told = self.shared.database.lock();
        let SyncEngine { store, terms, .. } = &self.shared.engine;
        // The percent waits for the next word to both stores: raised here, a poller who asks another server, and with
        // it the database, would be told more than the next one who asks the primary.
        let kept = RunProgress { percent: told.said.percent, ..progress.clone() };
        store.write_batch(self.shared.lease, terms.lease, batch, &kept)?;
        told.said = kept;
        self.shared.now.lock().clone_from(progress);
        Ok(())
    }

    /// Writes items without the fields called like one of `columns`.
    ///
    /// # Errors
    /// As [`crate::store::Store::strip_items`].
    pub(in crate::sync) fn strip_items(&self, page: &[ItemToStrip], columns: &[String]) -> Result<(), StoreError> {
        let told = self.shared.database.lock();
        let SyncEngine { store, terms, .. } = &self.shared.engine;
        store.strip_items(self.shared.lease, terms.lease, page, columns, &told.said)
    }

    /// Marks the begin of the final transaction.
    ///
    /// # Errors
    /// As [`crate::store::Store::begin_finalizing`].
    pub(in crate::sync) fn begin_finalizing(&self, progress: &RunProgress) -> Result<FinalizeOutcome, StoreError> {
        {
            let mut told = self.shared.database.lock();
            let SyncEngine { store, terms, .. } = &self.shared.engine;
            match store.begin_finalizing(self.shared.lease, terms.lease, progress)? {
                FinalizeOutcome::Begun => self.shared.took(&mut told, progress),
                // Nothing was written, and nothing is to be told.
                FinalizeOutcome::CancelRequested => return Ok(FinalizeOutcome::CancelRequested),
            }
            self.shared.now.lock().clone_from(progress);
        }
        self.shared.log_stage();
        self.shared.publish();
        Ok(FinalizeOutcome::Begun)
    }
}

impl Drop for ProgressReporter {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            run_log::failure(self.shared.lease.id, format_args!("its reporter panicked"));
        }
    }
}

impl ReporterState {
    fn log_stage(&self) {
        let ran = u64::try_from((Utc::now() - self.started_at).num_milliseconds()).unwrap_or(0);
        run_log::stage(&self.operation, &self.source, &self.now.lock().clone(), ran);
    }

    fn publish(&self) {
        // Batches hold it most of the time, one after the other. Where one holds it for long the database is away, and
        // pollers are to be told that the run is alive; before it is asked again, too.
        if let Some(mut told) = self.database.try_lock_for(PATIENCE) {
            if !told.answers {
                self.tell_primary();
            }
            self.tell_database(&mut told);
        }
        self.tell_primary();
    }

    /// The database took this progress.
    fn took(&self, told: &mut ToDatabase, progress: &RunProgress) {
        told.said.clone_from(progress);
        told.at = Instant::now();
        told.answers = true;
        self.kept_percent.store(progress.percent, Ordering::SeqCst);
    }

    fn tell_database(&self, told: &mut ToDatabase) {
        let now = self.now.lock().clone();
        let news = now.stage != told.said.stage || now.percent >= told.said.percent.saturating_add(DATABASE_STEP);
        let every = self.engine.terms.database_every;
        let due = (news && told.answers) || told.at.elapsed() >= every;
        if !due || now == told.said || every == Duration::MAX {
            return;
        }
        match self.engine.store.keep_progress(self.lease, self.engine.terms.lease, &now) {
            Ok(()) => self.took(told, &now),
            Err(StoreError::Fenced) => self.signal.lose_lease(),
            // Status never fails a sync: the items have their own say about a database that is away. It is not asked
            // again at every tick.
            Err(error) => {
                told.at = Instant::now();
                if std::mem::take(&mut told.answers) {
                    run_log::trouble(self.lease.id, format_args!("progress could not be kept: {error}"));
                }
            }
        }
    }

    fn tell_primary(&self) {
        let mut told = self.primary.lock();
        if !told.works || self.engine.terms.primary_every == Duration::MAX {
            return;
        }
        let now = self.now.lock().clone();
        let percent = now.percent.min(self.kept_percent.load(Ordering::SeqCst));
        // Said again from time to time even so: readers take a report that grew old for a dead worker's.
        let news = told
            .said
            .as_ref()
            .is_none_or(|(said, at_percent, at)| *said != now || *at_percent != percent || at.elapsed() >= TOLD_AGAIN);
        if !news {
            return;
        }
        let report = self.report(&now, percent);
        // The report carries its time. If this process is frozen from here on, readers see an old report and ask
        // the database; if it was frozen before, the lease has run out by its own clock and nothing is told.
        if !self.signal.holds_lease() {
            return;
        }
        if let Err(error) = self.engine.board.tell(&report) {
            told.works = false;
            self.signal.status_was_refused();
            run_log::trouble(self.lease.id, format_args!("{error}; its status comes from the database from here on"));
        } else {
            told.said = Some((now, percent, Instant::now()));
        }
    }

    fn report(&self, now: &RunProgress, percent: u8) -> StatusReport {
        let last_update = Utc::now();
        let summary = RunSummary {
            id: self.lease.id,
            source: self.source.clone(),
            kind: self.operation.kind,
            status: Status::Running,
            progress: percent,
            stage: Some(now.stage),
            message: now.message.clone(),
            stats: now.stats,
            error: None,
            code: None,
            attempt: self.operation.attempt,
            retry_of: self.operation.retry_of,
            successor: None,
        };
        StatusReport::new(summary, self.created_at, last_update, last_update - self.started_at)
    }
}
