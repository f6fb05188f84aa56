//! A run that fails half-way: committed items stay readable, the others stay unchanged, and the next sync does the
//! rest.

use lockstep::domain::operation::{Mode, StartRequest, Status};

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryTable};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::{full_sync, incremental_sync};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_broken_run_leaves_complete_items_and_the_next_run_repairs_the_rest,
    a_source_that_returns_to_its_former_version_after_a_failed_run_is_read_again,
    a_run_that_breaks_before_the_first_write_leaves_everything_as_it_was,
    a_login_page_is_not_parsed_as_data,
    a_first_run_that_breaks_off_leaves_a_readable_catalog,
];

fn a_broken_run_leaves_complete_items_and_the_next_run_repairs_the_rest(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(4000, "Old"));
    engine.sync(&source);
    // Everything changes, 100 are removed, 50 are added; the source fails after 2,500 of 3,950 rows.
    let new = || MemoryTable::albums(3900, "New");
    engine.memory.set_table("albums", new().with_fault(FaultMoment::Apply(2500), MemoryFault::Break));
    let record = engine.sync(&source);
    assert_eq!((record.summary.status, record.summary.code.as_deref()), (Status::Failed, Some("broken")));
    let written = db.count_rows("items", "fields LIKE '%New%'");
    assert_eq!(written, 2000, "two whole batches");
    assert_eq!(
        db.count_rows("items", "fields LIKE '%Old%' AND removed_at IS NULL"),
        2000,
        "the others are as they were"
    );
    assert_eq!(engine.item_lines(&source).len(), 4000, "and all can be read");
    assert_eq!(
        (record.summary.stats.updated, record.summary.stats.removed),
        (2000, 0),
        "the message names the changes"
    );

    engine.memory.set_table("albums", new());
    let healed = engine.sync(&source);
    assert_eq!(
        (healed.summary.stats.updated, healed.summary.stats.unchanged, healed.summary.stats.removed),
        (1900, 2000, 100)
    );
    assert_eq!(db.count_rows("items", "fields LIKE '%Old%' AND removed_at IS NULL"), 0);
    assert_eq!(engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").item_count, 3900);
}

fn a_source_that_returns_to_its_former_version_after_a_failed_run_is_read_again(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(2500, "Old"));
    engine.sync(&source);
    assert!(
        engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"),
        "validators are at work"
    );
    engine
        .memory
        .set_table("albums", MemoryTable::albums(2500, "New").with_fault(FaultMoment::Apply(1500), MemoryFault::Break));
    assert_eq!(engine.run_request(&source, &incremental_sync()).summary.status, Status::Failed);
    engine.memory.set_table("albums", MemoryTable::albums(2500, "Old"));
    let healed = engine.run_request(&source, &incremental_sync());
    assert_eq!(
        (healed.summary.status, healed.summary.stats.updated),
        (Status::Completed, 1000),
        "{}",
        healed.summary.message
    );
    assert_eq!(db.count_rows("items", "fields LIKE '%New%'"), 0);
}

fn a_run_that_breaks_before_the_first_write_leaves_everything_as_it_was(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(50, "Old"));
    engine.sync(&source);
    let catalog = || format!("{:?}", engine.store.find_catalog(source.id).expect("an answer"));
    let before = (db.items_as_written(), catalog());
    for moment in [
        FaultMoment::Fetch,
        FaultMoment::Survey(0),
        FaultMoment::Survey(49),
        FaultMoment::Apply(0),
        FaultMoment::Apply(40),
    ] {
        engine.memory.set_table("albums", MemoryTable::albums(50, "New").with_fault(moment, MemoryFault::Break));
        assert_eq!(engine.sync(&source).summary.status, Status::Failed);
        assert_eq!((db.items_as_written(), catalog()), before);
    }
}

fn a_login_page_is_not_parsed_as_data(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.serve_csv("/albums.csv", "id,title\na,One\n");
    let source = engine.url_source("albums", stub.url("/albums.csv"));
    engine.sync(&source);
    let before = db.items_as_written();
    let page = "<!doctype html><html><title>Sign in</title><table><tr><td>id,title</td></tr></table></html>";
    for reply in [StubReply::html(page), StubReply::csv(page), StubReply::status(200).body(page)] {
        stub.set_reply("/albums.csv", reply);
        for mode in [Mode::Incremental, Mode::Full] {
            let record = engine.run_request(&source, &StartRequest { mode, ..full_sync() });
            assert_eq!(record.summary.status, Status::Failed, "{}", record.summary.message);
            assert_eq!(db.items_as_written(), before);
        }
    }
}

fn a_first_run_that_breaks_off_leaves_a_readable_catalog(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source(
        "albums",
        MemoryTable::albums(2500, "New").with_fault(FaultMoment::Apply(1500), MemoryFault::Break),
    );
    assert_eq!(engine.sync(&source).summary.status, Status::Failed);
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!((catalog.columns.len(), catalog.item_count, catalog.last_success_at), (2, 1000, None));
    assert_eq!(engine.item_lines(&source).len(), 1000);
    engine.memory.set_table("albums", MemoryTable::albums(2500, "New"));
    assert_eq!(engine.sync(&source).summary.stats.added, 1500);
}
