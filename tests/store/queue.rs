//! The queue: each pending run is claimed once, runs of a higher priority first.

use std::collections::HashSet;
use std::sync::Barrier;

use lockstep::domain::operation::{RunPriority, StartRequest, Status};

use super::worker_steps::{LEASE_TERM, add_source, claim_run, queue_run, run_ending};
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    two_workers_never_claim_the_same_run,
    runs_are_claimed_by_priority_and_then_by_age,
    only_the_run_that_is_asked_for_is_claimed,
    an_empty_queue_gives_nothing,
    the_message_of_a_claimed_run_does_not_mention_a_wait_for_a_worker,
];

fn two_workers_never_claim_the_same_run(db: &TestDatabase) {
    let stores = [db.store(), db.second_store()];
    let waiting: HashSet<_> =
        (0..40).map(|n| queue_run(&stores[0], add_source(&stores[0], &format!("source-{n}")), &full_sync())).collect();
    let pause_point = Barrier::new(8);
    let claimed: Vec<_> = std::thread::scope(|scope| {
        let work = |worker: i64| {
            let store = &stores[usize::from(worker % 2 == 0)];
            pause_point.wait();
            let mut mine = Vec::new();
            while let Some((operation, _)) = claim_run(store, worker, LEASE_TERM) {
                mine.push(operation.id);
            }
            mine
        };
        let workers: Vec<_> = (0..8).map(|worker| scope.spawn(move || work(worker))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    assert_eq!(claimed.len(), 40, "each is claimed once");
    assert_eq!(claimed.into_iter().collect::<HashSet<_>>(), waiting);
}

fn runs_are_claimed_by_priority_and_then_by_age(db: &TestDatabase) {
    let store = db.store();
    let queued_runs = [
        (RunPriority::Scheduled, "scheduled-1"),
        (RunPriority::Retry, "retry-1"),
        (RunPriority::Manual, "manual-1"),
        (RunPriority::Scheduled, "scheduled-2"),
        (RunPriority::Manual, "manual-2"),
        (RunPriority::Retry, "retry-2"),
    ];
    for (priority, slug) in queued_runs {
        queue_run(&store, add_source(&store, slug), &StartRequest { priority, ..full_sync() });
    }
    let mut claimed = Vec::new();
    while let Some((operation, lease)) = claim_run(&store, 1, LEASE_TERM) {
        claimed.push(store.source_by_id(operation.source_id).expect("an answer").expect("a source").name);
        store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
    }
    assert_eq!(claimed, ["manual-1", "manual-2", "retry-1", "retry-2", "scheduled-1", "scheduled-2"]);
}

fn only_the_run_that_is_asked_for_is_claimed(db: &TestDatabase) {
    let store = db.store();
    let first = queue_run(&store, add_source(&store, "first"), &full_sync());
    let second = queue_run(&store, add_source(&store, "second"), &full_sync());
    let only =
        |id| store.claim_run("worker", 1, LEASE_TERM, Some(id)).expect("an answer").map(|(operation, _)| operation.id);
    assert_eq!(only(second), Some(second));
    assert_eq!(only(second), None, "it is claimed already");
    assert_eq!(only(first), Some(first));
}

fn an_empty_queue_gives_nothing(db: &TestDatabase) {
    assert!(claim_run(&db.store(), 1, LEASE_TERM).is_none());
}

fn the_message_of_a_claimed_run_does_not_mention_a_wait_for_a_worker(db: &TestDatabase) {
    let store = db.store();
    let source = add_source(&store, "albums");
    let id = queue_run(&store, source, &full_sync());
    let message = || store.operation_status(id).expect("an answer").expect("a status").summary.message;
    let waiting = message();
    claim_run(&store, 1, LEASE_TERM).expect("a run");
    assert_ne!(message(), waiting);
}
