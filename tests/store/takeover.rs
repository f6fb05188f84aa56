//! Taking over runs whose worker has ended.

use std::sync::Barrier;
use std::time::Duration;

use diesel::connection::SimpleConnection;

use lockstep::domain::operation::{OperationKind, RunPriority, StartRequest, Status};
use lockstep::domain::source::SourceId;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::cancel::CancelOutcome;
use lockstep::store::{Store, StoreError};

use super::worker_steps::{LEASE_TERM, add_source, claim_run, expired_claim, progress_at, queue_run, run_ending};
use crate::support::test_database::RawConnection;
use crate::support::test_engine::full_sync;
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_live_lease_is_not_taken_over,
    a_lease_from_before_the_clock_was_set_back_is_taken_over_unless_it_is_renewed,
    a_first_crash_is_followed_by_a_second_attempt,
    a_second_crash_is_not_followed_by_a_third_attempt,
    a_run_with_a_pending_cancel_is_not_started_again,
    an_undo_is_not_started_again,
    two_servers_take_a_run_over_once,
    a_run_of_a_dead_worker_keeps_its_percentage,
];

fn queue_new_run(store: &Store) -> (SourceId, SyncId) {
    let source = add_source(store, "albums");
    (source, queue_run(store, source, &full_sync()))
}

/// The record of a run that ended as *interrupted*; there must be exactly one.
fn expect_interrupted(db: &TestDatabase, store: &Store, id: SyncId) -> lockstep::domain::record::SyncRecord {
    let record = store.find_record(id).expect("an answer").expect("a record");
    assert_eq!(record.summary.status, Status::Interrupted);
    assert_eq!(record.summary.code.as_deref(), Some("interrupted"));
    assert_eq!(db.count_rows("sync_records", &format!("id = '{id}'")), 1);
    record
}

fn a_live_lease_is_not_taken_over(db: &TestDatabase) {
    let store = db.store();
    queue_new_run(&store);
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
    assert!(store.expired_leases().expect("an answer").is_empty());
    assert!(store.take_over(lease).expect("an answer").is_none());
    store.save_progress(lease, LEASE_TERM, &progress_at(50)).expect("the worker continues");
    store.finish_run(lease, &run_ending(Status::Completed)).expect("and ends");
    assert!(store.take_over(lease).expect("an answer").is_none(), "what has ended is not taken over");
}

fn a_lease_from_before_the_clock_was_set_back_is_taken_over_unless_it_is_renewed(db: &TestDatabase) {
    let store = db.store();
    let (_, id) = queue_new_run(&store);
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
    let set_clock_back = |by: Duration| {
        db.run_sql(&format!("UPDATE sync_operations SET lease_until = lease_until + {}", by.as_millis()));
    };
    let is_expired = || {
        let is_listed = store.expired_leases().expect("an answer").contains(&lease);
        assert_eq!(store.has_expired(lease).expect("an answer"), is_listed);
        is_listed
    };
    // A lease that was renewed while this transaction waited may end a little later than a lease from now.
    set_clock_back(LEASE_TERM - Duration::from_secs(1));
    assert!(!is_expired());
    assert!(store.take_over(lease).expect("an answer").is_none());
    set_clock_back(Duration::from_secs(3600));
    assert!(is_expired());
    store.renew_lease(lease, LEASE_TERM).expect("an answer");
    assert!(!is_expired(), "its worker is alive");
    set_clock_back(Duration::from_secs(3600));
    let successor = store.take_over(lease).expect("an answer").expect("taken over").successor;
    assert_eq!(expect_interrupted(db, &store, id).summary.successor, successor);
    assert!(successor.is_some());
}

fn a_first_crash_is_followed_by_a_second_attempt(db: &TestDatabase) {
    let store = db.store();
    let (source, id) = queue_new_run(&store);
    let lease = expired_claim(&store, 1);
    let taken = store.take_over(lease).expect("an answer").expect("taken over");
    let successor = taken.successor.expect("a successor");
    let record = expect_interrupted(db, &store, id);
    assert_eq!((record.summary.attempt, record.summary.successor), (1, Some(successor)));
    let report = store.operation_status(id).expect("an answer").expect("a status");
    assert_eq!((report.summary.status, report.summary.successor), (Status::Interrupted, Some(successor)));

    assert_eq!(store.active_run(source).expect("an answer"), Some(successor));
    let (operation, lease) = claim_run(&store, 2, LEASE_TERM).expect("the successor");
    assert_eq!((operation.id, operation.attempt, operation.retry_of), (successor, 2, Some(id)));
    assert_eq!((operation.kind, operation.requested_by.as_str()), (OperationKind::Sync, "ada"));
    let priority = RunPriority::Retry.as_number();
    assert_eq!(db.count_rows("sync_operations", &format!("id = '{successor}' AND priority = {priority}")), 1);
    store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
}

fn a_second_crash_is_not_followed_by_a_third_attempt(db: &TestDatabase) {
    let store = db.store();
    let (source, _) = queue_new_run(&store);
    let first = expired_claim(&store, 1);
    let successor = store.take_over(first).expect("an answer").expect("taken over").successor.expect("a successor");
    let second = expired_claim(&store, 2);
    assert_eq!(second.id, successor);
    let taken = store.take_over(second).expect("an answer").expect("taken over");
    assert_eq!(taken.successor, None);
    assert_eq!(expect_interrupted(db, &store, successor).summary.attempt, 2);
    assert_eq!(store.active_run(source).expect("an answer"), None);
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 2);
}

fn a_run_with_a_pending_cancel_is_not_started_again(db: &TestDatabase) {
    let store = db.store();
    let (source, id) = queue_new_run(&store);
    let lease = expired_claim(&store, 1);
    assert_eq!(store.cancel_run(id, "ada").expect("an answer"), CancelOutcome::Requested);
    let taken = store.take_over(lease).expect("an answer").expect("taken over");
    assert_eq!(taken.successor, None);
    assert_eq!(expect_interrupted(db, &store, id).summary.successor, None);
    assert_eq!(store.active_run(source).expect("an answer"), None);
}

fn an_undo_is_not_started_again(db: &TestDatabase) {
    let store = db.store();
    let source = add_source(&store, "albums");
    let id = queue_run(&store, source, &StartRequest { kind: OperationKind::Undo, ..full_sync() });
    let lease = expired_claim(&store, 1);
    let taken = store.take_over(lease).expect("an answer").expect("taken over");
    assert_eq!(taken.successor, None);
    expect_interrupted(db, &store, id);
}

fn two_servers_take_a_run_over_once(db: &TestDatabase) {
    let stores = [db.store(), db.second_store()];
    for round in 0..10 {
        let id = queue_run(&stores[0], add_source(&stores[0], &format!("albums-{round}")), &full_sync());
        let lease = expired_claim(&stores[0], 1);
        let pause_point = Barrier::new(stores.len());
        let take = |store: &Store| {
            pause_point.wait();
            store.take_over(lease).expect("an answer, never an error")
        };
        let take = &take;
        let taken: Vec<_> = std::thread::scope(|scope| {
            let takes: Vec<_> = stores.iter().map(|store| scope.spawn(move || take(store))).collect();
            takes.into_iter().filter_map(|take| take.join().expect("no panic")).collect()
        });
        assert_eq!(taken.len(), 1, "{taken:?}");
        assert_eq!(db.count_rows("sync_operations", &format!("retry_of = '{id}'")), 1);
        expect_interrupted(db, &stores[0], id);
        let (_, next) = claim_run(&stores[0], 2, LEASE_TERM).expect("the successor");
        stores[0].finish_run(next, &run_ending(Status::Completed)).expect("finished");
    }
}

fn a_run_of_a_dead_worker_keeps_its_percentage(db: &TestDatabase) {
    let store = db.store();
    let (_, id) = queue_new_run(&store);
    let lease = expired_claim(&store, 1);
    store.save_progress(lease, Duration::ZERO, &progress_at(63)).expect("kept");
    while store.take_over(lease).expect("an answer").is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let report = store.operation_status(id).expect("an answer").expect("a status");
    assert_eq!((report.summary.progress, report.summary.stats.added), (63, 7));
    assert_eq!(report.summary.message, "The server restarted at 63 %. Starting again; nothing is lost.");
}

/// A process that is frozen while it sends a statement leaves a session that counts as active, not as idle. Waiting for
/// the data of a COPY is the same to PostgreSQL.
#[test]
fn locks_of_a_process_frozen_in_a_statement_are_released() {
    let db = TestDatabase::postgres();
    let store = db.store();
    let id = queue_run(&store, add_source(&store, "albums"), &full_sync());
    let lease = expired_claim(&store, 1);
    let RawConnection::Postgres(mut frozen) = db.raw_connection() else { panic!("not PostgreSQL") };
    let half = format!(
        "CREATE TEMP TABLE half (text TEXT); BEGIN; UPDATE sync_operations SET message = 'half' WHERE id = '{id}';
         COPY half FROM STDIN"
    );
    frozen.batch_execute(&half).expect("the server waits for what is to be copied");
    assert!(store.has_expired(lease).is_err(), "its row is held");
    let held = Duration::from_millis(500);
    assert_eq!(store.end_frozen_sessions(Duration::from_secs(60)).expect("an answer"), 0, "that may be a slow one");
    assert_eq!(store.cancel_run(id, "ada").map_err(|error| error.to_string()), Err(StoreError::Busy.to_string()));
    std::thread::sleep(held);
    assert_eq!(store.end_frozen_sessions(held).expect("an answer"), 1);
    wait_for("the end of the lock on its row", || store.has_expired(lease).unwrap_or(false));
    let taken = store.take_over(lease).expect("an answer").expect("taken over");
    assert_eq!(taken.id, id);
}
