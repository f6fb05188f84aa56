//! The history of runs: the duration of their stages, lists of runs, and the changes of each.

use std::time::Duration;

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::operation::{Stage, Status};
use lockstep::domain::progress::RunStats;
use lockstep::domain::record::{HistoryRun, SyncRecord};
use lockstep::domain::source::{Slug, Source};
use lockstep::domain::sync_id::SyncId;
use lockstep::store::Store;
use lockstep::store::changes::ChangeFilter;
use lockstep::store::finish::{RequeuePolicy, RunEnding};
use lockstep::store::history_query::{HistoryOf, HistoryQuery};
use lockstep::store::lease::RunProgress;
use lockstep::store::sources::SourceChange;

use super::worker_steps::{
    LEASE_TERM, add_source, claim_run, expired_claim, item_batch, progress_at, queue_run, run_ending,
};
use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryKind, MemoryTable};
use crate::support::test_engine::{full_sync, incremental_sync, preview_run, source_draft};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    each_stage_is_timed_from_its_first_report,
    a_run_whose_worker_died_keeps_its_stage_times,
    every_way_to_end_has_true_timings,
    past_runs_are_listed_newest_first_by_source_and_outcome_and_in_pages,
    a_renamed_source_keeps_its_runs,
    a_run_is_listed_from_its_acceptance_on,
    runs_that_continue_each_other_are_followed_both_ways,
    a_very_long_chain_is_followed_up_to_a_limit,
    changes_are_paged,
    added_items_are_listed_with_the_fields_they_had,
    a_preview_has_changes_and_adds_none,
    issues_are_counted_and_paged,
];

fn stage_progress(stage: Stage, percent: u8) -> RunProgress {
    RunProgress { stage, ..progress_at(percent) }
}

fn pause_briefly() {
    std::thread::sleep(Duration::from_millis(30));
}

fn each_stage_is_timed_from_its_first_report(db: &TestDatabase) {
    let store = db.store();
    let id = queue_run(&store, add_source(&store, "albums"), &full_sync());
    pause_briefly();
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
    store.save_progress(lease, LEASE_TERM, &stage_progress(Stage::Fetching, 2)).expect("kept");
    pause_briefly();
    store.save_progress(lease, LEASE_TERM, &stage_progress(Stage::Processing, 10)).expect("kept");
    let first = db.select_texts("SELECT CAST(processing_at AS TEXT) AS value FROM sync_operations");
    pause_briefly();
    store.write_batch(lease, LEASE_TERM, &item_batch(&["a"]), &stage_progress(Stage::Processing, 50)).expect("written");
    assert_eq!(db.select_texts("SELECT CAST(processing_at AS TEXT) AS value FROM sync_operations"), first);
    store.begin_finalizing(lease, LEASE_TERM, &stage_progress(Stage::Finalizing, 90)).expect("begun");
    pause_briefly();
    store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");

    let record = store.find_record(id).expect("an answer").expect("a record");
    let timings = record.stage_timings();
    for lasted in [timings.waiting, timings.fetching, timings.processing, timings.finalizing] {
        assert!(lasted.is_some_and(|seconds| (0.025..10.0).contains(&seconds)), "{timings:?}");
    }
    let stages = [timings.fetching, timings.processing, timings.finalizing];
    let sum: f64 = stages.into_iter().flatten().sum();
    assert!((sum - record.duration_seconds()).abs() < 0.0015, "{timings:?} of {}", record.duration_seconds());
}

fn a_run_whose_worker_died_keeps_its_stage_times(db: &TestDatabase) {
    let store = db.store();
    let id = queue_run(&store, add_source(&store, "albums"), &full_sync());
    let lease = expired_claim(&store, 1);
    store.save_progress(lease, Duration::ZERO, &stage_progress(Stage::Processing, 40)).expect("kept");
    pause_briefly();
    let taken = store.take_over(lease).expect("an answer").expect("taken over");
    let record = store.find_record(id).expect("an answer").expect("a record");
    let timings = record.stage_timings();
    assert!(timings.processing.is_some_and(|seconds| seconds >= 0.025), "its last stage ends with it: {timings:?}");
    assert_eq!((timings.finalizing, record.timestamps.finalizing_at), (None, None));
    // A successor has stage times of its own.
    let (next, lease) = claim_run(&store, 2, LEASE_TERM).expect("the successor");
    assert_eq!(Some(next.id), taken.successor);
    store.finish_run(lease, &run_ending(Status::Failed)).expect("finished");
    let next = store.find_record(next.id).expect("an answer").expect("a record");
    assert_eq!((next.timestamps.processing_at, next.timestamps.finalizing_at), (None, None));
}

fn every_way_to_end_has_true_timings(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums = engine.memory_source("albums", MemoryTable::albums(30, "Title"));
    let stages = |record: &SyncRecord| {
        let timings = record.stage_timings();
        [timings.fetching, timings.processing, timings.finalizing].map(|lasted| lasted.is_some())
    };
    assert_eq!(stages(&engine.sync(&albums)), [true; 3]);
    assert_eq!(stages(&engine.run_request(&albums, &preview_run())), [true; 3], "a preview finalizes too");
    assert_eq!(
        stages(&engine.run_request(&albums, &incremental_sync())),
        [true, false, true],
        "nothing new, nothing to process"
    );
    engine
        .memory
        .set_table("albums", MemoryTable::albums(30, "New").with_fault(FaultMoment::Fetch, MemoryFault::Break));
    assert_eq!(stages(&engine.sync(&albums)), [true, false, false]);
    engine
        .memory
        .set_table("albums", MemoryTable::albums(30, "New").with_fault(FaultMoment::Apply(20), MemoryFault::Break));
    assert_eq!(stages(&engine.sync(&albums)), [true, true, false]);
    let waited = engine.start(&albums, &full_sync());
    engine.control.cancel(waited, "ada").expect("cancelled");
    let never_begun = engine.find_record(waited);
    assert_eq!(stages(&never_begun), [false; 3]);
    assert!(never_begun.stage_timings().waiting.is_some());
    assert_eq!(never_begun.summary.stats, RunStats::default());
}

/// The ids on a page of history, and the total number.
fn list_records(store: &Store, of: Option<&Source>, status: Option<Status>, page: u64, per: u64) -> (Vec<SyncId>, u64) {
    let of = of.map(|source| HistoryOf::Source(source.id));
    let query = HistoryQuery { of, status, page, per_page: per, ..HistoryQuery::default() };
    let found = store.list_history(&query).expect("history");
    (found.records.iter().map(|record| record.summary.id).collect(), found.total)
}

fn past_runs_are_listed_newest_first_by_source_and_outcome_and_in_pages(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let books = engine.memory_source("books", MemoryTable::albums(3, "Book"));
    let first = engine.sync(&albums).summary.id;
    let other = engine.sync(&books).summary.id;
    let looked = engine.run_request(&albums, &preview_run()).summary.id;
    engine
        .memory
        .set_table("albums", MemoryTable::albums(3, "Title").with_fault(FaultMoment::Fetch, MemoryFault::Break));
    let failed = engine.sync(&albums).summary.id;
    let waiting = engine.start(&books, &full_sync());
    let store = &engine.store;
    assert_eq!(
        list_records(store, None, None, 1, 10),
        (vec![failed, looked, other, first], 4),
        "a preview has its place too"
    );
    assert_eq!(list_records(store, Some(&albums), None, 1, 10), (vec![failed, looked, first], 3));
    assert_eq!(list_records(store, Some(&albums), None, 2, 2), (vec![first], 3));
    assert_eq!(list_records(store, None, Some(Status::Completed), 1, 2), (vec![looked, other], 3));
    assert_eq!(list_records(store, Some(&books), Some(Status::Failed), 1, 10), (vec![], 0));
    assert_eq!(list_records(store, None, None, u64::MAX, 500), (vec![], 4));
    let going_on = store.list_active_runs().expect("runs");
    assert_eq!(
        going_on.iter().map(|run| (run.summary.id, run.summary.source.as_str())).collect::<Vec<_>>(),
        [(waiting, "books")]
    );

    let of = |slug: &str| store.find_history(&slug.parse::<Slug>().expect("a slug")).expect("an answer");
    assert_eq!(of("albums"), Some(HistoryOf::Source(albums.id)));
    assert_eq!(of("nothing"), None);
    engine.run_queued();
}

fn a_renamed_source_keeps_its_runs(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let store = &engine.store;
    let of = |slug: &str| store.find_history(&slug.parse::<Slug>().expect("a slug")).expect("an answer");
    let renamed = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    engine.sync(&renamed);
    let draft = source_draft("records", MemoryKind::KIND, renamed.location.clone());
    assert_eq!(store.change_source(renamed.id, &draft, None).expect("an answer"), SourceChange::Done);
    assert_eq!((of("albums"), of("records")), (None, Some(HistoryOf::Source(renamed.id))));

    let removed = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let run = engine.sync(&removed).summary.id;
    assert_eq!(store.remove_source(removed.id).expect("an answer"), SourceChange::Done);
    let left = of("albums");
    assert_eq!(left, Some(HistoryOf::Removed("albums".parse().expect("a slug"))));
    let query = HistoryQuery { of: left, page: 1, per_page: 10, ..HistoryQuery::default() };
    let found = store.list_history(&query).expect("history");
    assert_eq!((found.records.iter().map(|record| record.summary.id).collect::<Vec<_>>(), found.total), (vec![run], 1));
}

fn a_run_is_listed_from_its_acceptance_on(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let id = engine.start(&albums, &full_sync());
    let Some(HistoryRun::Active(run)) = engine.store.find_run(id).expect("an answer") else { panic!("it is active") };
    assert_eq!(
        (run.summary.id, run.source_id, run.summary.status, run.summary.attempt),
        (id, albums.id, Status::Pending, 1)
    );
    assert_eq!((run.requested_by.as_str(), run.timestamps.started_at), ("ada", None));
    let record = engine.run(id);
    assert_eq!(engine.store.find_run(id).expect("an answer"), Some(HistoryRun::Ended(record)));
    assert_eq!(engine.store.find_run(SyncId::new()).expect("an answer"), None);
}

fn runs_that_continue_each_other_are_followed_both_ways(db: &TestDatabase) {
    let store = db.store();
    let first = queue_run(&store, add_source(&store, "albums"), &full_sync());
    let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
    // After a shutdown the successor is the same attempt. After a crash it is the next attempt.
    let stopped = RunEnding { requeue: RequeuePolicy::SameAttempt, ..run_ending(Status::Interrupted) };
    let second = store.finish_run(lease, &stopped).expect("finished").expect("a successor");
    let lease = expired_claim(&store, 2);
    let third = store.take_over(lease).expect("an answer").expect("taken over").successor.expect("a successor");
    let chain = [(first, Status::Interrupted, 1), (second, Status::Interrupted, 1), (third, Status::Pending, 2)];
    for id in [first, second, third] {
        let run = store.find_run(id).expect("an answer").expect("a run");
        let attempts = store.list_attempts(&run).expect("attempts");
        let reported: Vec<_> = attempts.iter().map(|one| (one.id, one.status, one.attempt)).collect();
        assert_eq!(reported, chain, "as seen from {id}");
        assert_eq!(attempts.last().map(|last| last.finished_at), Some(None));
    }
    let (_, lease) = claim_run(&store, 3, LEASE_TERM).expect("the last");
    store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
}

fn a_very_long_chain_is_followed_up_to_a_limit(db: &TestDatabase) {
    let store = db.store();
    let mut ids = vec![queue_run(&store, add_source(&store, "albums"), &full_sync())];
    for token in 1..60 {
        let (_, lease) = claim_run(&store, token, LEASE_TERM).expect("a run");
        let stopped = RunEnding { requeue: RequeuePolicy::SameAttempt, ..run_ending(Status::Interrupted) };
        ids.extend(store.finish_run(lease, &stopped).expect("finished"));
    }
    let middle = store.find_run(ids[30]).expect("an answer").expect("a run");
    let reported: Vec<_> = store.list_attempts(&middle).expect("attempts").iter().map(|one| one.id).collect();
    assert_eq!(reported, ids[10..=50]);
    let (_, lease) = claim_run(&store, 60, LEASE_TERM).expect("the last");
    store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
}

/// The keys on a page of changes, and the total number.
fn list_change_page(engine: &TestEngine, id: SyncId, kind: ChangeKind, page: u64, per: u64) -> (Vec<String>, u64) {
    let found = engine.store.change_page(id, &ChangeFilter::of_kind(kind), page, per).expect("changes");
    (found.changes.into_iter().map(|change| change.key).collect(), found.total)
}

fn number_texts(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn changes_are_paged(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums = engine.memory_source("albums", MemoryTable::albums(25, "Title"));
    let first = engine.sync(&albums).summary.id;
    assert_eq!(list_change_page(&engine, first, ChangeKind::Added, 1, 10), (number_texts(1..=10), 25));
    assert_eq!(list_change_page(&engine, first, ChangeKind::Added, 3, 10), (number_texts(21..=25), 25));
    assert_eq!(list_change_page(&engine, first, ChangeKind::Added, 4, 10), (vec![], 25));
    assert_eq!(list_change_page(&engine, first, ChangeKind::Updated, 1, 10), (vec![], 0));

    engine.memory.set_table("albums", MemoryTable::numbered_albums(1..=20, "Other"));
    let second = engine.sync(&albums).summary.id;
    assert_eq!(list_change_page(&engine, second, ChangeKind::Updated, 2, 15), (number_texts(16..=20), 20));
    assert_eq!(list_change_page(&engine, second, ChangeKind::Removed, 1, 3), (number_texts(21..=23), 5));

    // Five items return and ten are new: both kinds of added items are in one list.
    engine.memory.set_table("albums", MemoryTable::numbered_albums(1..=35, "Other"));
    let third = engine.sync(&albums).summary.id;
    let (mut keys, total) = list_change_page(&engine, third, ChangeKind::Added, 1, 100);
    assert_eq!(total, 15);
    let paged: Vec<String> =
        (1..=4).flat_map(|number| list_change_page(&engine, third, ChangeKind::Added, number, 4).0).collect();
    assert_eq!(paged, keys);
    keys.sort_by_key(|key| key.parse::<u32>().expect("a number"));
    assert_eq!(keys, number_texts(21..=35));
    assert_eq!(
        list_change_page(&engine, first, ChangeKind::Added, 2, 20),
        (number_texts(21..=25), 25),
        "and the first stays as it was"
    );
    assert_eq!(list_change_page(&engine, first, ChangeKind::Added, u64::MAX, 500), (vec![], 25));
}

fn added_items_are_listed_with_the_fields_they_had(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let first = engine.sync(&albums).summary.id;
    for wording in ["Second", "Third"] {
        engine.memory.set_table("albums", MemoryTable::numbered_albums(1..=2, wording));
        engine.sync(&albums);
    }
    let then = engine.store.change_page(first, &ChangeFilter::default(), 1, 10).expect("changes").changes;
    let reported: Vec<_> = then.iter().map(|change| (change.before.as_deref(), change.after.as_deref())).collect();
    let title = |number| format!(r#"[["id","{number}"],["title","Title {number}"]]"#);
    let titles = [title(1), title(2), title(3)];
    assert_eq!(reported, titles.each_ref().map(|title| (None, Some(title.as_str()))));
    let listed = engine.store.list_changes(first, ChangeKind::Added, 10).expect("changes");
    assert_eq!(listed, then, "the panel says the same");
}

fn a_preview_has_changes_and_adds_none(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let looked = engine.run_request(&albums, &preview_run()).summary.id;
    assert_eq!(list_change_page(&engine, looked, ChangeKind::Added, 1, 2), (number_texts(1..=2), 3));
    engine.sync(&albums);
    assert_eq!(list_change_page(&engine, looked, ChangeKind::Added, 2, 2), (number_texts(3..=3), 3));
}

fn issues_are_counted_and_paged(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\n,Two\na,Three\nb,Four,too much\n");
    let record = engine.sync(&source);
    assert_eq!((record.issues, engine.store.count_kept_issues(record.summary.id).expect("a count").total()), (3, 3));
    let rows = |page| -> Vec<_> {
        engine
            .store
            .list_issues(record.summary.id, page, 2)
            .expect("issues")
            .into_iter()
            .map(|issue| issue.row)
            .collect()
    };
    assert_eq!((rows(1), rows(2), rows(3)), (vec![Some(3), Some(4)], vec![Some(5)], vec![]));
}
