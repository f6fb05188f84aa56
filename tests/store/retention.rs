//! Retention: which rows are deleted, which stay, and that other writers are not delayed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lockstep::domain::issue::{Issue, IssueKind};
use lockstep::domain::operation::{Lease, OperationKind, StartOptions, StartRequest, Status};
use lockstep::domain::progress::{ProgressCount, RunStats};
use lockstep::domain::session_lifetimes::SessionLifetimes;
use lockstep::domain::source::SourceId;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::{DatabaseStatus, StatusStore};
use lockstep::store::Store;
use lockstep::store::cancel::CancelOutcome;
use lockstep::store::finish::{RequeuePolicy, RunEnding};
use lockstep::store::lease::{LeaseRenewal, RunProgress};

use super::worker_steps;
use super::worker_steps::LEASE_TERM;
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_record_gives_the_same_status_report_as_its_deleted_operation,
    an_active_run_and_one_without_a_record_are_not_cleared_away,
    the_changes_of_a_run_stay_while_it_is_undone,
    a_record_goes_after_its_operation_with_its_issues_and_changes_in_small_steps,
    deleting_a_run_with_many_changes_does_not_delay_other_writers,
    several_servers_can_delete_old_rows_at_the_same_time,
    a_source_can_be_removed_while_its_old_runs_are_deleted,
    expired_sessions_are_deleted,
];

const NOW: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_secs(3600);

/// A source's next run, claimed.
fn claim_new_run(store: &Store, source: SourceId) -> Lease {
    let id = worker_steps::queue_run(store, source, &full_sync());
    store.claim_run("worker", 1, LEASE_TERM, Some(id)).expect("an answer").expect("the run").1
}

/// A run that ended.
fn end_new_run(store: &Store, source: SourceId, ending: &RunEnding) -> SyncId {
    let lease = claim_new_run(store, source);
    store.finish_run(lease, ending).expect("an end");
    lease.id
}

/// Deletes until nothing is left; returns the number of rows of each step.
fn clear_all(step: impl Fn() -> usize) -> Vec<usize> {
    // A run that ended in this millisecond is not yet older than zero.
    std::thread::sleep(Duration::from_millis(5));
    std::iter::repeat_with(step).take_while(|rows| *rows > 0).collect()
}

fn clear_operations(store: &Store) -> usize {
    clear_all(|| store.clear_operations(NOW).expect("cleared")).iter().sum()
}

fn clear_records(store: &Store) -> Vec<usize> {
    clear_all(|| store.clear_records(NOW).expect("cleared"))
}

fn add_changes(db: &TestDatabase, run: SyncId, count: u32) {
    db.run_sql(&format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
         INSERT INTO item_changes (sync_id, source_id, key, kind, before, after)
         SELECT '{run}', 1, CAST(n AS TEXT), 'updated', '[]', '[]' FROM numbers"
    ));
}

fn a_record_gives_the_same_status_report_as_its_deleted_operation(db: &TestDatabase) {
    let store = db.store();
    let source = worker_steps::add_source(&store, "albums");
    let stats = RunStats {
        items: ProgressCount { processed: 900_000_000, total: 900_000_001 },
        bytes: 5,
        ..RunStats::default()
    };
    let progress = RunProgress { stats, ..worker_steps::progress_at(63) };
    let long_ago =
        |id| db.run_sql(&format!("UPDATE sync_operations SET started_at = '2026-01-01 00:00:00' WHERE id = '{id}'"));
    let mut runs = Vec::new();
    for status in [Status::Completed, Status::Failed, Status::Cancelled] {
        let lease = claim_new_run(&store, source);
        store.save_progress(lease, LEASE_TERM, &progress).expect("kept");
        long_ago(lease.id);
        let error = (status == Status::Failed).then(|| ("broken".to_owned(), "It broke.".to_owned()));
        store
            .finish_run(lease, &RunEnding { error, stats: Some(stats), ..worker_steps::run_ending(status) })
            .expect("an end");
        runs.push(lease.id);
    }
    let waiting = worker_steps::queue_run(&store, source, &full_sync());
    assert_eq!(store.cancel_run(waiting, "ada").expect("an answer"), CancelOutcome::Done);
    worker_steps::queue_run(&store, source, &full_sync());
    let crashed = worker_steps::expired_claim(&store, 3);
    store.save_progress(crashed, Duration::ZERO, &progress).expect("kept");
    std::thread::sleep(Duration::from_millis(5));
    let successor = store.take_over(crashed).expect("an answer").expect("taken over").successor.expect("a successor");
    let (_, lease) = worker_steps::claim_run(&store, 4, LEASE_TERM).expect("the successor");
    assert_eq!(lease.id, successor);
    let again = RunEnding { requeue: RequeuePolicy::SameAttempt, ..worker_steps::run_ending(Status::Interrupted) };
    let last = store.finish_run(lease, &again).expect("an end").expect("another successor");
    runs.extend([waiting, crashed.id, successor]);

    let status = DatabaseStatus::new(store.clone());
    let reported = |id: &SyncId| status.get(*id).expect("an answer").expect("a status");
    let before: Vec<StatusReport> = runs.iter().map(reported).collect();
    assert!(
        before[0].rate.is_some() && before[0].summary.stage.is_some() && before[4].summary.successor == Some(successor),
        "{before:?}"
    );
    assert_eq!(clear_operations(&store), runs.len());
    assert_eq!(db.count_rows("sync_operations", "1 = 1"), 1, "the one that waits");
    let after: Vec<StatusReport> = runs.iter().map(reported).collect();
    assert_eq!(after, before);
    let json = |reports: &[StatusReport]| serde_json::to_value(reports).expect("JSON");
    assert_eq!(json(&after), json(&before));

    for id in &runs {
        assert_eq!(store.cancel_run(*id, "ada").expect("an answer"), CancelOutcome::AlreadyEnded);
        assert!(
            store.operation_status(*id).expect("an answer").is_none() && store.find_record(*id).expect("one").is_some()
        );
    }
    assert_eq!(store.cancel_run(SyncId::new(), "ada").expect("an answer"), CancelOutcome::NoSuchRun);
    assert_eq!(store.latest_run(source, None).expect("an answer"), Some(last), "active runs continue");
    assert_eq!(store.cancel_run(last, "ada").expect("an answer"), CancelOutcome::Done);
}

fn an_active_run_and_one_without_a_record_are_not_cleared_away(db: &TestDatabase) {
    let store = db.store();
    let [one, two, three] = ["one", "two", "three"].map(|slug| worker_steps::add_source(&store, slug));
    let waits = worker_steps::queue_run(&store, one, &full_sync());
    let runs = claim_new_run(&store, two);
    store
        .write_batch(runs, LEASE_TERM, &worker_steps::item_batch(&["a", "b"]), &worker_steps::progress_at(20))
        .expect("written");
    add_changes(db, runs.id, 100);
    let lost = end_new_run(&store, three, &worker_steps::run_ending(Status::Completed));
    let kept = end_new_run(&store, three, &worker_steps::run_ending(Status::Completed));
    db.run_sql(&format!("DELETE FROM sync_records WHERE id = '{lost}'"));
    // However old the rows are.
    db.run_sql("UPDATE sync_operations SET created_at = '2020-01-01 00:00:00', last_update = '2020-01-01 00:00:00'");

    assert_eq!(store.clear_operations(LONG).expect("cleared"), 0, "it has just ended");
    assert_eq!(store.clear_records(NOW).expect("cleared"), 0, "its operation is there");
    assert_eq!(clear_operations(&store), 1);
    let left = db.select_texts("SELECT id AS value FROM sync_operations ORDER BY id");
    assert_eq!(left, [waits, runs.id, lost].map(|id| Some(id.to_string())));
    assert_eq!(store.clear_records(LONG).expect("cleared"), 0, "it has just ended");
    assert_eq!(clear_records(&store), [1]);
    assert_eq!(store.find_record(kept).expect("an answer"), None);
    assert_eq!(db.count_rows("item_changes", "1 = 1"), 100, "the changes of an active run");
    assert_eq!(store.renew_lease(runs, LEASE_TERM).expect("an answer"), LeaseRenewal::Held { cancel_requested: false });
}

fn the_changes_of_a_run_stay_while_it_is_undone(db: &TestDatabase) {
    let store = db.store();
    let source = worker_steps::add_source(&store, "albums");
    let run = end_new_run(&store, source, &worker_steps::run_ending(Status::Completed));
    add_changes(db, run, 100);
    assert_eq!(clear_operations(&store), 1);
    let options = StartOptions { undo_of: Some(run), ..StartOptions::default() };
    let undo = StartRequest { kind: OperationKind::Undo, options, ..full_sync() };
    let undo = worker_steps::queue_run(&store, source, &undo);
    assert_eq!(clear_records(&store), [0_usize; 0], "it may be reading them");
    assert_eq!(store.cancel_run(undo, "ada").expect("an answer"), CancelOutcome::Done);
    assert_eq!(clear_records(&store), [101]);
}

fn a_record_goes_after_its_operation_with_its_issues_and_changes_in_small_steps(db: &TestDatabase) {
    let store = db.store();
    let source = worker_steps::add_source(&store, "albums");
    let mut ending = worker_steps::run_ending(Status::Completed);
    for row in 0..5000 {
        ending.issues.push(Issue::new(Some(row), None, IssueKind::Refused, "No.".to_owned()));
    }
    let big = end_new_run(&store, source, &ending);
    add_changes(db, big, 7000);
    let small = end_new_run(&store, source, &worker_steps::run_ending(Status::Completed));
    add_changes(db, small, 10);
    assert_eq!(clear_operations(&store), 2);
    let young = end_new_run(&store, source, &worker_steps::run_ending(Status::Completed));
    add_changes(db, young, 10);

    std::thread::sleep(Duration::from_millis(5));
    let first = store.clear_records(NOW).expect("cleared");
    assert!(first <= 4050 && store.find_record(big).expect("an answer").is_some(), "the record goes last");
    let steps = clear_records(&store);
    assert!(steps.iter().all(|rows| *rows <= 4050), "{steps:?}");
    assert_eq!(first + steps.iter().sum::<usize>(), 5000 + 7000 + 10 + 2);
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 1);
    assert_eq!((db.count_rows("sync_issues", "1 = 1"), db.count_rows("item_changes", "1 = 1")), (0, 10));
    assert!(store.find_record(young).expect("an answer").is_some());
}

fn deleting_a_run_with_many_changes_does_not_delay_other_writers(db: &TestDatabase) {
    const CHANGES: u32 = 100_000;
    let store = db.store();
    let big =
        end_new_run(&store, worker_steps::add_source(&store, "albums"), &worker_steps::run_ending(Status::Completed));
    add_changes(db, big, CHANGES);
    clear_operations(&store);
    let lease = claim_new_run(&store, worker_steps::add_source(&store, "others"));
    std::thread::sleep(Duration::from_millis(5));
    let steps = AtomicUsize::new(0);
    let step = || {
        let rows = store.clear_records(NOW).expect("cleared");
        steps.fetch_add(1, Ordering::SeqCst);
        rows
    };
    // The number of steps during each heartbeat's wait. It does not depend on the speed of the machine.
    let waits: Vec<usize> = std::thread::scope(|scope| {
        let clearing = scope.spawn(|| clear_all(step).iter().sum::<usize>());
        let mut waits = Vec::new();
        while !clearing.is_finished() {
            let before = steps.load(Ordering::SeqCst);
            assert_eq!(
                store.renew_lease(lease, LEASE_TERM).expect("an answer"),
                LeaseRenewal::Held { cancel_requested: false }
            );
            waits.push(steps.load(Ordering::SeqCst) - before);
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(clearing.join().expect("cleared"), CHANGES as usize + 1);
        waits
    });
    let steps = steps.into_inner();
    println!("{steps} steps, and beside them {} heartbeats that waited for {waits:?}", waits.len());
    assert!(steps > CHANGES as usize / 4050, "{steps} steps: they are too long");
    // A heartbeat thread that gets no processor for a moment sees more steps.
    let soon = waits.iter().filter(|steps| **steps <= 3).count();
    assert!(soon >= 5 && soon * 2 >= waits.len(), "{waits:?}");
}

fn several_servers_can_delete_old_rows_at_the_same_time(db: &TestDatabase) {
    let store = db.store();
    let source = worker_steps::add_source(&store, "albums");
    for _ in 0..120 {
        let id = end_new_run(&store, source, &worker_steps::run_ending(Status::Completed));
        db.run_sql(&format!(
            "INSERT INTO item_changes (sync_id, source_id, key, kind) VALUES ('{id}', 1, 'a', 'added')"
        ));
    }
    std::thread::sleep(Duration::from_millis(5));
    let rows: usize = std::thread::scope(|scope| {
        let servers: Vec<_> = (0..4)
            .map(|_| {
                let store = db.second_store();
                scope.spawn(move || {
                    let mut rows = 0;
                    // A step deletes nothing while other servers hold all rows, so an empty step is not yet the end.
                    for _ in 0..50 {
                        rows += store.clear_operations(NOW).expect("never an error");
                        rows += store.clear_records(NOW).expect("never an error");
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    rows
                })
            })
            .collect();
        servers.into_iter().map(|server| server.join().expect("no error")).sum()
    });
    assert_eq!(rows, 3 * 120, "each row once");
    for table in ["sync_operations", "sync_records", "item_changes"] {
        assert_eq!(db.count_rows(table, "1 = 1"), 0, "{table}");
    }
}

fn a_source_can_be_removed_while_its_old_runs_are_deleted(db: &TestDatabase) {
    let store = db.store();
    for round in 0..5 {
        let source = worker_steps::add_source(&store, &format!("albums-{round}"));
        for _ in 0..10 {
            let id = end_new_run(&store, source, &worker_steps::run_ending(Status::Completed));
            add_changes(db, id, 1000);
            db.run_sql(&format!("UPDATE item_changes SET source_id = {} WHERE sync_id = '{id}'", source.0));
        }
        clear_operations(&store);
        let other = db.second_store();
        std::thread::scope(|scope| {
            let clearing = scope.spawn(|| clear_records(&store));
            std::thread::sleep(Duration::from_millis(round * 5));
            other.remove_source(source).expect("removed");
            clearing.join().expect("never an error");
        });
        clear_records(&store);
        assert_eq!((db.count_rows("item_changes", "1 = 1"), db.count_rows("sync_records", "1 = 1")), (0, 0));
    }
}

fn expired_sessions_are_deleted(db: &TestDatabase) {
    let store = db.store();
    let name = "ada".parse().expect("a name");
    store.add_user(&name, lockstep::domain::account::Role::Admin, "hash").expect("a user");
    let (user, _) = store.user_by_name("ada").expect("an answer").expect("the user");
    let short = SessionLifetimes { idle: Duration::from_millis(1), total: Duration::from_secs(3600) };
    store.begin_session(&user, "over", short, "").expect("a session");
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(store.clear_sessions().expect("cleared"), 1);
    store.begin_session(&user, "in force", SessionLifetimes::default(), "").expect("a session");
    assert_eq!(store.clear_sessions().expect("cleared"), 0);
    assert!(store.session_actor("in force").expect("an answer").is_some());
}
