//! The secrets of sources in the database: encrypted from the end of the rollback period on, and readable throughout.

use std::sync::Arc;
use std::time::Duration;

use lockstep::domain::defaults::LEASE_DURATION;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::secret_key::SecretKey;
use lockstep::domain::source::{Source, SourceDraft};
use lockstep::store::compaction::CompactionStep;
use lockstep::store::sources::SourceChange;
use lockstep::store::{Store, StoreError};

use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_new_database_stores_no_link_that_can_be_read,
    an_upgraded_database_encrypts_when_the_rollback_period_is_over,
    several_servers_encrypt_what_is_stored_and_nothing_is_lost,
    without_the_key_nothing_encrypted_is_read_or_written,
    a_server_whose_key_was_given_up_writes_nothing_with_it,
];

const SECRET: &str = "pass-w0rd-of-the-reader";

fn draft_with_secret(slug: &str) -> SourceDraft {
    source_draft(slug, "csv", location(slug))
}

fn location(slug: &str) -> SourceLocation {
    SourceLocation::Url(format!("https://me:{SECRET}@h.example/{slug}.csv"))
}

/// A database that a version before this one has used: the facts are those that its upgrade stores.
fn upgraded_database(db: &TestDatabase) {
    let now = db.store().now().expect("a time").timestamp_millis();
    db.run_sql(&format!(
        "UPDATE house_facts SET value = '{now}' WHERE name = 'secrets_sealing_added_at';
         UPDATE house_facts SET value = '{}' WHERE name = 'secrets_sealed_from'",
        now + 86_400_000
    ));
}

/// How many stored texts of sources contain the secret.
fn count_readable(db: &TestDatabase) -> i64 {
    db.count_rows("sources", &format!("location LIKE '%{SECRET}%'"))
        + db.count_rows("catalogs", &format!("validators LIKE '%{SECRET}%' OR feeds LIKE '%{SECRET}%'"))
}

fn seal_all(db: &TestDatabase) {
    while db.store().seal_next_source().expect("a step") != CompactionStep::Done {}
}

fn a_new_database_stores_no_link_that_can_be_read(db: &TestDatabase) {
    let store = db.store();
    let added = store.add_source(&draft_with_secret("albums"), None).expect("added");
    assert_eq!(added.location, location("albums"));
    assert_eq!(db.count_rows("sources", "location LIKE 'sealed:1:%'"), 1);
    let changed = SourceDraft { location: location("singles"), ..draft_with_secret("albums") };
    assert_eq!(store.change_source(added.id, &changed, None).expect("changed"), SourceChange::Done);
    assert_eq!(count_readable(db), 0);
    let read = store.find_source("albums").expect("readable").expect("the source");
    assert_eq!(read.location, location("singles"));
    assert_eq!(store.list_sources().expect("readable"), [read]);
    assert_eq!(store.seal_next_source().expect("a step"), CompactionStep::Done);
}

fn an_upgraded_database_encrypts_when_the_rollback_period_is_over(db: &TestDatabase) {
    upgraded_database(db);
    let store = db.store();
    let albums = store.add_source(&draft_with_secret("albums"), None).expect("added");
    assert_eq!(count_readable(db), 1, "the version before can read it");
    assert_eq!(store.seal_next_source().expect("a step"), CompactionStep::Waiting);
    store.set_rollback_period(Duration::from_secs(2 * 86_400)).expect("set");
    assert_eq!(store.seal_next_source().expect("a step"), CompactionStep::Waiting);
    store.set_rollback_period(Duration::ZERO).expect("set");
    store.add_source(&draft_with_secret("singles"), None).expect("added");
    assert_eq!(count_readable(db), 1, "the new one is encrypted at once");
    seal_all(db);
    assert_eq!(count_readable(db), 0);
    assert_eq!(store.source_by_id(albums.id).expect("readable").expect("the source").location, location("albums"));
    if let lockstep::store::DatabaseAddress::Sqlite(path) = db.address() {
        // What was replaced is not left in unused parts of the file either.
        db.run_sql("PRAGMA wal_checkpoint(TRUNCATE)");
        let file = String::from_utf8_lossy(&std::fs::read(path).expect("the file")).into_owned();
        assert!(!file.contains(SECRET));
    }
}

fn several_servers_encrypt_what_is_stored_and_nothing_is_lost(db: &TestDatabase) {
    upgraded_database(db);
    let engine = TestEngine::on_database(db);
    let server = StubServer::start();
    let sources: Vec<Source> = (0..8)
        .map(|number| {
            let path = format!("/feed-{number}?token={SECRET}");
            server.set_reply(&path, StubReply::feed("News", &["1", "2"]).etag("\"1\""));
            engine.add_source(&format!("news-{number}"), "feeds", SourceLocation::Url(server.url(&path)))
        })
        .collect();
    sources.iter().for_each(|source| drop(engine.sync(source)));
    assert_eq!(count_readable(db), 16, "links, and the state of the feeds");
    let state = || {
        let mut catalogs = engine.store.list_catalogs().expect("catalogs");
        catalogs.sort_by_key(|(id, _)| *id);
        let feeds = sources.iter().map(|source| engine.store.feed_records(source.id).expect("feeds"));
        (engine.store.list_sources().expect("sources"), catalogs, feeds.collect::<Vec<_>>())
    };

    let before = state();
    engine.store.set_rollback_period(Duration::ZERO).expect("set");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let store = db.second_store();
                while store.seal_next_source().expect("a step") != CompactionStep::Done {}
            });
        }
    });
    assert_eq!(count_readable(db), 0);
    assert!(state() == before, "everything reads as before");
    let again = engine.sync(&sources[0]).summary.stats;
    assert_eq!((again.added, again.updated, again.removed), (0, 0, 0));
    assert_eq!(count_readable(db), 0);
}

fn without_the_key_nothing_encrypted_is_read_or_written(db: &TestDatabase) {
    db.store().add_source(&draft_with_secret("albums"), None).expect("added");
    let keyless = Store::open(&db.address(), 2, LEASE_DURATION).expect("opened");
    assert!(matches!(keyless.find_source("albums"), Err(StoreError::NoSecretKey)));
    assert!(matches!(keyless.add_source(&draft_with_secret("singles"), None), Err(StoreError::NoSecretKey)));
    assert_eq!(db.count_rows("sources", "1 = 1"), 1);
    let other = SecretKey::derive_from("another key than that of the tests").expect("a key");
    let error = keyless.with_secret_key(other.into()).find_source("albums").expect_err("another key").to_string();
    assert!(error.contains("another key") && !error.contains(SECRET), "{error}");
}

fn a_server_whose_key_was_given_up_writes_nothing_with_it(db: &TestDatabase) {
    let running = db.store();
    running.add_source(&draft_with_secret("albums"), None).expect("added");
    let other = Arc::new(SecretKey::derive_from("the key that is used from now on").expect("a key"));
    assert_eq!(running.discard_lost_secrets(&[&*other]).expect("discarded"), ["albums"]);
    let add_with_old_key = || running.add_source(&draft_with_secret("covers"), None);
    assert!(matches!(add_with_old_key(), Err(StoreError::NoSecretKey)), "before another key is chosen");
    let restarted = Store::open(&db.address(), 2, LEASE_DURATION).expect("opened").with_secret_key(other.clone());
    let chosen = restarted.adopt_secret_key(|| Ok::<_, StoreError>(other.fingerprint().to_owned()));
    assert_eq!(chosen.expect("a database").expect("a key"), other.fingerprint());
    let added = restarted.add_source(&draft_with_secret("singles"), None).expect("added with the new key");
    assert!(matches!(add_with_old_key(), Err(StoreError::NoSecretKey)));
    assert_eq!(running.seal_next_source().expect("a step"), CompactionStep::Done, "a lost link is not encrypted");
    let listed = restarted.list_sources().expect("every text has the same key");
    let links: Vec<&SourceLocation> = listed.iter().map(|source| &source.location).collect();
    assert_eq!(links, [&SourceLocation::Url(String::new()), &added.location]);
}
