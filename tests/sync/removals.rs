//! What is decided about withheld items, and what that means for later syncs.

use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;

use crate::support::memory_kind::MemoryTable;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    items_that_were_kept_are_asked_about_when_their_list_changes,
    items_that_were_kept_do_not_look_like_a_changed_key,
    items_that_were_kept_protect_no_others_once_they_are_back,
];

/// Replaces the table of the source `albums` by albums with these numbers.
fn set_albums(engine: &TestEngine, numbers: impl Iterator<Item = usize>) {
    engine.memory.set_table("albums", MemoryTable::numbered_albums(numbers, "Title"));
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
    for last in [110, 120, 140] {
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
