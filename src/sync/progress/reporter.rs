//! Publishes the progress of a run: cheap for the worker, throttled towards the stores, and never ahead of the
//! database.
//!
//! The worker calls [`ProgressReporter::report`]; a thread of the reporter publishes to both stores. The percent that
//! goes to the primary store is never higher than the percent in the database. So progress does not go back, whichever
//! of the two stores a poller reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::Utc;
use parking_lot::Mutex;

use super::published::{DatabaseState, PrimaryReport, PrimaryState};
use crate::domain::operation::{Lease, Status, SyncOperation};
use crate::domain::run_clock::RunClock;
use crate::domain::run_summary::RunSummary;
use crate::domain::source::Slug;
use crate::domain::status_report::StatusReport;
use crate::store::StoreError;
use crate::store::batch::ItemBatch;
use crate::store::column_snapshots::ColumnSnapshot;
use crate::store::lease::{FinalizeOutcome, RunProgress};
use crate::store::strip_columns::{ChangeToStrip, ItemToStrip};
use crate::sync::SyncEngine;
use crate::sync::run_log;
use crate::sync::run_signal::RunSignal;

/// How long the reporter waits while a batch holds the database lock.
const DATABASE_LOCK_TIMEOUT: Duration = Duration::from_secs(1);

struct ReporterState {
    engine: SyncEngine,
    lease: Lease,
    signal: Arc<RunSignal>,
    source: Slug,
    operation: SyncOperation,
    clock: RunClock,
    current: Mutex<RunProgress>,
    /// Locked while progress is written to the database, so that an older value never overwrites a newer one.
    database: Mutex<DatabaseState>,
    /// The percent in the database.
    database_percent: AtomicU8,
    /// Locked while progress is written to the primary store. This lock is separate, so that pollers see progress while
    /// the database blocks a writer.
    primary: Mutex<PrimaryState>,
}

/// The reporter of one run. Dropping it ends its thread; nothing of the run is published after that.
pub(in crate::sync) struct ProgressReporter {
    state: Arc<ReporterState>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressReporter {
    /// Starts with the progress that the claim has stored.
    ///
    /// # Errors
    /// The system's error when it cannot start another thread.
    pub(in crate::sync) fn start(
        engine: &SyncEngine,
        operation: &SyncOperation,
        source: &Slug,
        lease: Lease,
        signal: Arc<RunSignal>,
        first: RunProgress,
    ) -> std::io::Result<Self> {
        let state = Arc::new(ReporterState {
            engine: engine.clone(),
            lease,
            signal,
            source: source.clone(),
            operation: operation.clone(),
            // Readers compare the times of reports with the clock of this machine, not with that of the database.
            clock: RunClock::start_at(Utc::now().max(operation.created_at)),
            current: Mutex::new(first.clone()),
            database_percent: AtomicU8::new(first.percent),
            database: Mutex::new(DatabaseState { published: first, published_at: Instant::now(), is_available: true }),
            primary: Mutex::new(PrimaryState { published: None, is_available: true }),
        });
        let (stop, stopped) = channel();
        let of_thread = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("reporter".to_owned()).spawn(move || {
            of_thread.publish();
            let interval = of_thread.engine.timeouts.primary_interval;
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(interval) {
                of_thread.publish();
            }
        })?;
        Ok(Self { state, stop: Some(stop), thread: Some(thread) })
    }

    /// Reports new progress. This takes a lock that is only held briefly. Only a change of stage waits for the stores.
    pub(in crate::sync) fn report(&self, progress: RunProgress) {
        let is_new_stage = {
            let mut current = self.state.current.lock();
            let is_new_stage = current.stage != progress.stage;
            *current = progress;
            is_new_stage
        };
        if is_new_stage {
            self.state.log_stage();
            // Waits for the lock: the history shows how long each stage took.
            self.state.publish_to_database(&mut self.state.database.lock());
            self.state.publish_to_primary();
        }
    }

    /// The progress that was reported last.
    pub(in crate::sync) fn current(&self) -> RunProgress {
        self.state.current.lock().clone()
    }

    /// The highest percent that pollers can have seen: the percent in the database.
    pub(in crate::sync) fn published_percent(&self) -> u8 {
        self.state.database_percent.load(Ordering::SeqCst)
    }

    /// Replaces the message and publishes it at once to the primary store only, because the database does not respond.
    /// Returns the message before.
    pub(in crate::sync) fn replace_message(&self, message: String) -> String {
        let before = std::mem::replace(&mut self.state.current.lock().message, message);
        self.state.publish_to_primary();
        before
    }

    /// Writes a batch together with the progress it makes.
    ///
    /// # Errors
    /// As [`crate::store::Store::write_batch`].
    pub(in crate::sync) fn write_batch(&self, batch: &ItemBatch, progress: &RunProgress) -> Result<(), StoreError> {
        let mut database = self.state.database.lock();
        let SyncEngine { store, timeouts, .. } = &self.state.engine;
        // The percent is raised only with the next report to both stores. If it were raised here, a poller that reads
        // the database would see a higher percent than a later poller that reads the primary store.
        let stored = RunProgress { percent: database.published.percent, ..progress.clone() };
        store.write_batch(self.state.lease, timeouts.lease, batch, &stored)?;
        database.published = stored;
        self.state.current.lock().clone_from(progress);
        Ok(())
    }

    /// Writes items without the fields that are named in `columns`.
    ///
    /// # Errors
    /// As [`crate::store::Store::strip_items`].
    pub(in crate::sync) fn strip_items(&self, page: &[ItemToStrip], columns: &[String]) -> Result<(), StoreError> {
        let database = self.state.database.lock();
        let SyncEngine { store, timeouts, .. } = &self.state.engine;
        store.strip_items(self.state.lease, timeouts.lease, page, columns, &database.published)
    }

    /// Writes changes without the fields that are named in `columns`.
    ///
    /// # Errors
    /// As [`crate::store::Store::strip_changes`].
    pub(in crate::sync) fn strip_changes(&self, page: &[ChangeToStrip], columns: &[String]) -> Result<(), StoreError> {
        let database = self.state.database.lock();
        let SyncEngine { store, timeouts, .. } = &self.state.engine;
        store.strip_changes(self.state.lease, timeouts.lease, page, columns, &database.published)
    }

    /// Removes the names in `columns` from the columns of the catalog, which become `kept`, and from those that undos
    /// restore.
    ///
    /// # Errors
    /// As [`crate::store::Store::strip_column_names`].
    pub(in crate::sync) fn strip_column_names(
        &self,
        columns: &[String],
        kept: &ColumnSnapshot,
    ) -> Result<(), StoreError> {
        let database = self.state.database.lock();
        let SyncEngine { store, timeouts, .. } = &self.state.engine;
        store.strip_column_names(self.state.lease, timeouts.lease, columns, kept, &database.published)
    }

    /// Begins the final stage, after which a cancel comes too late.
    ///
    /// # Errors
    /// As [`crate::store::Store::begin_finalizing`].
    pub(in crate::sync) fn begin_finalizing(&self, progress: &RunProgress) -> Result<FinalizeOutcome, StoreError> {
        {
            let mut database = self.state.database.lock();
            let SyncEngine { store, timeouts, .. } = &self.state.engine;
            match store.begin_finalizing(self.state.lease, timeouts.lease, progress)? {
                FinalizeOutcome::Begun => self.state.record_database_write(&mut database, progress),
                // Nothing was written, so nothing is published.
                FinalizeOutcome::CancelRequested => return Ok(FinalizeOutcome::CancelRequested),
            }
            self.state.current.lock().clone_from(progress);
        }
        self.state.log_stage();
        self.state.publish();
        Ok(FinalizeOutcome::Begun)
    }
}

impl Drop for ProgressReporter {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            run_log::log_error(self.state.lease.id, format_args!("its reporter panicked"));
        }
    }
}

impl ReporterState {
    fn log_stage(&self) {
        let elapsed_ms = u64::try_from(self.clock.elapsed().num_milliseconds()).unwrap_or(0);
        run_log::log_stage(&self.operation, &self.source, &self.current.lock().clone(), elapsed_ms);
    }

    /// Publishes the current progress to each store whose next report is due.
    fn publish(&self) {
        // Batches hold the lock most of the time, one after the other. If a batch holds it for long, the database does
        // not respond. Pollers must still see that the run is alive, even before the database is tried again.
        if let Some(mut database) = self.database.try_lock_for(DATABASE_LOCK_TIMEOUT) {
            if !database.is_available {
                self.publish_to_primary();
            }
            self.publish_to_database(&mut database);
        }
        self.publish_to_primary();
    }

    fn record_database_write(&self, database: &mut DatabaseState, progress: &RunProgress) {
        database.published.clone_from(progress);
        database.published_at = Instant::now();
        database.is_available = true;
        self.database_percent.store(progress.percent, Ordering::SeqCst);
    }

    fn publish_to_database(&self, database: &mut DatabaseState) {
        let current = self.current.lock().clone();
        let interval = self.engine.timeouts.database_interval;
        if interval == Duration::MAX || current == database.published || !database.is_due(&current, interval) {
            return;
        }
        match self.engine.store.save_progress(self.lease, self.engine.timeouts.lease, &current) {
            Ok(()) => self.record_database_write(database, &current),
            Err(StoreError::Fenced) => self.signal.lose_lease(),
            // A failed report never fails a sync: the batches detect an unavailable database. The next try waits for
            // its interval.
            Err(error) => {
                database.published_at = Instant::now();
                if std::mem::take(&mut database.is_available) {
                    run_log::log_warning(self.lease.id, format_args!("progress could not be stored: {error}"));
                }
            }
        }
    }

    fn publish_to_primary(&self) {
        let mut primary = self.primary.lock();
        if !primary.is_available || self.engine.timeouts.primary_interval == Duration::MAX {
            return;
        }
        let progress = self.current.lock().clone();
        let percent = progress.percent.min(self.database_percent.load(Ordering::SeqCst));
        if primary.published.as_ref().is_some_and(|report| report.is_current(&progress, percent)) {
            return;
        }
        let report = self.status_report(&progress, percent);
        // The report carries its time. If this process freezes from here on, readers see an old report and ask the
        // database; if it was frozen before, the lease has expired by its own clock and nothing is published.
        if !self.signal.holds_lease() {
            return;
        }
        if let Err(error) = self.engine.status_board.publish(&report) {
            primary.is_available = false;
            self.signal.record_status_failure();
            let problem = format_args!("{error}; status comes from the database from here on");
            run_log::log_warning(self.lease.id, problem);
        } else {
            primary.published = Some(PrimaryReport { progress, percent, published_at: Instant::now() });
        }
    }

    fn status_report(&self, progress: &RunProgress, percent: u8) -> StatusReport {
        let summary = RunSummary {
            id: self.lease.id,
            source: self.source.clone(),
            kind: self.operation.kind,
            status: Status::Running,
            progress: percent,
            stage: Some(progress.stage),
            message: progress.message.clone(),
            stats: progress.stats,
            error: None,
            code: None,
            attempt: self.operation.attempt,
            retry_of: self.operation.retry_of,
            successor: None,
        };
        StatusReport::new(summary, self.operation.created_at, self.clock.now(), self.clock.elapsed())
    }
}
