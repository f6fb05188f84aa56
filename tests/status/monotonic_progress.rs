//! Runs of random sizes and outcomes, with a primary and a database that fail at random: progress never goes back,
//! whichever store answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lockstep::domain::operation::Status;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::{DatabaseStatus, FileStatus, StatusBoard, StatusError, StatusStore};
use lockstep::sync::{ShutdownSignal, Timeouts};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryTable};
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![progress_never_goes_back_whichever_store_fails_or_answers];

/// Status is published far more often than usual, so that more can go wrong.
const FREQUENT_UPDATES: Timeouts = Timeouts {
    primary_interval: Duration::from_millis(1),
    database_interval: Duration::from_millis(15),
    ..TEST_TIMEOUTS
};

/// How long an outdated report may be used, and a small tolerance.
const OUTDATED_REPORT_LIMIT: Duration = Duration::from_millis(2010);

/// A random case.
#[derive(Clone, Debug)]
struct RandomCase {
    rows: usize,
    /// The row before which the source fails, if it does.
    breaks_at: Option<usize>,
    /// Milliseconds until the run is cancelled, or the server shuts down.
    cancelled: Option<u64>,
    stopped: Option<u64>,
    /// Percentages: how often the primary refuses a report, keeps the former one when it does, and cannot be read.
    refused: u64,
    kept: u64,
    unreadable: u64,
    /// Percentage of progress updates that the database refuses.
    database: u32,
    seed: u64,
}

fn any_case() -> impl Strategy<Value = RandomCase> {
    let rare = |most: usize| prop::option::weighted(0.15, 0..most);
    let time = || prop::option::weighted(0.15, 1..150_u64);
    let share = || prop_oneof![Just(0), 0..40_u64];
    (
        (1..6000_usize, rare(6000), time(), time()),
        (share(), 0..101_u64, share(), prop_oneof![Just(0), 0..60_u32], any::<u64>()),
    )
        .prop_map(|((rows, breaks_at, cancelled, stopped), (refused, kept, unreadable, database, seed))| {
            RandomCase { rows, breaks_at, cancelled, stopped, refused, kept, unreadable, database, seed: seed | 1 }
        })
}

/// Status files that sometimes cannot be written or read.
#[derive(Clone)]
struct FlakyStatus {
    files: Arc<FileStatus>,
    case: RandomCase,
    dice: Arc<AtomicU64>,
}

impl FlakyStatus {
    /// True in `percent` of a hundred calls.
    fn happens(&self, share: u64) -> bool {
        // xorshift
        let roll = |x: u64| {
            let x = x ^ (x << 13);
            let x = x ^ (x >> 7);
            Some(x ^ (x << 17))
        };
        let before = self.dice.fetch_update(Ordering::SeqCst, Ordering::SeqCst, roll).expect("a roll");
        before % 100 < share
    }

    fn fail_call<T>() -> Result<T, StatusError> {
        Err(StatusError::Redis { address: "nowhere".to_owned(), reason: "a fault that a test set".to_owned() })
    }
}

impl StatusStore for FlakyStatus {
    fn name(&self) -> &'static str {
        "flaky"
    }

    fn put(&self, report: &StatusReport) -> Result<(), StatusError> {
        if !self.happens(self.case.refused) {
            return self.files.put(report);
        }
        if !self.happens(self.case.kept) {
            self.files.delete_old_reports(Duration::ZERO)?;
        }
        Self::fail_call()
    }

    fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError> {
        if self.happens(self.case.unreadable) { Self::fail_call() } else { self.files.get(id) }
    }

    fn delete_old_reports(&self, age: Duration) -> Result<usize, StatusError> {
        self.files.delete_old_reports(age)
    }
}

/// What a poller reads from.
enum StatusReader {
    Board(StatusBoard),
    /// A board whose database is unavailable: it may have no answer.
    Alone(StatusBoard),
    Database(DatabaseStatus),
}

impl StatusReader {
    fn get_report(&self, id: SyncId) -> Option<StatusReport> {
        match self {
            Self::Board(board) => Some(board.get(id).expect("the database answers").expect("never absent")),
            Self::Alone(board) => board.get(id).ok().map(|reported| reported.expect("an error or an answer")),
            Self::Database(status) => Some(status.get(id).expect("the database answers").expect("never absent")),
        }
    }

    /// Polls until the end of the run or until `over`, and compares every answer with the one before.
    fn poll_until_over(&self, id: SyncId, over: &AtomicBool) -> Result<Option<StatusReport>, String> {
        let mut last: Option<StatusReport> = None;
        loop {
            let last_look = over.load(Ordering::SeqCst);
            if let Some(now) = self.get_report(id) {
                if (now.summary.progress == 100) != (now.summary.status == Status::Completed) {
                    return Err(format!("{now:?}"));
                }
                if let Some(before) = &last {
                    let legal = before.summary.status == now.summary.status
                        || before.summary.status.may_become(now.summary.status)
                        || before.summary.status == Status::Pending;
                    if !legal || now.summary.progress < before.summary.progress {
                        return Err(format!("{before:?}\nthen {now:?}"));
                    }
                }
                last = Some(now);
            }
            if last_look {
                return Ok(last);
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// Makes the database refuse a percentage of progress updates. Updates with items are accepted.
fn refuse_progress(db: &TestDatabase, share: u32) {
    let when = "NEW.progress > OLD.progress AND NEW.status = 'running' AND NEW.stage = 'processing'";
    db.run_sql(&if db.is_sqlite() {
        format!(
            "DROP TRIGGER IF EXISTS refuse;
             CREATE TRIGGER refuse BEFORE UPDATE ON sync_operations WHEN {when} AND abs(random()) % 100 < {share}
             BEGIN SELECT RAISE(ABORT, 'a fault that a test set'); END"
        )
    } else {
        format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN IF random() * 100 < {share} THEN RAISE EXCEPTION ''a fault that a test set''; END IF; RETURN NEW; END';
             DROP TRIGGER IF EXISTS refuse ON sync_operations;
             CREATE TRIGGER refuse BEFORE UPDATE ON sync_operations FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()"
        )
    });
}

/// A database that never answers.
fn nowhere() -> TestDatabase {
    let unavailable = TestDatabase::sqlite();
    unavailable.run_sql("ALTER TABLE sync_operations RENAME TO hidden");
    unavailable
}

fn try_case(db: &TestDatabase, unavailable: &TestDatabase, case: &RandomCase) -> Result<(), TestCaseError> {
    let (folder, empty) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let files = Arc::new(FileStatus::new(folder.path().join("flaky")));
    let flaky = FlakyStatus { files, case: case.clone(), dice: Arc::new(AtomicU64::new(case.seed)) };
    let engine = TestEngine::with_status_store(db.store(), FREQUENT_UPDATES, Box::new(flaky.clone()), folder);
    let mut table = MemoryTable::albums(case.rows, "Title");
    if let Some(row) = case.breaks_at {
        table = table.with_fault(FaultMoment::Apply(row), MemoryFault::Break);
    }
    // A new slug each time: a failing case is repeated in smaller forms with the same seed.
    static TRIED: AtomicU64 = AtomicU64::new(0);
    let slug = format!("albums-{}", TRIED.fetch_add(1, Ordering::SeqCst));
    let source = engine.memory_source(&slug, table);
    refuse_progress(db, case.database);
    let board = |primary: Box<dyn StatusStore>, store| StatusBoard::new(primary, store, TEST_TIMEOUTS.renewal_interval);
    let readers = [
        StatusReader::Board(board(Box::new(flaky.clone()), db.store())),
        StatusReader::Board(board(Box::new(flaky.clone()), db.store())),
        StatusReader::Board(board(Box::new(FileStatus::new(empty.path().to_owned())), db.store())),
        StatusReader::Alone(board(Box::new(flaky), unavailable.store())),
        StatusReader::Database(DatabaseStatus::new(db.store())),
    ];
    let (id, over, stop) = (engine.start(&source, &full_sync()), AtomicBool::new(false), ShutdownSignal::default());
    let reported = std::thread::scope(|scope| {
        let over = &over;
        let polling: Vec<_> =
            readers.iter().map(|reader| scope.spawn(move || reader.poll_until_over(id, over))).collect();
        let after = |time: Option<u64>, then: Box<dyn FnOnce() + Send>| {
            time.map(|millis| {
                scope.spawn(move || {
                    std::thread::sleep(Duration::from_millis(millis));
                    then();
                })
            })
        };
        let control = engine.control.clone();
        after(case.cancelled, Box::new(move || assert!(control.cancel(id, "ada").is_ok())));
        let stop_request = stop.clone();
        after(case.stopped, Box::new(move || stop_request.request()));
        // The run may have been cancelled before it started.
        engine.control.run_in_this_thread(id, &stop).expect("a run");
        let ended = Instant::now();
        let end = engine.store.find_record(id).expect("an answer").expect("a record").summary.status;
        // An outdated report that could not be deleted is used for two seconds. A poll after that must report the end.
        // The last poll of each reader starts then at the latest, however long it takes.
        let known = |reader: &StatusReader| reader.get_report(id).is_some_and(|report| report.summary.status == end);
        while !readers.iter().all(|it| matches!(it, StatusReader::Alone(_)) || known(it))
            && ended.elapsed() < OUTDATED_REPORT_LIMIT
        {
            std::thread::sleep(Duration::from_millis(2));
        }
        over.store(true, Ordering::SeqCst);
        let reported: Vec<_> = polling.into_iter().map(|poller| poller.join().expect("no panic")).collect();
        (reported, end)
    });
    let (reported, end) = reported;
    for (reader, last) in readers.iter().zip(reported) {
        let last = last.map_err(TestCaseError::fail)?;
        if !matches!(reader, StatusReader::Alone(_)) {
            prop_assert_eq!(last.map(|report| report.summary.status), Some(end));
        }
    }
    // Runs the successor that the shutdown queued.
    refuse_progress(db, 0);
    engine.memory.set_table(&slug, MemoryTable::albums(1, "Title"));
    engine.run_queued();
    Ok(())
}

fn progress_never_goes_back_whichever_store_fails_or_answers(db: &TestDatabase) {
    let unavailable = nowhere();
    let config =
        ProptestConfig { cases: 24, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() };
    if let Err(wrong) = TestRunner::new(config).run(&any_case(), |case| try_case(db, &unavailable, &case)) {
        panic!("{wrong}");
    }
}
