//! What is decided about a run: what an undo leaves to the guards, and what outlives retention, crashes and settings.

use std::sync::Barrier;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{OperationKind, RunPriority, StartOptions, StartRequest, Status};
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::{Source, SourceDraft};
use lockstep::domain::sync_id::SyncId;
use lockstep::store::admission::{AdmissionRequest, ScheduledStart, StartOutcome};
use lockstep::store::start_condition::StartCondition;
use lockstep::sync::follow_up::{FollowUp, FollowUpRefusal};

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryKind, MemoryTable};
use crate::support::test_engine::{full_sync, incremental_sync, preview_run, source_draft};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    items_that_an_undone_removal_returned_are_withheld_again,
    a_removal_and_the_decision_to_keep_are_not_both_accepted,
    a_run_that_was_decided_on_before_another_one_ended_is_not_admitted,
    a_list_ends_with_the_key_column_that_it_was_made_for,
    a_source_that_is_again_as_it_was_leaves_nothing_to_decide,
    an_accepted_change_of_keys_from_numbers_to_texts_applies_both,
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
    answer: &FollowUp<T>,
    id: impl Fn(&T) -> Option<SyncId>,
) -> String {
    let FollowUp::Possible(_, value) = answer else { panic!("{answer:?}") };
    engine.run(id(value).unwrap_or_else(|| panic!("{answer:?}"))).summary.message
}

fn accepted_id(outcome: &StartOutcome) -> Option<SyncId> {
    match outcome {
        StartOutcome::Accepted(id) => Some(*id),
        _ => None,
    }
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
    let answer = engine.control.apply_removals(withheld, None, "ada").expect("an answer");
    let message = run_follow_up(&engine, &answer, |(_, outcome)| accepted_id(outcome));
    assert_eq!(message, "51 albums removed.");
    let removal = engine.store.recent_records(Some(source.id), 1).expect("records")[0].summary.id;
    engine.undo_run(removal);
    assert_eq!(engine.list_items(&source).len(), 150);
    let next = engine.sync(&source);
    assert_eq!((next.summary.stats.removed, next.withheld_removals), (0, 51), "{}", next.summary.message);
}

fn a_removal_and_the_decision_to_keep_are_not_both_accepted(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let other = TestEngine::on_database(db);
    for round in 0..10 {
        let slug = format!("albums-{round}");
        let source = engine.memory_source(&slug, MemoryTable::albums(30, "Title"));
        engine.sync(&source);
        engine.memory.set_table(&slug, MemoryTable::albums(5, "Title"));
        let withheld = engine.sync(&source).summary.id;
        let start = Barrier::new(2);
        let (removal, kept) = std::thread::scope(|scope| {
            let removal = scope.spawn(|| {
                start.wait();
                other.control.apply_removals(withheld, Some(false), "ada").expect("an answer")
            });
            start.wait();
            let kept = engine.control.keep_withheld(withheld, "bo").expect("an answer");
            (removal.join().expect("an answer"), kept)
        });
        let is_removed = matches!(removal, FollowUp::Possible(_, (_, StartOutcome::Accepted(_))));
        let is_kept = matches!(kept, FollowUp::Possible(..));
        assert_ne!(is_removed, is_kept, "round {round}: {removal:?} {kept:?}");
        engine.run_queued();
        assert_eq!(engine.list_items(&source).len(), if is_kept { 30 } else { 5 });
    }
}

fn a_run_that_was_decided_on_before_another_one_ended_is_not_admitted(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let (source, withheld) = with_withheld_items(&engine);
    let options = StartOptions { undo_of: Some(withheld), ..StartOptions::default() };
    let request = StartRequest { kind: OperationKind::Undo, options, ..full_sync() };
    let start_if = |condition: StartCondition| {
        let admission = AdmissionRequest {
            source: source.id,
            request: &request,
            message: "…",
            cooldown: Duration::ZERO,
            due: None,
            condition: Some(condition),
        };
        engine.store.admit_run(&admission).expect("an answer")
    };
    let seen = StartCondition::LastEndedRun(engine.store.last_ended_run(source.id).expect("an answer"));
    assert_eq!(seen, StartCondition::LastEndedRun(Some(withheld)));
    engine.sync(&source);
    assert_eq!(start_if(seen), StartOutcome::Outdated);
    let open = StartCondition::Review { id: withheld, is_kept: false };
    engine.control.keep_withheld(withheld, "ada").expect("kept");
    assert_eq!(start_if(open), StartOutcome::Outdated);
    let answer = engine.control.apply_removals(withheld, Some(false), "ada").expect("an answer");
    assert!(matches!(answer, FollowUp::Refused(FollowUpRefusal::ListOutdated)), "{answer:?}");
    assert!(matches!(start_if(StartCondition::Review { id: withheld, is_kept: true }), StartOutcome::Accepted(_)));
    assert_eq!(engine.store.active_run_ids().expect("the queue").len(), 1);
    engine.run_queued();
}

fn a_list_ends_with_the_key_column_that_it_was_made_for(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = |numbers: std::ops::RangeInclusive<usize>| {
        numbers.fold("id,code,title\n".to_owned(), |rows, number| format!("{rows}{number},c{number},Title\n"))
    };
    let source = engine.csv_source("albums", rows(1..=30));
    engine.sync(&source);
    engine.rewrite_file(&source, rows(1..=5));
    let withheld = engine.sync(&source).summary.id;
    engine.rewrite_file(&source, rows(1..=30));
    let renamed = SourceDraft { name: "Records".to_owned(), ..source_draft("albums", "csv", source.location.clone()) };
    engine.store.change_source(source.id, &renamed, None).expect("changed");
    assert_eq!(waiting_items(&engine, &source), Some(25), "another name changes nothing");
    let by_code = SourceDraft { key_column: "code".to_owned(), ..renamed };
    engine.store.change_source(source.id, &by_code, None).expect("changed");
    let answer = engine.control.apply_removals(withheld, None, "ada").expect("an answer");
    assert!(matches!(answer, FollowUp::Refused(FollowUpRefusal::ListOutdated)), "{answer:?}");
    assert_eq!((waiting_items(&engine, &source), engine.list_items(&source).len()), (None, 30));
}

fn a_source_that_is_again_as_it_was_leaves_nothing_to_decide(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(30, "Title"));
    engine.sync(&source);
    set_albums(&engine, std::iter::empty());
    engine.sync(&source);
    assert_eq!(waiting_items(&engine, &source), Some(30));
    set_albums(&engine, 1..=30);
    let restored = engine.run_request(&source, &incremental_sync());
    assert!(restored.summary.message.starts_with("Nothing new"), "{}", restored.summary.message);
    assert_eq!(waiting_items(&engine, &source), None);
}

fn an_accepted_change_of_keys_from_numbers_to_texts_applies_both(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(30, "Title"));
    engine.sync(&source);
    let rows = (0..60).map(|n| vec![format!("k{n}"), format!("Title {n}")]).collect();
    engine.memory.set_table("albums", MemoryTable::from_rows(&["id", "title"], rows));
    let refused = engine.sync(&source);
    assert_eq!(refused.summary.code.as_deref(), Some("key_changed"));
    let answer = engine.control.apply_removals(refused.summary.id, None, "ada").expect("an answer");
    let message = run_follow_up(&engine, &answer, |(_, outcome)| accepted_id(outcome));
    assert!(message.starts_with("60 added, 0 updated, 30 removed."), "{message}");
    assert!(engine.sync(&source).summary.message.starts_with("No changes"));
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
    draft.schedule = Some(StoredSchedule::in_utc("0 0 1 1 *"));
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
        condition: None,
    };
    let outcome = engine.store.admit_run(&admission).expect("an answer");
    assert_eq!(outcome, StartOutcome::AlreadyRunning(preview));
    assert_eq!(engine.store.waiting_retry(source.id).expect("an answer"), Some(retry));
    engine.run(preview);
    let manual = SourceDraft { schedule: None, ..draft };
    engine.store.change_source(source.id, &manual, None).expect("changed");
    assert!(engine.store.due_retries().expect("an answer").is_empty());
}
