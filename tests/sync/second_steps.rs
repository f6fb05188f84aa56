//! What is decided about a run: what an undo leaves to the guards, and what outlives retention, crashes and settings.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{RunPriority, StartOptions, StartRequest, Status};
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::admission::{AdmissionRequest, ScheduledStart, StartOutcome};
use lockstep::sync::follow_up::FollowUp;

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryKind, MemoryTable};
use crate::support::test_engine::{full_sync, preview_run, source_draft};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    items_that_an_undone_removal_returned_are_withheld_again,
    an_undo_of_another_run_leaves_the_list_that_waits,
    an_applied_preview_that_is_interrupted_is_not_continued,
    a_list_that_waits_outlives_the_retention_of_its_run,
    a_retry_goes_on_waiting_while_a_preview_runs_and_ends_with_its_schedule,
];

/// Replaces the table of the source `albums` by albums with these numbers.
fn set_albums(engine: &TestEngine, numbers: impl Iterator<Item = usize>) {
    engine.memory.set_table("albums", MemoryTable::numbered_albums(numbers, "Title"));
}

/// Starts what was decided about a run, and runs it to its end.
fn run_follow_up<T: std::fmt::Debug>(
    engine: &TestEngine,
    answer: FollowUp<T>,
    id: impl Fn(&T) -> Option<SyncId>,
) -> String {
    let FollowUp::Possible(_, value) = &answer else { panic!("{answer:?}") };
    engine.run(id(value).unwrap_or_else(|| panic!("{answer:?}"))).summary.message
}

fn accepted_id(outcome: &StartOutcome) -> Option<SyncId> {
    match outcome {
        StartOutcome::Accepted(id) => Some(*id),
        _ => None,
    }
}

fn undo(engine: &TestEngine, run: SyncId) -> String {
    run_follow_up(engine, engine.control.undo(run, "ada").expect("an answer"), accepted_id)
}

/// The number of items that wait for a decision.
fn waiting_items(engine: &TestEngine, source: &Source) -> Option<u64> {
    engine.store.find_review(source.id).expect("an answer").map(|review| review.item_count)
}

/// A catalog of which 51 of 100 items are withheld, while 50 new ones came.
fn with_withheld_items(engine: &TestEngine) -> (Source, SyncId) {
    let source = engine.memory_source("albums", MemoryTable::albums(100, "Title"));
    engine.sync(&source);
    set_albums(engine, (1..=49).chain(201..=250));
    let withheld = engine.sync(&source);
    assert_eq!((withheld.withheld_removals, waiting_items(engine, &source)), (51, Some(51)));
    (source, withheld.summary.id)
}

fn items_that_an_undone_removal_returned_are_withheld_again(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let (source, withheld) = with_withheld_items(&engine);
    let answer = engine.control.apply_removals(withheld, "ada").expect("an answer");
    let message = run_follow_up(&engine, answer, |(_, outcome)| accepted_id(outcome));
    assert_eq!(message, "51 albums removed.");
    let removal = engine.store.recent_records(Some(source.id), 1).expect("records")[0].summary.id;
    undo(&engine, removal);
    assert_eq!(engine.list_items(&source).len(), 150);
    let next = engine.sync(&source);
    assert_eq!((next.summary.stats.removed, next.withheld_removals), (0, 51), "{}", next.summary.message);
}

fn an_undo_of_another_run_leaves_the_list_that_waits(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(100, "Title"));
    engine.sync(&source);
    engine.memory.set_table("albums", MemoryTable::albums(100, "Other"));
    let renamed = engine.sync(&source).summary.id;
    engine.memory.set_table("albums", MemoryTable::albums(40, "Other"));
    let withheld = engine.sync(&source).summary.id;
    engine.control.keep_withheld(withheld, "ada").expect("kept");
    undo(&engine, renamed);
    let review = engine.store.find_review(source.id).expect("an answer").expect("the list");
    assert_eq!((review.item_count, review.is_open()), (60, false), "the decision stays");
}

fn an_applied_preview_that_is_interrupted_is_not_continued(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let preview = engine.run_request(&source, &preview_run());
    let options = StartOptions { apply_preview: Some(preview.summary.id), ..StartOptions::default() };
    let id = engine.start(&source, &StartRequest { options, ..full_sync() });
    let (_, lease) =
        engine.store.claim_run("a worker", 7, Duration::from_secs(15), Some(id)).expect("an answer").expect("a run");
    db.run_sql("UPDATE sync_operations SET lease_until = 0");
    let taken = engine.store.take_over(lease).expect("an answer").expect("a dead run");
    assert_eq!(taken.successor, None);
    let record = engine.find_record(id);
    assert_eq!(record.summary.status, Status::Interrupted);
    assert!(!record.summary.message.contains("Starting again"), "{}", record.summary.message);
}

fn a_list_that_waits_outlives_the_retention_of_its_run(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let (source, withheld) = with_withheld_items(&engine);
    db.run_sql("DELETE FROM sync_operations");
    while engine.store.clear_records(Duration::ZERO).expect("cleared") > 0 {}
    let left: Vec<SyncId> =
        engine.store.recent_records(Some(source.id), 9).expect("records").iter().map(|one| one.summary.id).collect();
    assert_eq!(left, [withheld]);
    let answer = engine.control.keep_withheld(withheld, "ada").expect("an answer");
    assert!(matches!(answer, FollowUp::Possible(..)), "{answer:?}");
    set_albums(&engine, 1..=250);
    engine.sync(&source);
    db.run_sql("DELETE FROM sync_operations");
    while engine.store.clear_records(Duration::ZERO).expect("cleared") > 0 {}
    assert_eq!(db.count_rows("sync_records", "1 = 1") + db.count_rows("withheld_items", "1 = 1"), 0);
}

fn a_retry_goes_on_waiting_while_a_preview_runs_and_ends_with_its_schedule(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let fault = MemoryFault::FailWith("timeout");
    engine.memory.set_table("albums", MemoryTable::albums(3, "Title").with_fault(FaultMoment::Fetch, fault));
    let mut draft = source_draft("albums", MemoryKind::KIND, SourceLocation::Url("albums".to_owned()));
    draft.schedule = Some("0 0 1 1 *".to_owned());
    let later = (Utc::now() + TimeDelta::days(200)).naive_utc();
    let source = engine.store.add_source(&draft, Some(later)).expect("a source");
    let options = StartOptions { retries_before: Some(0), ..StartOptions::default() };
    let request = StartRequest { options, priority: RunPriority::Scheduled, ..full_sync() };
    engine.run_request(&source, &request);
    db.run_sql("UPDATE catalogs SET retry_at = '2026-01-01 00:00:00'");
    let retry = engine.store.due_retries().expect("an answer")[0].1;
    let preview = engine.start(&source, &preview_run());
    let admission = AdmissionRequest {
        source: source.id,
        request: &request,
        message: "Waiting…",
        cooldown: Duration::ZERO,
        due: Some(ScheduledStart { at: retry.at, next: None, is_retry: true }),
    };
    let outcome = engine.store.admit_run(&admission).expect("an answer");
    assert_eq!(outcome, StartOutcome::AlreadyRunning(preview));
    assert_eq!(engine.store.waiting_retry(source.id).expect("an answer"), Some(retry));
    engine.run(preview);
    let manual = lockstep::domain::source::SourceDraft { schedule: None, ..draft };
    engine.store.change_source(source.id, &manual, None).expect("changed");
    assert!(engine.store.due_retries().expect("an answer").is_empty());
}
