//! A source that is empty, suddenly small or re-keyed does no harm.

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
    removals_withheld_once_are_withheld_the_second_time,
    a_run_cut_short_does_not_loosen_the_guard,
    a_change_of_keys_that_was_meant_is_finished_after_it_was_cut_short,
    ten_removals_are_few_whatever_the_size,
    a_changed_key_column_changes_nothing_until_it_is_meant,
    rows_that_are_refused_do_not_make_a_source_small,
];

fn validators(house: &TestEngine, source: &Source) -> Validators {
    house.store.catalog(source.id).expect("an answer").expect("a catalog").validators
}

fn item_count(house: &TestEngine, source: &Source) -> u64 {
    house.store.catalog(source.id).expect("an answer").expect("a catalog").item_count
}

fn csv(keys: impl Iterator<Item = u32>, title: &str) -> String {
    let rows: String = keys.map(|key| format!("{key},{title} {key}\n")).collect();
    format!("id,title\n{rows}")
}

fn an_empty_source_fails_and_keeps_the_catalog_whatever_its_size(db: &TestDatabase) {
    let house = TestEngine::on(db);
    for size in [1, 3, 40] {
        let source = house.csv_source(&format!("albums-{size}"), csv(1..=size, "Title"));
        assert_eq!(house.sync(&source).status, Status::Completed);
        let (before, known) = (db.items_as_written(), validators(&house, &source));
        let last = house.store.catalog(source.id).expect("an answer").expect("a catalog").last_success_at;
        for nothing in ["", "\n\n", "\u{feff}", "id,title\n", "id,title", "id,title\n,One\n  ,Two\n", "id,title\n,\n"] {
            house.rewrite(&source, nothing);
            let record = house.sync(&source);
            assert_eq!(
                (record.status, record.code.as_deref()),
                (Status::Failed, Some("empty_source")),
                "{nothing:?}: {}",
                record.message
            );
            assert_eq!(db.items_as_written(), before, "{nothing:?}");
        }
        assert_eq!(item_count(&house, &source), u64::from(size));
        let catalog = house.store.catalog(source.id).expect("an answer").expect("a catalog");
        assert_eq!(catalog.last_success_at, last, "a failure is no success");
        assert_eq!(catalog.validators, known);
        house.rewrite(&source, csv(1..=size, "Title"));
        assert_eq!(house.sync(&source).stats.unchanged, u64::from(size), "and the next sync is as any other");
    }
}

fn a_first_sync_of_an_empty_source_fails_too(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.csv_source("albums", "");
    assert_eq!(house.sync(&source).code.as_deref(), Some("empty_source"));
}

fn when_half_of_a_catalog_is_gone_it_is_removed(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.csv_source("albums", csv(1..=100, "Title"));
    house.sync(&source);
    house.rewrite(&source, csv(1..=50, "Title"));
    let record = house.sync(&source);
    assert_eq!((record.status, record.stats.removed, record.withheld_removals), (Status::Completed, 50, 0));
    assert_eq!((item_count(&house, &source), house.lines(&source).len()), (50, 50));
    assert!(validators(&house, &source).body_hash.is_some());
}

fn when_more_than_half_is_gone_removals_wait_and_the_rest_is_applied(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.csv_source("albums", csv(1..=100, "Title"));
    house.sync(&source);
    assert_ne!(validators(&house, &source), Validators::default());
    // 51 go, 49 stay of which one changes, 3 come.
    let mut text = csv(1..=49, "Title").replace("49,Title 49", "49,Changed");
    text.push_str("201,New\n202,New\n203,New\n");
    house.rewrite(&source, text);
    let record = house.sync(&source);
    assert_eq!((record.status, record.withheld_removals, record.stats.removed), (Status::Completed, 51, 0));
    assert_eq!((record.stats.added, record.stats.updated, record.stats.unchanged), (3, 1, 48));
    assert!(record.message.contains("51 albums") && record.message.contains("kept"), "{}", record.message);
    assert_eq!((item_count(&house, &source), house.lines(&source).len()), (103, 103));
    assert_eq!(db.count("items", "removed_at IS NOT NULL"), 0);
    assert_eq!(validators(&house, &source), Validators::default(), "the next sync must look at everything");
    // The rows are back: nothing was lost, and the validators are kept again.
    let mut text = csv(1..=100, "Title").replace("49,Title 49", "49,Changed");
    text.push_str("201,New\n202,New\n203,New\n");
    house.rewrite(&source, text);
    let healed = house.sync(&source);
    assert_eq!((healed.stats.unchanged, healed.stats.added, healed.withheld_removals), (103, 0, 0));
    assert_ne!(validators(&house, &source), Validators::default());
}

fn removals_withheld_once_are_withheld_the_second_time(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.csv_source("albums", csv(1..=100, "Title"));
    house.sync(&source);
    house.rewrite(&source, csv((1..=49).chain(1001..=1050), "Title"));
    for added in [50, 0, 0] {
        let record = house.sync(&source);
        assert_eq!((record.stats.added, record.stats.removed, record.withheld_removals), (added, 0, 51), "{record:?}");
    }
    assert_eq!(item_count(&house, &source), 150);
}

fn a_run_cut_short_does_not_loosen_the_guard(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.memory_source("albums", MemoryTable::of(1..=4000, "Title"));
    house.sync(&source);
    let shrunk = || MemoryTable::of((1..=1900).chain(10_001..=12_000), "Title");
    house.memory.set("albums", shrunk().at(FaultMoment::Apply(3500), MemoryFault::Break));
    assert_eq!(house.sync(&source).status, Status::Failed);
    assert!(item_count(&house, &source) > 4000, "some came");
    house.memory.set("albums", shrunk());
    let record = house.sync(&source);
    assert_eq!((record.status, record.stats.removed, record.withheld_removals), (Status::Completed, 0, 2100));
    assert_eq!(item_count(&house, &source), 6000);
}

fn a_change_of_keys_that_was_meant_is_finished_after_it_was_cut_short(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.memory_source("albums", MemoryTable::of(1..=4000, "Title"));
    house.sync(&source);
    let other = || MemoryTable::of(10_001..=14_000, "Title");
    let meant = StartRequest { options: StartOptions { accept_rekey: true, ..StartOptions::default() }, ..full_sync() };
    house.memory.set("albums", other().at(FaultMoment::Apply(3500), MemoryFault::Break));
    assert_eq!(house.go(&source, &meant).status, Status::Failed);
    assert!(item_count(&house, &source) > 6000, "most came");
    house.memory.set("albums", other());
    let record = house.go(&source, &meant);
    assert_eq!((record.status, record.stats.removed), (Status::Completed, 4000), "{record:?}");
    assert_eq!(item_count(&house, &source), 4000);
}

fn ten_removals_are_few_whatever_the_size(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.csv_source("albums", csv(1..=11, "Title"));
    house.sync(&source);
    house.rewrite(&source, csv(1..=1, "Title"));
    let record = house.sync(&source);
    assert_eq!((record.stats.removed, record.withheld_removals, item_count(&house, &source)), (10, 0, 1));
}

fn a_changed_key_column_changes_nothing_until_it_is_meant(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.memory_source("albums", MemoryTable::albums(100, "Title"));
    house.sync(&source);
    let before = db.items_as_written();
    let rows: Vec<_> = (1001..=1100).map(|n| n.to_string()).collect();
    let text: String = rows.iter().map(|key| format!("{key},Title\n")).collect();
    let rekeyed = house.csv_source("rekeyed", format!("id,title\n{}", csv(1..=100, "Title").replace("id,title\n", "")));
    house.sync(&rekeyed);
    let both = db.items_as_written();
    house.rewrite(&rekeyed, format!("id,title\n{text}"));
    let record = house.sync(&rekeyed);
    assert_eq!((record.status, record.code.as_deref()), (Status::Failed, Some("key_changed")));
    assert!(record.message.contains("Did the key column change?"), "{}", record.message);
    assert_eq!(db.items_as_written(), both, "nothing was written");

    let meant = StartRequest { options: StartOptions { accept_rekey: true, ..StartOptions::default() }, ..full_sync() };
    let record = house.go(&rekeyed, &meant);
    assert_eq!((record.status, record.stats.added, record.stats.removed), (Status::Completed, 100, 100));
    assert_eq!(house.items(&rekeyed).into_iter().map(|item| item.key).collect::<Vec<_>>(), rows);
    assert_eq!(item_count(&house, &rekeyed), 100);
    assert_eq!(db.items_as_written()[..100], before[..], "the other catalog is as it was");
}

fn rows_that_are_refused_do_not_make_a_source_small(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.csv_source("albums", csv(1..=100, "Title"));
    house.sync(&source);
    let torn: String = (1..=100).map(|key| format!("{key},Title {key},torn\n")).collect();
    house.rewrite(&source, format!("id,title\n1000,New\n{torn}"));
    let record = house.sync(&source);
    assert_eq!(record.stats.removed, 0, "{}", record.message);
    assert!(house.lines(&source).len() >= 100);
}
