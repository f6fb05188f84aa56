//! A status store of each kind with a real database, and a run that reports progress as the engine does.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lockstep::domain::operation::{Lease, Status, SyncOperation};
use lockstep::domain::run_summary::RunSummary;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::{DatabaseStatus, FileStatus, RedisStatus, StatusBoard, StatusError, StatusStore};
use lockstep::store::lease::RunProgress;
use tempfile::TempDir;

use crate::store::worker_steps;
use crate::store::worker_steps::LEASE_TERM;
use crate::support::TestDatabase;
use crate::support::redis_server::RedisServer;
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync};

/// The three kinds of stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StoreKind {
    File,
    Redis,
    Database,
}

/// A status store and the database behind it.
pub(crate) struct StatusFixture {
    pub(crate) kind: StoreKind,
    pub(crate) db: TestDatabase,
    pub(crate) redis: Option<RedisServer>,
    folder: TempDir,
}

/// How long Redis keeps a status report.
pub(crate) const STATUS_KEPT: Duration = Duration::from_secs(60);

impl StatusFixture {
    pub(crate) fn new(kind: StoreKind, db: TestDatabase) -> Self {
        let redis = (kind == StoreKind::Redis).then(RedisServer::start);
        Self { kind, db, redis, folder: tempfile::tempdir().expect("a folder") }
    }

    /// A new instance of the store, as each server has its own.
    pub(crate) fn open_store(&self) -> Box<dyn StatusStore> {
        match self.kind {
            StoreKind::File => Box::new(FileStatus::new(self.status_folder())),
            StoreKind::Redis => Box::new(redis_status(self.redis(), STATUS_KEPT)),
            StoreKind::Database => Box::new(DatabaseStatus::new(self.db.store())),
        }
    }

    /// A board over the store.
    pub(crate) fn open_board(&self) -> StatusBoard {
        StatusBoard::new(self.open_store(), self.db.store(), TEST_TIMEOUTS.renewal_interval)
    }

    /// The folder of the status files.
    pub(crate) fn status_folder(&self) -> PathBuf {
        self.folder.path().join("status")
    }

    /// The status file of a run.
    pub(crate) fn status_file(&self, id: SyncId) -> PathBuf {
        self.status_folder().join(format!("sync-status-{id}.json"))
    }

    pub(crate) fn redis(&self) -> &RedisServer {
        self.redis.as_ref().expect("a Redis")
    }

    /// Overwrites the stored report of a run with this text.
    pub(crate) fn corrupt_report(&self, id: SyncId, text: &str) {
        match self.kind {
            StoreKind::File => fs::write(self.status_file(id), text).expect("written"),
            StoreKind::Redis => self.redis().run_command::<()>(&["SET", &redis_key(id), text]),
            StoreKind::Database => {
                self.db.run_sql(&format!("UPDATE sync_operations SET stats = 'x{text}' WHERE id = '{id}'"));
            }
        }
    }

    /// Adds a source and starts a run of it.
    pub(crate) fn begin_run(&self, slug: &str) -> FixtureRun {
        let store = self.db.store();
        let source = worker_steps::add_source(&store, slug);
        let id = worker_steps::queue_run(&store, source, &full_sync());
        let (operation, lease) =
            store.claim_run("worker", 7, LEASE_TERM, Some(id)).expect("an answer").expect("the run");
        FixtureRun { operation, lease, slug: slug.to_owned() }
    }
}

/// A store in that Redis.
pub(crate) fn redis_status(redis: &RedisServer, kept: Duration) -> RedisStatus {
    RedisStatus::open(&redis.url().parse().expect("an address"), kept).expect("a store")
}

/// The key of a run in Redis.
pub(crate) fn redis_key(id: SyncId) -> String {
    format!("lockstep:sync-status:{id}")
}

/// A run under a lease.
pub(crate) struct FixtureRun {
    pub(crate) operation: SyncOperation,
    pub(crate) lease: Lease,
    slug: String,
}

impl FixtureRun {
    pub(crate) fn id(&self) -> SyncId {
        self.lease.id
    }

    /// A status report with that progress and the current time.
    pub(crate) fn build_report(&self, progress: &RunProgress) -> StatusReport {
        // With the precision of the JSON: seconds and milliseconds.
        let summary = RunSummary {
            id: self.lease.id,
            source: self.slug.parse().expect("a slug"),
            kind: self.operation.kind,
            status: Status::Running,
            progress: progress.percent,
            stage: Some(progress.stage),
            message: progress.message.clone(),
            stats: progress.stats,
            error: None,
            code: None,
            attempt: 1,
            retry_of: None,
            successor: None,
        };
        let (start_time, last_update) = (self.operation.created_at, chrono::Utc::now());
        let report = StatusReport { summary, start_time, last_update, rate: None, eta_seconds: None };
        serde_json::from_str(&serde_json::to_string(&report).expect("JSON")).expect("a report")
    }

    /// Writes progress to the database and then to the status store, as the engine does; returns the report.
    pub(crate) fn publish_progress(
        &self,
        place: &StatusFixture,
        status: &dyn StatusStore,
        percent: u8,
    ) -> Result<StatusReport, StatusError> {
        let progress = worker_steps::progress_at(percent);
        place.db.store().save_progress(self.lease, LEASE_TERM, &progress)?;
        let report = self.build_report(&progress);
        status.put(&report).map(|()| report)
    }

    /// Ends the run in the database and publishes its end.
    pub(crate) fn end_run(&self, place: &StatusFixture, board: &StatusBoard, status: Status) {
        place.db.store().finish_run(self.lease, &worker_steps::run_ending(status)).expect("an end");
        board.publish_end(self.id(), false);
    }
}
