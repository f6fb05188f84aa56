//! A worker whose run was taken over can write nothing.

use lockstep::domain::operation::{Lease, Status};
use lockstep::store::batch::ItemBatch;
use lockstep::store::lease::{FinalizeOutcome, LeaseRenewal};
use lockstep::store::{Store, StoreError};

use super::worker_steps::{
    LEASE_TERM, add_source, claim_run, expired_claim, item_batch, progress_at, queue_run, run_ending,
};
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    after_a_take_over_the_old_worker_writes_neither_items_nor_status_nor_record,
    after_the_end_the_worker_itself_writes_nothing_either,
    a_token_of_another_worker_allows_no_write,
    a_batch_and_its_progress_are_written_together,
    a_batch_that_is_sent_twice_is_written_once,
    progress_that_arrives_late_never_lowers_the_percent,
    a_lease_that_ran_out_and_was_not_taken_over_is_taken_anew_by_the_next_write,
    every_write_of_a_worker_ends_its_lease_one_term_later,
];

/// All stored rows of runs and items.
fn dump_tables(db: &TestDatabase) -> Vec<Option<String>> {
    let mut all = db.items_as_written();
    for sql in [
        "SELECT id || '|' || status || '|' || message || '|' || progress || '|' || stats || '|' || last_update || '|' ||
                coalesce(lease_until, 0) AS value FROM sync_operations ORDER BY id",
        "SELECT id || '|' || status || '|' || message || '|' || stats || '|' || finished_at AS value
         FROM sync_records ORDER BY id",
        "SELECT columns || validators || item_count || '|' || coalesce(last_success_id, '') AS value FROM catalogs",
        "SELECT sync_id || '|' || key AS value FROM item_changes ORDER BY id",
    ] {
        all.extend(db.select_texts(sql));
    }
    all
}

/// Everything a worker can do with its lease is refused, and nothing is written.
fn assert_writes_refused(db: &TestDatabase, store: &Store, lease: Lease) {
    let before = dump_tables(db);
    let fenced = |what: &str, result: Result<(), StoreError>| {
        assert!(matches!(result, Err(StoreError::Fenced)), "{what}: {result:?}");
    };
    fenced("progress", store.save_progress(lease, LEASE_TERM, &progress_at(80)));
    fenced("a batch", store.write_batch(lease, LEASE_TERM, &item_batch(&["late"]), &progress_at(80)));
    fenced("finalizing", store.begin_finalizing(lease, LEASE_TERM, &progress_at(90)).map(drop));
    for status in [Status::Completed, Status::Failed, Status::Cancelled, Status::Interrupted] {
        fenced(status.as_str(), store.finish_run(lease, &run_ending(status)).map(drop));
    }
    assert_eq!(store.renew_lease(lease, LEASE_TERM).expect("an answer"), LeaseRenewal::Lost);
    assert_eq!(store.check_lease(lease).expect("an answer"), LeaseRenewal::Lost);
    assert_eq!(dump_tables(db), before, "something was written");
}

fn after_a_take_over_the_old_worker_writes_neither_items_nor_status_nor_record(db: &TestDatabase) {
    let (frozen, other) = (db.store(), db.second_store());
    let source = add_source(&frozen, "albums");
    queue_run(&frozen, source, &full_sync());
    let lease = expired_claim(&frozen, 1);
    frozen.write_batch(lease, std::time::Duration::ZERO, &item_batch(&["early"]), &progress_at(40)).expect("written");
    while other.expired_leases().expect("an answer").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let taken = other.take_over(lease).expect("an answer").expect("taken over");
    assert_writes_refused(db, &frozen, lease);

    // Nor while its successor is running.
    let (successor, new) = claim_run(&other, 2, LEASE_TERM).expect("the successor");
    assert_eq!(Some(successor.id), taken.successor);
    assert_writes_refused(db, &frozen, lease);
    other.write_batch(new, LEASE_TERM, &item_batch(&["after"]), &progress_at(50)).expect("the successor writes");
    other.finish_run(new, &run_ending(Status::Completed)).expect("the successor ends");
    assert_writes_refused(db, &frozen, lease);
    assert_eq!(db.select_texts("SELECT key AS value FROM items ORDER BY id").len(), 2);
}

fn after_the_end_the_worker_itself_writes_nothing_either(db: &TestDatabase) {
    let store = db.store();
    queue_run(&store, add_source(&store, "albums"), &full_sync());
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
    store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
    assert_writes_refused(db, &store, lease);
}

fn a_token_of_another_worker_allows_no_write(db: &TestDatabase) {
    let store = db.store();
    queue_run(&store, add_source(&store, "albums"), &full_sync());
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
    assert_writes_refused(db, &store, Lease { token: 2, ..lease });
    assert_eq!(
        store.renew_lease(lease, LEASE_TERM).expect("an answer"),
        LeaseRenewal::Held { cancel_requested: false }
    );
    store.finish_run(lease, &run_ending(Status::Failed)).expect("finished");
}

fn a_batch_and_its_progress_are_written_together(db: &TestDatabase) {
    let store = db.store();
    let source = add_source(&store, "albums");
    let id = queue_run(&store, source, &full_sync());
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
    store.write_batch(lease, LEASE_TERM, &item_batch(&["a", "b"]), &progress_at(40)).expect("written");
    assert_eq!(store.find_catalog(source).expect("an answer").expect("a catalog").item_count, 2);
    assert_eq!(store.operation_status(id).expect("an answer").expect("a status").summary.progress, 40);

    // A batch that the database refuses takes its progress back with it: the key `a` is not new.
    let before = dump_tables(db);
    let second = ItemBatch { number: 2, ..item_batch(&["c", "a"]) };
    assert!(store.write_batch(lease, LEASE_TERM, &second, &progress_at(60)).is_err());
    assert_eq!(dump_tables(db), before);
    let outcome = store.begin_finalizing(lease, LEASE_TERM, &progress_at(90)).expect("an answer");
    assert_eq!(outcome, FinalizeOutcome::Begun);
    store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
}

fn a_batch_that_is_sent_twice_is_written_once(db: &TestDatabase) {
    let store = db.store();
    let source = add_source(&store, "albums");
    queue_run(&store, source, &full_sync());
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
    for _ in 0..2 {
        store
            .write_batch(lease, LEASE_TERM, &item_batch(&["a", "b"]), &progress_at(40))
            .expect("written, or there already");
    }
    let second = ItemBatch { number: 2, ..item_batch(&["c"]) };
    for _ in 0..2 {
        store.write_batch(lease, LEASE_TERM, &second, &progress_at(50)).expect("written, or there already");
    }
    assert_eq!(store.find_catalog(source).expect("an answer").expect("a catalog").item_count, 3);
    assert_eq!(db.count_rows("items", "1 = 1"), 3);
    store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
}

fn progress_that_arrives_late_never_lowers_the_percent(db: &TestDatabase) {
    let store = db.store();
    let id = queue_run(&store, add_source(&store, "albums"), &full_sync());
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
    for (reported, kept) in [(40, 40), (20, 40), (41, 41), (0, 41), (100, 99)] {
        store.save_progress(lease, LEASE_TERM, &progress_at(reported)).expect("kept");
        assert_eq!(store.operation_status(id).expect("an answer").expect("a status").summary.progress, kept);
    }
    store.finish_run(lease, &run_ending(Status::Failed)).expect("finished");
    let report = store.operation_status(id).expect("an answer").expect("a status");
    assert_eq!((report.summary.status, report.summary.progress), (Status::Failed, 99));
}

fn a_lease_that_ran_out_and_was_not_taken_over_is_taken_anew_by_the_next_write(db: &TestDatabase) {
    let store = db.store();
    queue_run(&store, add_source(&store, "albums"), &full_sync());
    let lease = expired_claim(&store, 1);
    store.save_progress(lease, LEASE_TERM, &progress_at(10)).expect("kept");
    assert!(store.expired_leases().expect("an answer").is_empty());
    assert!(store.take_over(lease).expect("an answer").is_none());
    store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
}

fn every_write_of_a_worker_ends_its_lease_one_term_later(db: &TestDatabase) {
    let store = db.store();
    let source = add_source(&store, "albums");
    queue_run(&store, source, &full_sync());
    let term = i64::try_from(LEASE_TERM.as_millis()).expect("small");
    let assert_one_term = |began: i64, what: &str| {
        let until = db.select_number("SELECT lease_until FROM sync_operations");
        let ended = store.now().expect("a time").timestamp_millis();
        assert!((began + term..=ended + term).contains(&until), "{what}: {until}, begun at {began}, read at {ended}");
    };
    let now = || store.now().expect("a time").timestamp_millis();
    let began = now();
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
    assert_one_term(began, "the claim");
    let began = now();
    store.renew_lease(lease, LEASE_TERM).expect("renewed");
    assert_one_term(began, "a renewal");
    let began = now();
    store.save_progress(lease, LEASE_TERM, &progress_at(20)).expect("saved");
    assert_one_term(began, "progress");
    let began = now();
    store.write_batch(lease, LEASE_TERM, &item_batch(&["one"]), &progress_at(30)).expect("written");
    assert_one_term(began, "a batch");
    let began = now();
    store.begin_finalizing(lease, LEASE_TERM, &progress_at(90)).expect("begun");
    assert_one_term(began, "finalizing");
}
