//! What is decided about withheld items, and what that means for later syncs.

use std::time::Duration;

use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::admission::StartOutcome;
use lockstep::sync::follow_up::{FollowUp, FollowUpRefusal};

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::preview_run;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_removal_removes_only_listed_items_that_are_still_missing,
    later_removals_are_measured_by_what_a_removal_left,
    items_that_were_kept_are_asked_about_when_their_list_changes,
    items_that_were_kept_do_not_look_like_a_changed_key,
    items_that_were_kept_protect_no_others_once_they_are_back,
    a_catalog_that_grows_beside_kept_items_goes_on_to_sync,
    an_empty_answer_does_not_make_a_sync_forget_what_was_kept,
    items_that_the_undo_of_a_first_load_left_go_on_to_count,
    changed_keys_are_applied_only_as_they_were_accepted,
    a_list_whose_items_an_undo_removed_asks_nothing,
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

/// A catalog of so many items of which 25 left the source and were kept.
fn with_kept_items(engine: &TestEngine, items: usize) -> Source {
    let source = engine.memory_source("albums", MemoryTable::albums(items, "Title"));
    engine.sync(&source);
    set_albums(engine, 1..=items - 25);
    let withheld = engine.sync(&source);
    assert_eq!(withheld.withheld_removals, 25);
    engine.control.keep_withheld(withheld.summary.id, "ada").expect("kept");
    source
}

fn items_that_were_kept_are_asked_about_when_their_list_changes(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = with_kept_items(&engine, 30);
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
    let source = with_kept_items(&engine, 30);
    for last in [120, 130, 150] {
        set_albums(&engine, (1..=5).chain(101..=last));
        let grown = engine.sync(&source);
        assert_eq!(grown.summary.status, Status::Completed, "{}", grown.summary.message);
        assert!(grown.summary.message.contains("as an admin decided"), "{}", grown.summary.message);
    }
}

fn items_that_were_kept_protect_no_others_once_they_are_back(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = with_kept_items(&engine, 30);
    set_albums(&engine, 4..=30);
    let restored = engine.sync(&source);
    assert_eq!((restored.summary.stats.removed, restored.withheld_removals), (3, 0), "{}", restored.summary.message);
}

/// Starts what was withheld by a run, and returns its outcome.
fn apply_removals(engine: &TestEngine, run: SyncId) -> (Status, Option<String>) {
    let answer = engine.control.apply_removals(run, None, "ada").expect("an answer");
    let FollowUp::Possible(_, (_, StartOutcome::Accepted(id))) = answer else { panic!("{answer:?}") };
    let summary = engine.run(id).summary;
    (summary.status, summary.code)
}

fn a_catalog_that_grows_beside_kept_items_goes_on_to_sync(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = with_kept_items(&engine, 40);
    set_albums(&engine, (1..=15).chain(100..700));
    assert_eq!(engine.sync(&source).summary.status, Status::Completed);
    engine.memory.set_table("albums", MemoryTable::numbered_albums((1..=15).chain(121..730), "Other"));
    let record = engine.sync(&source);
    assert_eq!(record.summary.status, Status::Completed, "{}", record.summary.message);
    let counts = (record.summary.stats.added, record.summary.stats.removed, record.withheld_removals);
    assert_eq!(counts, (30, 0, 46), "{}", record.summary.message);
    engine.memory.set_table("albums", MemoryTable::numbered_albums((1..=15).chain(100..730), "Other"));
    let restored = engine.sync(&source);
    assert_eq!((restored.summary.status, restored.withheld_removals), (Status::Completed, 25));
    assert_eq!(engine.list_items(&source).len(), 670);
}

fn an_empty_answer_does_not_make_a_sync_forget_what_was_kept(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = with_kept_items(&engine, 40);
    // 12 of the 25 kept items return, so fewer than half of the catalog are missing.
    let most = || 1..=27;
    set_albums(&engine, most());
    let fewer = engine.sync(&source);
    assert_eq!((fewer.summary.stats.removed, fewer.withheld_removals), (0, 13), "{}", fewer.summary.message);
    engine.control.keep_withheld(fewer.summary.id, "ada").expect("kept");
    let kept = engine.store.find_review(source.id).expect("an answer").expect("a review");
    let preview = engine.run_request(&source, &preview_run()).summary.message;
    assert!(preview.contains("keep 13 albums no longer in the source, as an admin decided."), "{preview}");
    set_albums(&engine, std::iter::empty());
    let emptied = engine.sync(&source);
    assert_eq!(emptied.summary.code.as_deref(), Some("empty_source"));
    let offered = engine.store.find_review(source.id).expect("an answer").expect("a review");
    assert!(offered.is_open() && offered.item_count == 40, "{offered:?}");
    // However long the source was empty.
    db.run_sql("DELETE FROM sync_operations");
    while engine.store.clear_records(Duration::ZERO).expect("cleared") > 0 {}
    set_albums(&engine, most());
    let healed = engine.sync(&source);
    assert_eq!(
        (healed.summary.status, healed.summary.stats.removed, healed.withheld_removals),
        (Status::Completed, 0, 13)
    );
    assert!(healed.summary.message.contains("as an admin decided"), "{}", healed.summary.message);
    assert_eq!(engine.store.find_review(source.id).expect("an answer"), Some(kept));
    // After another empty answer all items are removed on request, with both lists.
    set_albums(&engine, std::iter::empty());
    let emptied = engine.sync(&source);
    assert_eq!(apply_removals(&engine, emptied.summary.id), (Status::Completed, None));
    assert_eq!(db.count_rows("withheld_items", "1 = 1"), 0);
    assert_eq!(engine.list_items(&source).len(), 0);
}

fn items_that_the_undo_of_a_first_load_left_go_on_to_count(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(200, "Title"));
    let first = engine.sync(&source).summary.id;
    let title = |number| if number <= 195 { format!("Other {number}") } else { format!("Title {number}") };
    let rows = (1..=200).map(|number| vec![number.to_string(), title(number)]).collect();
    engine.memory.set_table("albums", MemoryTable::from_rows(&["id", "title"], rows));
    engine.sync(&source);
    let message = engine.undo_run(first);
    assert!(message.starts_with("5 albums removed. Left 195 that changed since."), "{message}");
    engine.memory.set_table("albums", MemoryTable::numbered_albums(16..=195, "Third"));
    let record = engine.sync(&source);
    let counts = (record.summary.stats.updated, record.summary.stats.removed, record.withheld_removals);
    assert_eq!((record.summary.status, counts), (Status::Completed, (180, 15, 0)), "{}", record.summary.message);
}

fn changed_keys_are_applied_only_as_they_were_accepted(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(40, "Title"));
    engine.sync(&source);
    set_albums(&engine, 101..=140);
    let refused = engine.sync(&source);
    assert_eq!(refused.summary.code.as_deref(), Some("key_changed"));
    let refused_again = (Status::Failed, Some("key_changed".to_owned()));
    let waiting = || engine.store.find_review(source.id).expect("an answer").expect("a review").id;
    // More would be added than was counted.
    set_albums(&engine, 101..=500);
    assert_eq!(apply_removals(&engine, waiting()), refused_again);
    // A sync that counts more between the page and the decision makes a list of its own.
    let seen = waiting();
    set_albums(&engine, 101..=600);
    engine.sync(&source);
    let outdated = engine.control.apply_removals(seen, None, "ada").expect("an answer");
    assert!(matches!(outdated, FollowUp::Refused(FollowUpRefusal::ListOutdated)), "{outdated:?}");
    // Less would be removed than was listed.
    set_albums(&engine, (36..=40).chain(101..=140));
    assert_eq!(apply_removals(&engine, waiting()), refused_again);
    assert_eq!(engine.list_items(&source).len(), 40);
    let review = engine.store.find_review(source.id).expect("an answer").expect("the new list");
    assert_eq!((review.item_count, review.additions), (35, 40));
    assert_eq!(apply_removals(&engine, review.id), (Status::Completed, None));
    assert_eq!(engine.list_items(&source).len(), 45);
}

fn a_list_whose_items_an_undo_removed_asks_nothing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(10, "Title"));
    engine.sync(&source);
    set_albums(&engine, 1..=35);
    let grown = engine.sync(&source).summary.id;
    set_albums(&engine, 1..=10);
    assert_eq!(engine.sync(&source).withheld_removals, 25);
    engine.undo_run(grown);
    assert_eq!(engine.store.find_review(source.id).expect("an answer"), None);
    assert_eq!(engine.list_items(&source).len(), 10);
}
