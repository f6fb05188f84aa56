//! What is decided about withheld items, and what that means for later syncs.

use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;
use lockstep::store::admission::StartOutcome;
use lockstep::sync::follow_up::FollowUp;

use crate::support::memory_kind::MemoryTable;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_removal_removes_only_listed_items_that_are_still_missing,
    later_removals_are_measured_by_what_a_removal_left,
    items_that_were_kept_are_asked_about_when_their_list_changes,
    items_that_were_kept_do_not_look_like_a_changed_key,
    items_that_were_kept_protect_no_others_once_they_are_back,
];

/// Replaces the table of the source `albums` by albums with these numbers.
fn set_albums(engine: &TestEngine, numbers: impl Iterator<Item = usize>) {
    engine.memory.set_table("albums", MemoryTable::numbered_albums(numbers, "Title"));
}

/// Removes what waits for a decision. Returns the message of the removal.
fn remove_withheld(engine: &TestEngine, source: &Source) -> String {
    let review = engine.store.find_review(source.id).expect("an answer").expect("a list");
    let answer = engine.control.apply_removals(review.id, None, "ada").expect("an answer");
    let FollowUp::Possible(_, (_, StartOutcome::Accepted(id))) = answer else { panic!("{answer:?}") };
    engine.run(id).summary.message
}

fn a_removal_removes_only_listed_items_that_are_still_missing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(30, "Title"));
    engine.sync(&source);
    set_albums(&engine, 1..=5);
    engine.sync(&source);
    // Some listed items came back, and one left that is not listed.
    set_albums(&engine, 2..=10);
    let message = remove_withheld(&engine, &source);
    assert!(message.starts_with("20 albums removed."), "{message}");
    let left: Vec<String> = (1..=10).map(|n| format!("{n}|Title {n}")).collect();
    assert_eq!(engine.item_lines(&source), left);
}

fn later_removals_are_measured_by_what_a_removal_left(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(100, "Title"));
    engine.sync(&source);
    set_albums(&engine, 1..=40);
    engine.sync(&source);
    remove_withheld(&engine, &source);
    // 25 of the 40 leave and 20 come: the next sync of the same sheet sees 25 of 60.
    set_albums(&engine, (1..=15).chain(201..=220));
    for _ in 0..2 {
        let sync = engine.sync(&source);
        assert_eq!((sync.summary.stats.removed, sync.withheld_removals), (0, 25), "{}", sync.summary.message);
    }
}

/// A catalog of 30 items of which 25 left the source and were kept.
fn with_kept_items(engine: &TestEngine) -> Source {
    let source = engine.memory_source("albums", MemoryTable::albums(30, "Title"));
    engine.sync(&source);
    set_albums(engine, 1..=5);
    let withheld = engine.sync(&source).summary.id;
    engine.control.keep_withheld(withheld, "ada").expect("kept");
    source
}

fn items_that_were_kept_are_asked_about_when_their_list_changes(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = with_kept_items(&engine);
    let silent = engine.sync(&source);
    assert!(silent.summary.message.contains("as an admin decided"), "{}", silent.summary.message);
    set_albums(&engine, 1..=15);
    let shorter = engine.sync(&source);
    assert_eq!((shorter.summary.stats.removed, shorter.withheld_removals), (0, 15), "{}", shorter.summary.message);
    assert!(shorter.summary.message.contains("kept before"), "{}", shorter.summary.message);
    let review = engine.store.find_review(source.id).expect("an answer").expect("a list");
    assert_eq!((review.item_count, review.is_open()), (15, true));
}

fn items_that_were_kept_do_not_look_like_a_changed_key(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = with_kept_items(&engine);
    for last in [120, 130, 150] {
        set_albums(&engine, (1..=5).chain(101..=last));
        let grown = engine.sync(&source);
        assert_eq!(grown.summary.status, Status::Completed, "{}", grown.summary.message);
        assert!(grown.summary.message.contains("as an admin decided"), "{}", grown.summary.message);
    }
}

fn items_that_were_kept_protect_no_others_once_they_are_back(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = with_kept_items(&engine);
    set_albums(&engine, 4..=30);
    let restored = engine.sync(&source);
    assert_eq!((restored.summary.stats.removed, restored.withheld_removals), (3, 0), "{}", restored.summary.message);
}
