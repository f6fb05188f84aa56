//! A source that is empty, suddenly small or has new keys does not destroy its catalog.

use lockstep::domain::operation::{StartOptions, StartRequest, Status};
use lockstep::domain::source::{Source, Validators};

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryTable};
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    an_empty_source_fails_and_keeps_the_catalog_whatever_its_size,
    a_first_sync_of_an_empty_source_fails_too,
    when_half_of_a_catalog_is_gone_it_is_removed,
    when_more_than_half_is_gone_removals_wait_and_the_rest_is_applied,
    withheld_removals_are_withheld_again,
    an_interrupted_run_does_not_weaken_the_guard,
    an_accepted_key_change_is_finished_after_an_interruption,
    ten_removals_are_few_whatever_the_size,
    a_changed_key_column_changes_nothing_until_it_is_accepted,
    rows_that_are_refused_do_not_make_a_source_small,
];

fn read_validators(engine: &TestEngine, source: &Source) -> Validators {
    engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").validators
}

fn item_count(engine: &TestEngine, source: &Source) -> u64 {
    engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").item_count
}

fn format_rows(keys: impl Iterator<Item = u32>, title: &str) -> String {
    let rows: String = keys.map(|key| format!("{key},{title} {key}\n")).collect();
    format!("id,title\n{rows}")
}

fn an_empty_source_fails_and_keeps_the_catalog_whatever_its_size(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    for size in [1, 3, 40] {
        let source = engine.csv_source(&format!("albums-{size}"), format_rows(1..=size, "Title"));
        assert_eq!(engine.sync(&source).summary.status, Status::Completed);
        let (before, known) = (db.items_as_written(), read_validators(&engine, &source));
        let last = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").last_success_at;
        for nothing in ["", "\n\n", "\u{feff}", "id,title\n", "id,title", "id,title\n,One\n  ,Two\n", "id,title\n,\n"] {
            engine.rewrite_file(&source, nothing);
            let record = engine.sync(&source);
            assert_eq!(
                (record.summary.status, record.summary.code.as_deref()),
                (Status::Failed, Some("empty_source")),
                "{nothing:?}: {}",
                record.summary.message
            );
            assert_eq!(db.items_as_written(), before, "{nothing:?}");
        }
        assert_eq!(item_count(&engine, &source), u64::from(size));
        let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
        assert_eq!(catalog.last_success_at, last, "a failure is no success");
        assert_eq!(catalog.validators, known);
        engine.rewrite_file(&source, format_rows(1..=size, "Title"));
        assert_eq!(engine.sync(&source).summary.stats.unchanged, u64::from(size), "and the next sync is as any other");
    }
}

fn a_first_sync_of_an_empty_source_fails_too(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "");
    assert_eq!(engine.sync(&source).summary.code.as_deref(), Some("empty_source"));
}

fn when_half_of_a_catalog_is_gone_it_is_removed(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", format_rows(1..=100, "Title"));
    engine.sync(&source);
    engine.rewrite_file(&source, format_rows(1..=50, "Title"));
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.status, record.summary.stats.removed, record.withheld_removals),
        (Status::Completed, 50, 0)
    );
    assert_eq!((item_count(&engine, &source), engine.item_lines(&source).len()), (50, 50));
    assert!(read_validators(&engine, &source).body_hash.is_some());
}

fn when_more_than_half_is_gone_removals_wait_and_the_rest_is_applied(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", format_rows(1..=100, "Title"));
    engine.sync(&source);
    assert_ne!(read_validators(&engine, &source), Validators::default());
    // 51 are removed, 49 stay, one of them changed, and 3 are added.
    let mut text = format_rows(1..=49, "Title").replace("49,Title 49", "49,Changed");
    text.push_str("201,New\n202,New\n203,New\n");
    engine.rewrite_file(&source, text);
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.status, record.withheld_removals, record.summary.stats.removed),
        (Status::Completed, 51, 0)
    );
    assert_eq!((record.summary.stats.added, record.summary.stats.updated, record.summary.stats.unchanged), (3, 1, 48));
    assert!(
        record.summary.message.contains("51 albums") && record.summary.message.contains("kept"),
        "{}",
        record.summary.message
    );
    assert_eq!((item_count(&engine, &source), engine.item_lines(&source).len()), (103, 103));
    assert_eq!(db.count_rows("items", "removed_at IS NOT NULL"), 0);
    assert_eq!(read_validators(&engine, &source), Validators::default(), "the next sync must look at everything");
    // The rows have returned: nothing was lost, and the validators are stored again.
    let mut text = format_rows(1..=100, "Title").replace("49,Title 49", "49,Changed");
    text.push_str("201,New\n202,New\n203,New\n");
    engine.rewrite_file(&source, text);
    let healed = engine.sync(&source);
    assert_eq!((healed.summary.stats.unchanged, healed.summary.stats.added, healed.withheld_removals), (103, 0, 0));
    assert_ne!(read_validators(&engine, &source), Validators::default());
}

fn withheld_removals_are_withheld_again(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", format_rows(1..=100, "Title"));
    engine.sync(&source);
    engine.rewrite_file(&source, format_rows((1..=49).chain(1001..=1050), "Title"));
    for added in [50, 0, 0] {
        let record = engine.sync(&source);
        assert_eq!(
            (record.summary.stats.added, record.summary.stats.removed, record.withheld_removals),
            (added, 0, 51),
            "{record:?}"
        );
    }
    assert_eq!(item_count(&engine, &source), 150);
}

fn an_interrupted_run_does_not_weaken_the_guard(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::numbered_albums(1..=4000, "Title"));
    engine.sync(&source);
    let shrunk = || MemoryTable::numbered_albums((1..=1900).chain(10_001..=12_000), "Title");
    engine.memory.set_table("albums", shrunk().with_fault(FaultMoment::Apply(3500), MemoryFault::Break));
    assert_eq!(engine.sync(&source).summary.status, Status::Failed);
    assert!(item_count(&engine, &source) > 4000, "some came");
    engine.memory.set_table("albums", shrunk());
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.status, record.summary.stats.removed, record.withheld_removals),
        (Status::Completed, 0, 2100)
    );
    assert_eq!(item_count(&engine, &source), 6000);
}

fn an_accepted_key_change_is_finished_after_an_interruption(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::numbered_albums(1..=4000, "Title"));
    engine.sync(&source);
    let other = || MemoryTable::numbered_albums(10_001..=14_000, "Title");
    let meant = StartRequest { options: StartOptions { accept_rekey: true, ..StartOptions::default() }, ..full_sync() };
    engine.memory.set_table("albums", other().with_fault(FaultMoment::Apply(3500), MemoryFault::Break));
    assert_eq!(engine.run_request(&source, &meant).summary.status, Status::Failed);
    assert!(item_count(&engine, &source) > 6000, "most came");
    engine.memory.set_table("albums", other());
    let record = engine.run_request(&source, &meant);
    assert_eq!((record.summary.status, record.summary.stats.removed), (Status::Completed, 4000), "{record:?}");
    assert_eq!(item_count(&engine, &source), 4000);
}

fn ten_removals_are_few_whatever_the_size(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", format_rows(1..=11, "Title"));
    engine.sync(&source);
    engine.rewrite_file(&source, format_rows(1..=1, "Title"));
    let record = engine.sync(&source);
    assert_eq!((record.summary.stats.removed, record.withheld_removals, item_count(&engine, &source)), (10, 0, 1));
}

fn a_changed_key_column_changes_nothing_until_it_is_accepted(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(100, "Title"));
    engine.sync(&source);
    let before = db.items_as_written();
    let rows: Vec<_> = (1001..=1100).map(|n| n.to_string()).collect();
    let text: String = rows.iter().map(|key| format!("{key},Title\n")).collect();
    let rekeyed =
        engine.csv_source("rekeyed", format!("id,title\n{}", format_rows(1..=100, "Title").replace("id,title\n", "")));
    engine.sync(&rekeyed);
    let both = db.items_as_written();
    engine.rewrite_file(&rekeyed, format!("id,title\n{text}"));
    let record = engine.sync(&rekeyed);
    assert_eq!((record.summary.status, record.summary.code.as_deref()), (Status::Failed, Some("key_changed")));
    assert!(record.summary.message.contains("Did the key column change?"), "{}", record.summary.message);
    assert_eq!(db.items_as_written(), both, "nothing was written");

    let meant = StartRequest { options: StartOptions { accept_rekey: true, ..StartOptions::default() }, ..full_sync() };
    let record = engine.run_request(&rekeyed, &meant);
    assert_eq!(
        (record.summary.status, record.summary.stats.added, record.summary.stats.removed),
        (Status::Completed, 100, 100)
    );
    assert_eq!(engine.list_items(&rekeyed).into_iter().map(|item| item.key).collect::<Vec<_>>(), rows);
    assert_eq!(item_count(&engine, &rekeyed), 100);
    assert_eq!(db.items_as_written()[..100], before[..], "the other catalog is as it was");
}

fn rows_that_are_refused_do_not_make_a_source_small(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", format_rows(1..=100, "Title"));
    engine.sync(&source);
    let torn: String = (1..=100).map(|key| format!("{key},Title {key},torn\n")).collect();
    engine.rewrite_file(&source, format!("id,title\n1000,New\n{torn}"));
    let record = engine.sync(&source);
    assert_eq!(record.summary.stats.removed, 0, "{}", record.summary.message);
    assert!(engine.item_lines(&source).len() >= 100);
}
