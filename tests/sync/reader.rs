//! Syncs of reader accounts: what the first sync fetches, and how few requests the next ones make.

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::item::parse_fields;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, RunPriority, StartRequest, Status};
use lockstep::domain::source::{Source, SourceDraft};

use crate::support::reader_server::{ACCOUNT_SECRETS, ReaderArticle, ReaderDialect, ReaderFault, ReaderServer};
use crate::support::test_engine::{full_sync, incremental_sync, preview_run, source_draft};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    the_second_sync_requests_states_and_new_articles,
    a_state_that_changes_is_an_update_from_one_to_the_other,
    articles_that_roll_off_stay_and_an_empty_account_removes_nothing,
    a_failure_leaves_the_catalog_as_it_was,
    no_secret_is_stored_or_shown,
    a_rate_limit_applies_to_later_runs,
];

fn add_account(engine: &TestEngine, server: &ReaderServer) -> Source {
    let noun = "article/articles".parse().expect("a noun");
    let draft = SourceDraft { noun, ..source_draft("news", "reader", SourceLocation::Url(server.url())) };
    engine.store.add_source(&draft, None).expect("a source added")
}

fn the_second_sync_requests_states_and_new_articles(db: &TestDatabase) {
    for dialect in [ReaderDialect::FreshRss, ReaderDialect::Miniflux, ReaderDialect::Inoreader] {
        let engine = TestEngine::on_database(db);
        let server = ReaderServer::start(dialect, ReaderArticle::make_many(1000, 230));
        let source = add_account(&engine, &server);
        let record = engine.run_request(&source, &incremental_sync());
        assert_eq!(
            (record.summary.status, record.summary.stats.added),
            (Status::Completed, 230),
            "{}",
            record.summary.message
        );
        assert_eq!(record.summary.stats.articles.map(|count| (count.processed, count.total)), Some((230, 230)));
        assert_eq!(server.take_request_names().iter().filter(|name| *name == "contents").count(), 3);
        let before = db.items_as_written();

        let record = engine.run_request(&source, &incremental_sync());
        assert_eq!(
            (record.summary.status, record.summary.stats.unchanged),
            (Status::Completed, 230),
            "{}",
            record.summary.message
        );
        assert_eq!((record.summary.stats.added, record.summary.stats.updated, record.summary.stats.removed), (0, 0, 0));
        assert_eq!(record.summary.message, "No new articles.");
        assert_eq!(server.take_request_names(), ["login", "subscriptions", "all", "unread", "starred"]);
        assert_eq!(db.items_as_written(), before);

        server.change_articles(|articles| articles.insert(0, ReaderArticle::new(1001, "New")));
        let record = engine.run_request(&source, &incremental_sync());
        assert_eq!(
            (record.summary.stats.added, record.summary.stats.updated, record.summary.stats.unchanged),
            (1, 0, 230)
        );
        assert_eq!(server.take_request_names(), ["login", "subscriptions", "all", "unread", "starred", "contents"]);

        let before = db.items_as_written();
        let record = engine.run_request(&source, &full_sync());
        assert_eq!(
            (record.summary.stats.updated, record.summary.stats.unchanged),
            (0, 231),
            "{}",
            record.summary.message
        );
        assert_eq!(server.take_request_names().iter().filter(|name| *name == "contents").count(), 3);
        assert_eq!(db.items_as_written(), before);
        engine.store.remove_source(source.id).expect("removed");
    }
}

fn a_state_that_changes_is_an_update_from_one_to_the_other(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let server = ReaderServer::start(ReaderDialect::Miniflux, ReaderArticle::make_many(20, 20));
    let source = add_account(&engine, &server);
    engine.run_request(&source, &incremental_sync());
    server.change_articles(|articles| {
        articles[1].read = true;
        articles[2].starred = true;
    });
    let record = engine.run_request(&source, &StartRequest { kind: preview_run().kind, ..incremental_sync() });
    assert_eq!((record.summary.stats.updated, record.summary.stats.unchanged), (2, 18), "{}", record.summary.message);
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!((record.summary.stats.updated, record.summary.stats.unchanged), (2, 18), "{}", record.summary.message);
    let changes = engine.store.list_changes(record.summary.id, ChangeKind::Updated, 10).expect("changes");
    let mut reported: Vec<String> = Vec::new();
    for change in &changes {
        let fields = |text: &Option<String>| parse_fields(text.as_deref().expect("a side")).expect("fields");
        let (before, after) = (fields(&change.before), fields(&change.after));
        let differing = before.into_iter().zip(after).filter(|(old, new)| old != new);
        reported.extend(differing.map(|((name, old), (_, new))| format!("{} {name}: {old} → {new}", change.key)));
    }
    reported.sort_unstable();
    let key = |id: i64| ReaderArticle::new(id, "").key();
    assert_eq!(reported, [format!("{} starred: no → yes", key(18)), format!("{} read: no → yes", key(19))]);
}

fn articles_that_roll_off_stay_and_an_empty_account_removes_nothing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let server = ReaderServer::start(ReaderDialect::FreshRss, ReaderArticle::make_many(40, 30));
    let source = add_account(&engine, &server);
    engine.run_request(&source, &incremental_sync());
    for left in [5, 0] {
        server.change_articles(|articles| articles.truncate(left));
        for mode in [Mode::Incremental, Mode::Full] {
            let record = engine.run_request(&source, &StartRequest { mode, ..full_sync() });
            assert_eq!(
                (record.summary.status, record.summary.stats.removed),
                (Status::Completed, 0),
                "{left}: {}",
                record.summary.message
            );
            assert_eq!(engine.list_items(&source).len(), 30, "{left}");
        }
        let record = engine.run_request(&source, &preview_run());
        assert_eq!(
            (record.summary.status, record.summary.stats.removed),
            (Status::Completed, 0),
            "{left}: {}",
            record.summary.message
        );
        let removed = engine.store.list_changes(record.summary.id, ChangeKind::Removed, 10).expect("changes");
        assert!(removed.is_empty(), "{left}: {removed:?}");
    }
    let empty = ReaderServer::start(ReaderDialect::Miniflux, Vec::new());
    let draft = source_draft("other", "reader", SourceLocation::Url(empty.url()));
    let other = engine.store.add_source(&draft, None).expect("a source");
    let record = engine.run_request(&other, &incremental_sync());
    assert_eq!(
        (record.summary.status, record.summary.stats.items.total),
        (Status::Completed, 0),
        "{}",
        record.summary.message
    );
}

fn a_failure_leaves_the_catalog_as_it_was(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let server = ReaderServer::start(ReaderDialect::Miniflux, ReaderArticle::make_many(300, 150));
    let source = add_account(&engine, &server);
    engine.run_request(&source, &incremental_sync());
    let before = db.items_as_written();
    for part in ["login", "subscriptions", "all", "contents"] {
        for fault in [
            ReaderFault::UnknownPath,
            ReaderFault::LoginPage,
            ReaderFault::TruncatedJson,
            ReaderFault::Status(404, vec![]),
        ] {
            server.inject_fault(part, 1..usize::MAX, fault.clone());
            let record = engine.run_request(&source, &full_sync());
            // A truncated login answer may still contain its token, which must not be used.
            assert_eq!(record.summary.status, Status::Failed, "{part}, {fault:?}: {}", record.summary.message);
            assert_eq!(db.items_as_written(), before, "{part}, {fault:?}");
            server.clear_faults();
        }
    }
    server.change_articles(|articles| articles[0].read = !articles[0].read);
    server.inject_fault("unread", 1..usize::MAX, ReaderFault::UnknownPath);
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(
        (record.summary.status, record.issues, record.summary.stats.updated),
        (Status::Completed, 1, 0),
        "{}",
        record.summary.message
    );
    assert_eq!(db.items_as_written(), before);
    server.clear_faults();
    assert_eq!(engine.run_request(&source, &incremental_sync()).summary.stats.updated, 1, "the next sync repairs it");
}

fn a_rate_limit_applies_to_later_runs(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let server = ReaderServer::start(ReaderDialect::Inoreader, ReaderArticle::make_many(40, 30));
    let source = add_account(&engine, &server);
    engine.run_request(&source, &incremental_sync());
    assert_eq!(
        engine.store.feed_records(source.id).expect("feeds"),
        [],
        "nothing is remembered of a server that answers"
    );
    let reset = |seconds: &str| ReaderFault::Status(429, vec![("X-Reader-Limits-Reset-After", seconds.to_owned())]);
    server.inject_fault("all", 1..usize::MAX, reset("4000.5"));
    let first = engine.run_request(&source, &incremental_sync());
    assert_eq!(first.summary.code.as_deref(), Some("rate_limited"), "{}", first.summary.message);
    let kept = engine.store.feed_records(source.id).expect("feeds");
    let [pause] = &kept[..] else { panic!("one for the account: {kept:?}") };
    let ahead = pause.rate_limited_until.expect("a time") - chrono::Utc::now();
    assert!((3950..=4000).contains(&ahead.num_seconds()) && pause.title.starts_with("127.0.0.1"), "{pause:?}");
    assert!(!pause.has_failed() && !pause.address.contains("reader-of-news"), "{pause:?}");
    server.take_requests();
    server.inject_fault("all", 1..usize::MAX, reset("9000"));
    let scheduled = StartRequest { priority: RunPriority::Scheduled, ..incremental_sync() };
    for request in [incremental_sync(), full_sync(), scheduled, preview_run()] {
        let again = engine.run_request(&source, &request);
        assert_eq!(
            (again.summary.status, &again.summary.code, &again.summary.message),
            (Status::Failed, &first.summary.code, &first.summary.message)
        );
        assert_eq!(server.take_request_names(), [""; 0], "no server is requested");
        assert_eq!(engine.store.feed_records(source.id).expect("feeds"), kept, "the time does not slide");
    }

    // The state of another account is not used for this one.
    let other =
        SourceDraft { location: SourceLocation::Url(server.url().replace("1000001414", "7")), ..as_draft(&source) };
    engine.store.change_source(source.id, &other, None).expect("changed");
    let refused = engine.run_request(&source, &incremental_sync());
    assert_eq!(refused.summary.code.as_deref(), Some("unauthorized"), "{}", refused.summary.message);
    engine.store.change_source(source.id, &as_draft(&source), None).expect("changed back");
    server.take_requests();
    server.inject_fault("all", 1..2, reset("2"));
    let over = engine.run_request(&source, &incremental_sync());
    assert_eq!(
        (over.summary.status, over.summary.stats.unchanged),
        (Status::Completed, 30),
        "{}",
        over.summary.message
    );
    assert_eq!(engine.store.feed_records(source.id).expect("feeds"), [], "when it is over nothing is remembered");

    // The quota is used up: the next request would be refused.
    server.set_quota(5, 0, 4000);
    server.change_articles(|articles| articles.insert(0, ReaderArticle::new(1001, "New")));
    assert_eq!(engine.run_request(&source, &incremental_sync()).summary.stats.added, 1);
    server.take_requests();
    let after = engine.run_request(&source, &incremental_sync());
    assert_eq!(
        (after.summary.code.as_deref(), server.take_requests().len()),
        (Some("rate_limited"), 0),
        "{}",
        after.summary.message
    );
}

fn as_draft(source: &Source) -> SourceDraft {
    let Source { slug, name, noun, kind, location, key_column, schedule, public, read_options, stale_after, .. } =
        source.clone();
    SourceDraft { slug, name, noun, kind, location, key_column, schedule, public, read_options, stale_after }
}

fn no_secret_is_stored_or_shown(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let server = ReaderServer::start(ReaderDialect::Inoreader, ReaderArticle::make_many(30, 10));
    let source = add_account(&engine, &server);
    let well = engine.run_request(&source, &incremental_sync());
    server.inject_fault("login", 1..usize::MAX, ReaderFault::Status(401, vec![]));
    let wrong = engine.run_request(&source, &incremental_sync());
    server.clear_faults();
    server.inject_fault("unread", 1..usize::MAX, ReaderFault::UnknownPath);
    let noted = engine.run_request(&source, &incremental_sync());
    assert_eq!((well.summary.status, wrong.summary.status, noted.issues), (Status::Completed, Status::Failed, 1));
    let mut reported = vec![source.location.for_people()];
    for record in [&well, &wrong, &noted] {
        reported.push(format!("{record:?} {:?}", engine.status_report(record.summary.id)));
    }
    for table in ["items", "sync_operations", "sync_records", "sync_issues", "item_changes", "catalogs"] {
        let row = if db.is_sqlite() { every_column(db, table) } else { format!("CAST({table}.* AS TEXT)") };
        reported.extend(db.select_texts(&format!("SELECT {row} AS value FROM {table}")).into_iter().flatten());
    }
    for text in &reported {
        assert!(ACCOUNT_SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
    }
}

/// All columns of a table of SQLite as one text.
fn every_column(db: &TestDatabase, table: &str) -> String {
    let names = db.select_texts(&format!("SELECT name AS value FROM pragma_table_info('{table}')"));
    let texts = names
        .into_iter()
        .flatten()
        .map(|name| format!("coalesce(CASE typeof({name}) WHEN 'blob' THEN hex({name}) ELSE {name} END, '')"));
    texts.collect::<Vec<_>>().join(" || '|' || ")
}
