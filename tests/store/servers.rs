//! Several servers that start on one database at the same time.

use std::sync::Barrier;

use lockstep::domain::location::SourceLocation;

use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    servers_that_start_at_once_migrate_once,
    servers_that_start_at_once_add_the_first_source_once,
    a_database_that_had_a_source_never_gets_the_first_one_again,
];

/// Does `work` on four servers at once.
fn on_four_servers<T: Send>(db: &TestDatabase, work: impl Fn(&lockstep::store::Store) -> T + Sync) -> Vec<T> {
    let pause_point = Barrier::new(4);
    std::thread::scope(|scope| {
        let server = || {
            let store = db.second_store();
            pause_point.wait();
            work(&store)
        };
        let servers: Vec<_> = (0..4).map(|_| scope.spawn(server)).collect();
        servers.into_iter().map(|server| server.join().expect("no panic")).collect()
    })
}

fn servers_that_start_at_once_migrate_once(db: &TestDatabase) {
    let tables = if db.is_sqlite() {
        db.select_texts("SELECT name AS value FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    } else {
        db.select_texts("SELECT tablename AS value FROM pg_tables WHERE schemaname = 'public'")
    };
    for table in tables.iter().flatten() {
        let cascade = if db.is_sqlite() { "" } else { " CASCADE" };
        let off = if db.is_sqlite() { "PRAGMA foreign_keys = OFF; " } else { "" };
        db.run_sql(&format!("{off}DROP TABLE {table}{cascade}"));
    }
    let done = on_four_servers(db, |store| store.migrate().expect("migrated, never an error"));
    let all = *done.iter().max().expect("four");
    assert!(all > 0);
    assert_eq!(done.iter().sum::<usize>(), all, "one did it all: {done:?}");
    assert_eq!(db.store().migrate().expect("an answer"), 0);
    db.store().list_sources().expect("a database that can be used");
}

fn servers_that_start_at_once_add_the_first_source_once(db: &TestDatabase) {
    let sample = source_draft("sample-albums", "csv", SourceLocation::Sample);
    let added = on_four_servers(db, |store| store.add_first_source(&sample).expect("an answer, never an error"));
    assert_eq!(added.iter().filter(|&&added| added).count(), 1, "{added:?}");
    assert_eq!(db.store().list_sources().expect("sources").len(), 1);
}

fn a_database_that_had_a_source_never_gets_the_first_one_again(db: &TestDatabase) {
    let store = db.store();
    let own = store.add_source(&source_draft("own", "csv", SourceLocation::Sample), None).expect("added");
    store.remove_source(own.id).expect("removed");
    let sample = source_draft("sample-albums", "csv", SourceLocation::Sample);
    assert!(!store.add_first_source(&sample).expect("an answer"));
    assert!(store.list_sources().expect("sources").is_empty());
}
