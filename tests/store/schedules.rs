//! Schedules: each scheduled sync starts once, however many servers check the schedule.

use std::sync::Barrier;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{OperationKind, RunPriority, StartOptions, StartRequest, Status};
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::SourceId;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::Store;
use lockstep::store::admission::{AdmissionRequest, ScheduledStart, StartOutcome};
use lockstep::store::cancel::CancelOutcome;

use super::worker_steps::{LEASE_TERM, admit_run, claim_run, queue_run, run_ending};
use crate::support::test_engine::{full_sync, source_draft};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    servers_that_check_at_the_same_time_start_a_scheduled_sync_once,
    a_scheduled_sync_is_skipped_while_a_run_is_active,
    a_replaced_schedule_starts_no_sync,
    only_sources_past_their_due_time_are_due,
    a_cancelled_undo_resumes_the_schedule_unless_another_undo_paused_it,
];

fn add_schedule(store: &Store, slug: &str, at: DateTime<Utc>) -> SourceId {
    let mut draft = source_draft(slug, "memory", SourceLocation::Url(slug.to_owned()));
    draft.schedule = Some(StoredSchedule::in_utc("0 6 * * *"));
    store.add_source(&draft, Some(at.naive_utc())).expect("a source").id
}

/// A time that every database stores exactly.
fn minutes_ago(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(Utc::now().timestamp(), 0).expect("a time") - TimeDelta::minutes(minutes)
}

fn admit_scheduled(store: &Store, source: SourceId, due: ScheduledStart) -> StartOutcome {
    let request = StartRequest { priority: RunPriority::Scheduled, requested_by: "schedule".to_owned(), ..full_sync() };
    let admission_request = AdmissionRequest {
        source,
        request: &request,
        message: "Waiting…",
        cooldown: Duration::from_secs(600),
        due: Some(due),
        condition: None,
    };
    store.admit_run(&admission_request).expect("an answer, never an error")
}

fn servers_that_check_at_the_same_time_start_a_scheduled_sync_once(db: &TestDatabase) {
    let stores = [db.store(), db.second_store()];
    for round in 0..10 {
        let at = minutes_ago(5);
        let source = add_schedule(&stores[0], &format!("albums-{round}"), at);
        let due = ScheduledStart { at, next: Some(at + TimeDelta::days(1)), is_retry: false };
        let pause_point = Barrier::new(6);
        let probe = |store: &Store| {
            pause_point.wait();
            admit_scheduled(store, source, due)
        };
        let probe = &probe;
        let answers: Vec<StartOutcome> = std::thread::scope(|scope| {
            let looks: Vec<_> = (0..6).map(|n| &stores[n % 2]).map(|store| scope.spawn(move || probe(store))).collect();
            looks.into_iter().map(|probe| probe.join().expect("no panic")).collect()
        });
        let kept = answers.iter().filter(|answer| matches!(answer, StartOutcome::Accepted(_))).count();
        assert_eq!(kept, 1, "{answers:?}");
        let (_, lease) = claim_run(&stores[0], 1, LEASE_TERM).expect("the run");
        stores[0].finish_run(lease, &run_ending(Status::Completed)).expect("finished");
        // A server that read the schedule earlier does not start a second run after the first has ended.
        assert_eq!(admit_scheduled(&stores[1], source, due), StartOutcome::NotDue);
        assert_eq!(db.count_rows("sync_operations", &format!("source_id = {}", source.0)), 1);
    }
}

fn a_scheduled_sync_is_skipped_while_a_run_is_active(db: &TestDatabase) {
    let store = db.store();
    let at = minutes_ago(1);
    let source = add_schedule(&store, "albums", at);
    let id = queue_run(&store, source, &full_sync());
    let next = at + TimeDelta::days(1);
    assert_eq!(
        admit_scheduled(&store, source, ScheduledStart { at, next: Some(next), is_retry: false }),
        StartOutcome::AlreadyRunning(id)
    );
    assert!(store.due_sources().expect("an answer").is_empty(), "it does not become due again every second");
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("the run");
    store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
    assert!(matches!(
        admit_scheduled(&store, source, ScheduledStart { at: next, next: None, is_retry: false }),
        StartOutcome::Accepted(_)
    ));
}

fn a_replaced_schedule_starts_no_sync(db: &TestDatabase) {
    let store = db.store();
    let at = minutes_ago(1);
    let source = add_schedule(&store, "albums", at);
    let changed = source_draft("albums", "memory", SourceLocation::Url("albums".to_owned()));
    store.change_source(source, &changed, None).expect("changed");
    assert_eq!(
        admit_scheduled(&store, source, ScheduledStart { at, next: None, is_retry: false }),
        StartOutcome::NotDue
    );
    assert_eq!(db.count_rows("sync_operations", "1 = 1"), 0);
}

fn only_sources_past_their_due_time_are_due(db: &TestDatabase) {
    let store = db.store();
    let at = minutes_ago(60 * 24 * 3);
    let late = add_schedule(&store, "late", at);
    add_schedule(&store, "early", minutes_ago(-60));
    super::worker_steps::add_source(&store, "never");
    assert_eq!(store.due_sources().expect("an answer"), [(late, at, StoredSchedule::in_utc("0 6 * * *"))]);
}

fn a_cancelled_undo_resumes_the_schedule_unless_another_undo_paused_it(db: &TestDatabase) {
    let stores = [db.store(), db.second_store()];
    let options = StartOptions { undo_of: Some(SyncId::new()), ..StartOptions::default() };
    let undo = StartRequest { kind: OperationKind::Undo, options, ..full_sync() };
    let is_paused = |source: SourceId| {
        let source = stores[0].source_by_id(source).expect("an answer").expect("the source");
        let due = db.count_rows("sources", &format!("id = {} AND next_run_at IS NOT NULL", source.id.0));
        assert_eq!(source.paused_at.is_none(), due == 1, "{source:?}");
        source.paused_at.is_some()
    };
    for round in 0..20 {
        let source = add_schedule(&stores[0], &format!("albums-{round}"), minutes_ago(-60));
        let first = queue_run(&stores[0], source, &undo);
        assert!(is_paused(source));
        let start = Barrier::new(2);
        let second = std::thread::scope(|scope| {
            let second = scope.spawn(|| {
                start.wait();
                loop {
                    if let StartOutcome::Accepted(id) = admit_run(&stores[1], source, &undo) {
                        return id;
                    }
                }
            });
            start.wait();
            assert_eq!(stores[0].cancel_run(first, "ada").expect("an answer"), CancelOutcome::Done);
            second.join().expect("a second undo")
        });
        assert!(is_paused(source), "round {round}: the second undo waits");
        assert_eq!(stores[0].cancel_run(second, "ada").expect("an answer"), CancelOutcome::Done);
        assert!(!is_paused(source), "round {round}: no undo waits");
    }
}
