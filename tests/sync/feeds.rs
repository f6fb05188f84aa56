//! Syncs of feeds: what a run reports about them, and what is stored about them however it ends.

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::feed::EntryIdentity;
use lockstep::domain::issue::IssueKind;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, RunPriority, StartOptions, StartRequest, Status};
use lockstep::domain::progress::ProgressCount;
use lockstep::domain::source::Source;
use lockstep::store::cancel::CancelOutcome;
use lockstep::sync::{ShutdownSignal, SyncThreads};

use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::{full_sync, incremental_sync, preview_run};
use crate::support::waiting::wait_until;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_sync_of_feeds_counts_feeds_and_articles,
    the_same_sync_twice_changes_nothing,
    articles_that_roll_off_stay_and_changed_ones_are_updated,
    a_bad_feed_is_an_issue_of_the_run_and_all_bad_ones_fail_it_and_change_nothing,
    feed_health_is_kept_when_a_run_is_cancelled,
    a_restart_during_a_run_keeps_the_identity_of_articles,
    a_scheduled_sync_skips_resting_feeds_that_a_manual_sync_asks,
    a_preview_does_not_change_feed_records,
];

fn add_feeds(engine: &TestEngine, stub: &StubServer, paths: &[&str]) -> Source {
    let location = SourceLocation::Urls(paths.iter().map(|path| stub.url(path)).collect());
    engine.add_source("news", "feeds", location)
}

fn scheduled_sync() -> StartRequest {
    StartRequest { priority: RunPriority::Scheduled, requested_by: "schedule".to_owned(), ..incremental_sync() }
}

fn a_sync_of_feeds_counts_feeds_and_articles(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/a", StubReply::feed("Alpha", &["1", "2"]).etag("\"a\""));
    stub.set_reply("/b", StubReply::feed("Beta", &["1"]).etag("\"b\""));
    let source = add_feeds(&engine, &stub, &["/a", "/b"]);
    let id = engine.start(&source, &incremental_sync());
    let record = engine.run(id);
    assert_eq!(
        (record.summary.status, record.summary.stats.added),
        (Status::Completed, 3),
        "{}",
        record.summary.message
    );
    let json = serde_json::to_value(engine.status_report(id)).expect("JSON");
    assert_eq!(json["stats"]["feeds"], serde_json::json!({"processed": 2, "total": 2}));
    assert_eq!(json["stats"]["articles"], serde_json::json!({"processed": 3, "total": 3}));
    assert_eq!(record.summary.stats.feeds, Some(ProgressCount { processed: 2, total: 2 }));
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!((catalog.columns[0].as_str(), catalog.columns[11].as_str()), ("title", "id"));
    assert_eq!(catalog.validators.each.len(), 2);
    let titles: Vec<_> =
        engine.store.feed_records(source.id).expect("feeds").into_iter().map(|feed| feed.title).collect();
    assert_eq!(titles, ["Alpha", "Beta"]);
}

fn the_same_sync_twice_changes_nothing(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/a", StubReply::feed("Alpha", &["1", "2"]).etag("\"a\""));
    stub.set_reply("/b", StubReply::feed("Beta", &["1"]));
    let source = add_feeds(&engine, &stub, &["/a", "/b"]);
    engine.sync(&source);
    let before = db.items_as_written();
    let record = engine.run_request(&source, &incremental_sync());
    assert!(
        record.summary.message.starts_with("Nothing new since the last sync: 3 albums"),
        "{}",
        record.summary.message
    );
    assert_eq!(stub.requests("/a")[1].header("If-None-Match"), Some("\"a\""));
    let record = engine.sync(&source);
    assert_eq!(
        (
            record.summary.status,
            record.summary.stats.added + record.summary.stats.updated,
            record.summary.stats.unchanged
        ),
        (Status::Completed, 0, 3)
    );
    assert_eq!(db.items_as_written(), before);
    assert!(
        engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"),
        "the validators are still there"
    );
}

fn articles_that_roll_off_stay_and_changed_ones_are_updated(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    let many: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    stub.set_reply("/a", StubReply::feed("Alpha", &many));
    stub.set_reply("/b", StubReply::feed("Beta", &["1"]));
    let source = add_feeds(&engine, &stub, &["/a", "/b"]);
    assert_eq!(engine.sync(&source).summary.stats.added, 41);
    stub.set_reply("/a", StubReply::feed("Alpha", &["100"]));
    stub.set_reply("/b", StubReply::feed("Better", &["1"]));
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.status, record.summary.stats.added, record.summary.stats.updated),
        (Status::Completed, 1, 1)
    );
    assert_eq!((record.summary.stats.removed, record.withheld_removals), (0, 0), "{}", record.summary.message);
    assert_eq!(engine.list_items(&source).len(), 42);
    // An empty feed and a feed that was removed from the source remove no articles.
    stub.set_reply("/a", StubReply::feed("Alpha", &[]));
    stub.set_reply("/b", StubReply::feed("Better", &[]));
    assert_eq!(engine.sync(&source).summary.status, Status::Completed);
    assert_eq!(engine.list_items(&source).len(), 42);
}

fn a_bad_feed_is_an_issue_of_the_run_and_all_bad_ones_fail_it_and_change_nothing(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/a", StubReply::feed("Alpha", &["1"]));
    stub.set_reply("/b", StubReply::feed("Beta", &["1"]));
    let source = add_feeds(&engine, &stub, &["/a", "/b"]);
    engine.sync(&source);
    stub.set_reply("/b", StubReply::html("<!doctype html><title>Sign in"));
    let record = engine.sync(&source);
    assert_eq!((record.summary.status, record.issues), (Status::Completed, 1), "{}", record.summary.message);
    assert_eq!(record.summary.message, "No new albums. 1 of 2 feeds failed; others updated.");
    let issues = engine.store.list_issues(record.summary.id, 1, 10).expect("issues");
    assert_eq!((issues[0].row, issues[0].column.as_deref(), issues[0].kind), (None, Some("Beta"), IssueKind::Refused));
    assert!(issues[0].reason.contains("a web page, not a feed"), "{}", issues[0].reason);

    let before = db.items_as_written();
    stub.set_reply("/a", StubReply::redirect(302, "/a"));
    let record = engine.sync(&source);
    let (code, error_text) = (record.summary.code.as_deref(), record.summary.error.as_deref().unwrap_or_default());
    assert_eq!((record.summary.status, code), (Status::Failed, Some("no_feed")), "{error_text}");
    assert!(error_text.contains("Alpha: ") && error_text.contains("Beta: "), "{error_text}");
    assert_eq!(db.items_as_written(), before);
    let failures: Vec<_> =
        engine.store.feed_records(source.id).expect("feeds").iter().map(|feed| feed.failures).collect();
    assert_eq!(failures, [1, 2], "health is kept when a run fails");
    // Only those that failed.
    stub.set_reply("/a", StubReply::feed("Alpha", &["1", "2"]));
    stub.set_reply("/b", StubReply::feed("Beta", &["1"]));
    engine.run_request(&source, &incremental_sync());
    stub.set_reply("/b", StubReply::status(500));
    engine.sync(&source);
    let again =
        StartRequest { options: StartOptions { only_failed: true, ..StartOptions::default() }, ..incremental_sync() };
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(record.summary.message, "No new albums. 1 of 2 feeds failed; others updated.", "and where nothing came");
    let hits = (stub.request_count("/a"), stub.request_count("/b"));
    stub.set_reply("/b", StubReply::feed("Beta", &["1", "2"]));
    assert_eq!(engine.run_request(&source, &again).summary.message, "1 added, 0 updated, 0 removed.");
    assert_eq!((stub.request_count("/a"), stub.request_count("/b")), (hits.0, hits.1 + 1));
}

fn feed_health_is_kept_when_a_run_is_cancelled(db: &TestDatabase) {
    let (engine, stub, other) = (TestEngine::on_database(db), StubServer::start(), StubServer::start());
    stub.set_reply("/a", StubReply::feed("Alpha", &["1"]));
    other.set_reply("/b", StubReply::feed("Beta", &["1"]).hang());
    let source = engine.add_source("news", "feeds", SourceLocation::Urls(vec![stub.url("/a"), other.url("/b")]));
    let workers = SyncThreads::start(&engine.engine, 1).expect("threads");
    let id = engine.start(&source, &full_sync());
    wait_until(|| {
        other.request_count("/b") > 0
            && engine.status_report(id).summary.stats.feeds.is_some_and(|feeds| feeds.processed == 1)
    });
    assert_eq!(engine.control.cancel(id, "ada").expect("an answer"), CancelOutcome::Requested);
    wait_until(|| engine.status_report(id).summary.status == Status::Cancelled);
    let known = engine.store.feed_records(source.id).expect("feeds");
    assert_eq!(
        (known[0].title.as_str(), known[0].identity, known[1].failures),
        ("Alpha", Some(EntryIdentity::Guid), 0)
    );
    assert_eq!(db.count_rows("items", "1 = 1"), 0);
    assert!(workers.stop(), "the workers are free");
}

fn a_restart_during_a_run_keeps_the_identity_of_articles(db: &TestDatabase) {
    let (engine, stub, other) = (TestEngine::on_database(db), StubServer::start(), StubServer::start());
    let item = |guid: &str| format!("<item>{guid}<link>https://h.example/1</link><title>One</title></item>");
    let feed = |guid: &str| StubReply::rss(&format!("<title>F</title>{}", item(guid)));
    stub.set_reply("/a", feed(""));
    other.set_reply("/b", StubReply::feed("Beta", &["1"]));
    other.queue_reply("/b", StubReply::feed("Beta", &["1"]).hang());
    let source = engine.add_source("news", "feeds", SourceLocation::Urls(vec![stub.url("/a"), other.url("/b")]));
    engine.sync(&source);
    let keys = |engine: &TestEngine| engine.list_items(&source).into_iter().map(|item| item.key).collect::<Vec<_>>();
    let before = keys(&engine);

    // The feed gains ids, and the server shuts down while the other feed hangs.
    stub.set_reply("/a", feed("<guid>urn:1</guid>"));
    let id = engine.start(&source, &full_sync());
    let stop = ShutdownSignal::default();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| engine.control.run_in_this_thread(id, &stop));
        wait_until(|| other.request_count("/b") > 1 && stub.request_count("/a") > 1);
        wait_until(|| engine.status_report(id).summary.stats.articles.is_some_and(|articles| articles.total > 0));
        stop.request();
        assert!(running.join().expect("no panic").expect("a run"));
    });
    assert_eq!(engine.find_record(id).summary.status, Status::Interrupted);
    other.set_reply("/b", StubReply::feed("Beta", &["1"]));
    engine.run_queued();
    assert_eq!(keys(&engine), before, "nothing came twice");
    assert_eq!(engine.store.feed_records(source.id).expect("feeds")[0].identity, Some(EntryIdentity::Link));
}

fn a_scheduled_sync_skips_resting_feeds_that_a_manual_sync_asks(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/a", StubReply::feed("Alpha", &["1"]));
    stub.set_reply("/b", StubReply::status(404));
    let source = add_feeds(&engine, &stub, &["/a", "/b"]);
    engine.sync(&source);
    let hits = stub.request_count("/b");
    let record = engine.run_request(&source, &scheduled_sync());
    assert_eq!((record.summary.status, stub.request_count("/b")), (Status::Completed, hits));
    assert_eq!(record.issues, 1, "the pause is reported");
    engine.run_request(&source, &incremental_sync());
    assert_eq!(stub.request_count("/b"), hits + 1);
}

fn a_preview_does_not_change_feed_records(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/a", StubReply::feed("Alpha", &["1"]).etag("\"a\""));
    stub.set_reply("/b", StubReply::feed("Beta", &["1"]));
    let source = add_feeds(&engine, &stub, &["/a", "/b"]);
    engine.sync(&source);
    let known = (
        engine.store.feed_records(source.id).expect("feeds"),
        engine.store.find_catalog(source.id).expect("an answer"),
    );
    stub.set_reply("/a", StubReply::status(429).header("Retry-After", "600"));
    stub.set_reply("/b", StubReply::status(429).header("Retry-After", "600"));
    for mode in [Mode::Full, Mode::Incremental] {
        let record = engine.run_request(&source, &StartRequest { mode, ..preview_run() });
        assert_eq!((record.summary.status, record.issues), (Status::Completed, 2), "{}", record.summary.message);
        assert!(record.summary.message.ends_with("Nothing was written."), "{}", record.summary.message);
    }
    // Articles that are no longer in the feed stay.
    stub.set_reply("/a", StubReply::feed("Alpha", &["2"]));
    stub.set_reply("/b", StubReply::status(404));
    let record = engine.run_request(&source, &preview_run());
    assert_eq!(
        (record.summary.status, record.summary.stats.added, record.summary.stats.removed),
        (Status::Completed, 1, 0)
    );
    let text = "A sync would add 1, update 0 and remove 0. 1 of 2 feeds failed; others updated. Nothing was written.";
    assert_eq!(record.summary.message, text);
    let removed = engine.store.list_changes(record.summary.id, ChangeKind::Removed, 10).expect("changes");
    assert!(removed.is_empty(), "{removed:?}");
    let after = (
        engine.store.feed_records(source.id).expect("feeds"),
        engine.store.find_catalog(source.id).expect("an answer"),
    );
    assert_eq!(known, after);
}
