//! What decides whether a catalog is stale, as the store keeps it.

use chrono::{DateTime, Utc};
use lockstep::domain::freshness::{FreshnessFacts, FreshnessState, judge_freshness};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::max_age::MaxAge;
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::{SourceDraft, SourceId};
use lockstep::store::Store;

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    the_age_of_a_source_is_kept_with_its_settings,
    a_schedule_counts_from_when_it_was_set_changed_or_resumed,
    a_success_is_counted_and_a_failure_is_not,
    sources_of_an_earlier_version_count_from_when_they_were_added,
];

fn draft(schedule: Option<&str>) -> SourceDraft {
    let schedule = schedule.map(StoredSchedule::in_utc);
    SourceDraft { schedule, ..source_draft("albums", "memory", SourceLocation::Url("albums".to_owned())) }
}

fn facts(store: &Store, id: SourceId) -> FreshnessFacts {
    let facts = store.freshness_facts(id).expect("an answer").expect("a source");
    assert!(store.list_freshness_facts().expect("an answer").contains(&(id, facts.clone())), "both queries agree");
    facts
}

fn the_age_of_a_source_is_kept_with_its_settings(db: &TestDatabase) {
    let store = db.store();
    let aged = SourceDraft { stale_after: "24h".parse().ok(), ..draft(None) };
    let source = store.add_source(&aged, None).expect("a source");
    assert_eq!(source.stale_after.map(MaxAge::as_seconds), Some(86_400));
    assert_eq!(facts(&store, source.id).max_age, aged.stale_after);
    store.change_source(source.id, &draft(None), None).expect("changed");
    let changed = store.source_by_id(source.id).expect("an answer").expect("a source");
    assert_eq!((changed.stale_after, facts(&store, source.id).max_age), (None, None));
    assert_eq!(store.freshness_facts(SourceId(4711)).expect("an answer"), None);
}

fn a_schedule_counts_from_when_it_was_set_changed_or_resumed(db: &TestDatabase) {
    let store = db.store();
    let id = store.add_source(&draft(Some("0 6 * * *")), None).expect("a source").id;
    let added = facts(&store, id);
    assert_eq!((added.schedule_since, added.last_success), (added.added_at, None));
    // Time has passed since then.
    db.run_sql("UPDATE sources SET schedule_since = '2026-01-01 00:00:00', created_at = '2026-01-01 00:00:00'");
    let set_at: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().expect("a time");
    let renamed = SourceDraft { name: "Other".to_owned(), ..draft(Some("0 6 * * *")) };
    store.change_source(id, &renamed, None).expect("changed");
    assert_eq!(facts(&store, id).schedule_since, set_at, "the schedule is the same");
    store.change_source(id, &draft(Some("0 7 * * *")), None).expect("changed");
    let changed = facts(&store, id);
    assert!(changed.schedule_since > set_at && changed.added_at == set_at, "{changed:?}");

    store.pause_schedule(id).expect("paused");
    let paused = facts(&store, id);
    assert!(paused.paused_at.is_some(), "{paused:?}");
    assert_eq!(judge_freshness(&paused, Utc::now()).state, FreshnessState::Paused);
    db.run_sql("UPDATE sources SET schedule_since = '2026-01-01 00:00:00'");
    assert!(store.resume_schedule(id).expect("an answer"));
    let resumed = facts(&store, id);
    assert!(resumed.paused_at.is_none() && resumed.schedule_since > set_at, "{resumed:?}");
    assert_eq!(judge_freshness(&resumed, Utc::now()).state, FreshnessState::Unknown);
}

fn a_success_is_counted_and_a_failure_is_not(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let record = engine.sync(&source);
    // The end of a run is that of its own clock.
    let success = facts(&engine.store, source.id).last_success.expect("a success");
    assert!((success - record.finished_at).abs() < chrono::TimeDelta::seconds(1), "{success}, {}", record.finished_at);
    engine.memory.set_table("albums", MemoryTable::albums(0, "Title"));
    engine.sync(&source);
    assert_eq!(facts(&engine.store, source.id).last_success, Some(success), "an empty source fails");
}

fn sources_of_an_earlier_version_count_from_when_they_were_added(db: &TestDatabase) {
    let store = db.store();
    let id = store.add_source(&draft(Some("0 6 * * *")), None).expect("a source").id;
    db.run_sql("UPDATE sources SET schedule_since = NULL, created_at = '2026-01-01 10:00:00'");
    let added_at: DateTime<Utc> = "2026-01-01T10:00:00Z".parse().expect("a time");
    let known = facts(&store, id);
    assert_eq!((known.schedule_since, known.added_at), (added_at, added_at));
    let freshness = judge_freshness(&known, Utc::now());
    assert_eq!(freshness.state, FreshnessState::Stale);
    assert_eq!(freshness.since, "2026-01-04T06:00:00Z".parse().ok());
}
