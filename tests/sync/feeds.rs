//! Feeds in the engine room: what a run tells of them, and what is kept of them however it ends.

use std::time::Duration;

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::feed::EntryIdentity;
use lockstep::domain::issue::IssueKind;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, RunPriority, StartOptions, StartRequest, Status};
use lockstep::domain::progress::ProgressCount;
use lockstep::domain::source::Source;
use lockstep::store::recovery::CancelOutcome;
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
    health_is_kept_when_a_run_is_cancelled,
    a_restart_in_the_middle_keeps_what_tells_articles_apart,
    a_schedule_lets_rest_what_a_person_asks,
    a_preview_is_no_try_of_the_sync,
];

fn feeds(house: &TestEngine, outside: &StubServer, paths: &[&str]) -> Source {
    let location = SourceLocation::Urls(paths.iter().map(|path| outside.url(path)).collect());
    house.add("news", "feeds", location)
}

fn scheduled() -> StartRequest {
    StartRequest { priority: RunPriority::Scheduled, requested_by: "schedule".to_owned(), ..incremental_sync() }
}

fn a_sync_of_feeds_counts_feeds_and_articles(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    outside.set("/a", StubReply::feed("Alpha", &["1", "2"]).etag("\"a\""));
    outside.set("/b", StubReply::feed("Beta", &["1"]).etag("\"b\""));
    let source = feeds(&house, &outside, &["/a", "/b"]);
    let id = house.start(&source, &incremental_sync());
    let record = house.run(id);
    assert_eq!((record.status, record.stats.added), (Status::Completed, 3), "{}", record.message);
    let json = serde_json::to_value(house.report(id)).expect("JSON");
    assert_eq!(json["stats"]["feeds"], serde_json::json!({"processed": 2, "total": 2}));
    assert_eq!(json["stats"]["articles"], serde_json::json!({"processed": 3, "total": 3}));
    assert_eq!(record.stats.feeds, Some(ProgressCount { processed: 2, total: 2 }));
    let catalog = house.store.catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!((catalog.columns[0].as_str(), catalog.columns[11].as_str()), ("title", "id"));
    assert_eq!(catalog.validators.each.len(), 2);
    let titles: Vec<_> = house.store.feeds(source.id).expect("feeds").into_iter().map(|feed| feed.title).collect();
    assert_eq!(titles, ["Alpha", "Beta"]);
}

fn the_same_sync_twice_changes_nothing(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    outside.set("/a", StubReply::feed("Alpha", &["1", "2"]).etag("\"a\""));
    outside.set("/b", StubReply::feed("Beta", &["1"]));
    let source = feeds(&house, &outside, &["/a", "/b"]);
    house.sync(&source);
    let before = db.items_as_written();
    let record = house.go(&source, &incremental_sync());
    assert!(record.message.starts_with("Nothing new since the last sync: 3 albums"), "{}", record.message);
    assert_eq!(outside.requests("/a")[1].header("If-None-Match"), Some("\"a\""));
    let record = house.sync(&source);
    assert_eq!(
        (record.status, record.stats.added + record.stats.updated, record.stats.unchanged),
        (Status::Completed, 0, 3)
    );
    assert_eq!(db.items_as_written(), before);
    assert!(
        house.go(&source, &incremental_sync()).message.starts_with("Nothing new"),
        "the validators are still there"
    );
}

fn articles_that_roll_off_stay_and_changed_ones_are_updated(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    let many: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    outside.set("/a", StubReply::feed("Alpha", &many));
    outside.set("/b", StubReply::feed("Beta", &["1"]));
    let source = feeds(&house, &outside, &["/a", "/b"]);
    assert_eq!(house.sync(&source).stats.added, 41);
    outside.set("/a", StubReply::feed("Alpha", &["100"]));
    outside.set("/b", StubReply::feed("Better", &["1"]));
    let record = house.sync(&source);
    assert_eq!((record.status, record.stats.added, record.stats.updated), (Status::Completed, 1, 1));
    assert_eq!((record.stats.removed, record.withheld_removals), (0, 0), "{}", record.message);
    assert_eq!(house.items(&source).len(), 42);
    // A feed that has nothing for now, and a feed that left the source, take nothing along either.
    outside.set("/a", StubReply::feed("Alpha", &[]));
    outside.set("/b", StubReply::feed("Better", &[]));
    assert_eq!(house.sync(&source).status, Status::Completed);
    assert_eq!(house.items(&source).len(), 42);
}

fn a_bad_feed_is_an_issue_of_the_run_and_all_bad_ones_fail_it_and_change_nothing(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    outside.set("/a", StubReply::feed("Alpha", &["1"]));
    outside.set("/b", StubReply::feed("Beta", &["1"]));
    let source = feeds(&house, &outside, &["/a", "/b"]);
    house.sync(&source);
    outside.set("/b", StubReply::html("<!doctype html><title>Sign in"));
    let record = house.sync(&source);
    assert_eq!((record.status, record.issues), (Status::Completed, 1), "{}", record.message);
    assert_eq!(record.message, "No new albums. 1 of 2 feeds failed; others updated.");
    let issues = house.store.issues(record.id, 1, 10).expect("issues");
    assert_eq!((issues[0].row, issues[0].column.as_deref(), issues[0].kind), (None, Some("Beta"), IssueKind::Refused));
    assert!(issues[0].reason.contains("a web page, not a feed"), "{}", issues[0].reason);

    let before = db.items_as_written();
    outside.set("/a", StubReply::redirect(302, "/a"));
    let record = house.sync(&source);
    let (code, sentence) = (record.code.as_deref(), record.error.as_deref().unwrap_or_default());
    assert_eq!((record.status, code), (Status::Failed, Some("no_feed")), "{sentence}");
    assert!(sentence.contains("Alpha: ") && sentence.contains("Beta: "), "{sentence}");
    assert_eq!(db.items_as_written(), before);
    let failures: Vec<_> = house.store.feeds(source.id).expect("feeds").iter().map(|feed| feed.failures).collect();
    assert_eq!(failures, [1, 2], "health is kept when a run fails");
    // Only those that failed.
    outside.set("/a", StubReply::feed("Alpha", &["1", "2"]));
    outside.set("/b", StubReply::feed("Beta", &["1"]));
    house.go(&source, &incremental_sync());
    outside.set("/b", StubReply::status(500));
    house.sync(&source);
    let again =
        StartRequest { options: StartOptions { only_failed: true, ..StartOptions::default() }, ..incremental_sync() };
    let record = house.go(&source, &incremental_sync());
    assert_eq!(record.message, "No new albums. 1 of 2 feeds failed; others updated.", "and where nothing came");
    let hits = (outside.hits("/a"), outside.hits("/b"));
    outside.set("/b", StubReply::feed("Beta", &["1", "2"]));
    assert_eq!(house.go(&source, &again).message, "1 added, 0 updated, 0 removed.");
    assert_eq!((outside.hits("/a"), outside.hits("/b")), (hits.0, hits.1 + 1));
}

fn health_is_kept_when_a_run_is_cancelled(db: &TestDatabase) {
    let (house, outside, other) = (TestEngine::on(db), StubServer::start(), StubServer::start());
    outside.set("/a", StubReply::feed("Alpha", &["1"]));
    other.set("/b", StubReply::feed("Beta", &["1"]).hang());
    let source = house.add("news", "feeds", SourceLocation::Urls(vec![outside.url("/a"), other.url("/b")]));
    let workers = SyncThreads::start(&house.engine, 1).expect("threads");
    let id = house.start(&source, &full_sync());
    wait_until(|| other.hits("/b") > 0 && house.report(id).stats.feeds.is_some_and(|feeds| feeds.processed == 1));
    assert_eq!(house.control.cancel(id, "ada").expect("an answer"), CancelOutcome::Requested);
    wait_until(|| house.report(id).status == Status::Cancelled);
    let known = house.store.feeds(source.id).expect("feeds");
    assert_eq!(
        (known[0].title.as_str(), known[0].identity, known[1].failures),
        ("Alpha", Some(EntryIdentity::Guid), 0)
    );
    assert_eq!(db.count("items", "1 = 1"), 0);
    assert!(workers.stop(), "the workers are free");
}

fn a_restart_in_the_middle_keeps_what_tells_articles_apart(db: &TestDatabase) {
    let (house, outside, other) = (TestEngine::on(db), StubServer::start(), StubServer::start());
    let item = |guid: &str| format!("<item>{guid}<link>https://h.example/1</link><title>One</title></item>");
    let feed = |guid: &str| StubReply::rss(&format!("<title>F</title>{}", item(guid)));
    outside.set("/a", feed(""));
    other.set("/b", StubReply::feed("Beta", &["1"]));
    other.then("/b", StubReply::feed("Beta", &["1"]).hang());
    let source = house.add("news", "feeds", SourceLocation::Urls(vec![outside.url("/a"), other.url("/b")]));
    house.sync(&source);
    let keys = |house: &TestEngine| house.items(&source).into_iter().map(|item| item.key).collect::<Vec<_>>();
    let before = keys(&house);

    // It gains ids, and the server is told to stop while the other feed hangs.
    outside.set("/a", feed("<guid>urn:1</guid>"));
    let id = house.start(&source, &full_sync());
    let stop = ShutdownSignal::default();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| house.control.run_here(id, &stop));
        wait_until(|| other.hits("/b") > 1 && outside.hits("/a") > 1);
        std::thread::sleep(Duration::from_millis(300));
        stop.ask();
        assert!(running.join().expect("no panic").expect("a run"));
    });
    assert_eq!(house.record(id).status, Status::Interrupted);
    other.set("/b", StubReply::feed("Beta", &["1"]));
    house.drain();
    assert_eq!(keys(&house), before, "nothing came twice");
    assert_eq!(house.store.feeds(source.id).expect("feeds")[0].identity, Some(EntryIdentity::Link));
}

fn a_schedule_lets_rest_what_a_person_asks(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    outside.set("/a", StubReply::feed("Alpha", &["1"]));
    outside.set("/b", StubReply::status(404));
    let source = feeds(&house, &outside, &["/a", "/b"]);
    house.sync(&source);
    let hits = outside.hits("/b");
    let record = house.go(&source, &scheduled());
    assert_eq!((record.status, outside.hits("/b")), (Status::Completed, hits));
    assert_eq!(record.issues, 1, "it is said that it rests");
    house.go(&source, &incremental_sync());
    assert_eq!(outside.hits("/b"), hits + 1);
}

fn a_preview_is_no_try_of_the_sync(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    outside.set("/a", StubReply::feed("Alpha", &["1"]).etag("\"a\""));
    outside.set("/b", StubReply::feed("Beta", &["1"]));
    let source = feeds(&house, &outside, &["/a", "/b"]);
    house.sync(&source);
    let known = (house.store.feeds(source.id).expect("feeds"), house.store.catalog(source.id).expect("an answer"));
    outside.set("/a", StubReply::status(429).header("Retry-After", "600"));
    outside.set("/b", StubReply::status(429).header("Retry-After", "600"));
    for mode in [Mode::Full, Mode::Incremental] {
        let record = house.go(&source, &StartRequest { mode, ..preview_run() });
        assert_eq!((record.status, record.issues), (Status::Completed, 2), "{}", record.message);
        assert!(record.message.ends_with("Nothing was written."), "{}", record.message);
    }
    // What rolled off is not gone.
    outside.set("/a", StubReply::feed("Alpha", &["2"]));
    outside.set("/b", StubReply::status(404));
    let record = house.go(&source, &preview_run());
    assert_eq!((record.status, record.stats.added, record.stats.removed), (Status::Completed, 1, 0));
    let said = "A sync would add 1, update 0 and remove 0. 1 of 2 feeds failed; others updated. Nothing was written.";
    assert_eq!(record.message, said);
    let removed = house.store.changes(record.id, ChangeKind::Removed, 10).expect("changes");
    assert!(removed.is_empty(), "{removed:?}");
    let after = (house.store.feeds(source.id).expect("feeds"), house.store.catalog(source.id).expect("an answer"));
    assert_eq!(known, after);
}
