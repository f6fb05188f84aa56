//! The counts of feeds and of failing feeds, which are updated together with the feeds.

use std::path::Path;

use lockstep::domain::feed_counts::FeedCounts;
use lockstep::domain::location::SourceLocation;

use crate::support::stub_server::{StubReply, StubServer};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![feed_counts_are_stored_and_read_without_the_feeds, a_migration_counts_the_stored_feeds,];

/// A title that PostgreSQL cannot store and that contains the text of further feeds.
const TITLE: &str = r#"\u0000 \ud800 \"address\":\"\",\"failures\":7"#;

fn feed_counts(total: u64, failing: u64) -> Option<FeedCounts> {
    Some(FeedCounts { total, failing, retry_blocked_until: None })
}

fn feed_counts_are_stored_and_read_without_the_feeds(db: &TestDatabase) {
    let (engine, stub, other) = (TestEngine::on_database(db), StubServer::start(), StubServer::start());
    stub.set_reply("/a", StubReply::feed("Alpha", &["1"]));
    let given = vec![stub.url("/a"), other.url("/b"), other.url("/c")];
    let source = engine.add_source("news", "feeds", SourceLocation::Urls(given));
    assert_eq!(engine.store.feed_counts(source.id).expect("an answer"), None);
    engine.sync(&source);
    assert_eq!(engine.store.feed_counts(source.id).expect("an answer"), feed_counts(3, 2));
    // The feeds themselves may be megabytes and are not read.
    db.run_sql("UPDATE catalogs SET feeds = 'not read'");
    assert_eq!(engine.store.feed_counts(source.id).expect("an answer"), feed_counts(3, 2));
    let all = engine.store.all_feed_counts().expect("an answer");
    assert_eq!((all.len(), all.get(&source.id).copied()), (1, feed_counts(3, 2)));
    db.run_sql("UPDATE catalogs SET feeds = '[]'");

    other.set_reply("/b", StubReply::status(429).header("Retry-After", "600"));
    other.set_reply("/c", StubReply::status(404));
    engine.sync(&source);
    engine.sync(&source);
    let known = engine.store.feed_records(source.id).expect("feeds");
    assert_eq!(engine.store.feed_counts(source.id).expect("an answer"), FeedCounts::from_feeds(&known));
}

fn a_migration_counts_the_stored_feeds(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let addresses = vec!["https://h.example/a".to_owned()];
    let source = engine.add_source("news", "feeds", SourceLocation::Urls(addresses.clone()));
    let other = engine.add_source("other", "feeds", SourceLocation::Urls(addresses));
    let side = if db.is_sqlite() { "sqlite" } else { "postgres" };
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(side).join("2026-11-20-000008_feed_counts");
    let sql = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a migration");
    db.run_sql(&sql("down.sql"));
    let feed = |failures: &str| format!(r#"{{"address":"https://h.example/a","title":"{TITLE}"{failures}}}"#);
    let feeds = [feed(r#","failures":0"#), feed(r#","failures":20"#), feed(""), feed(r#","failures":1"#)].join(",");
    db.run_sql(&format!("UPDATE catalogs SET feeds = '[{feeds}]' WHERE source_id = {}", source.id.0));
    db.run_sql(&sql("up.sql"));
    assert_eq!(engine.store.feed_counts(source.id).expect("an answer"), feed_counts(4, 2));
    assert_eq!(engine.store.feed_counts(other.id).expect("an answer"), None);
}
