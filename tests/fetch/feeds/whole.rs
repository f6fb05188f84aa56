//! Whole fetches of feeds, from addresses to articles, and unchanged feeds that are not fetched twice.

use lockstep::domain::columns::column_type::ColumnType;
use lockstep::domain::issue::IssueKind;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::progress::ProgressCount;

use super::FeedReader;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn feeds_become_articles_with_typed_columns() {
    let stub = StubServer::start();
    stub.set_reply("/a", StubReply::feed("Alpha", &["1", "2"]));
    stub.set_reply("/b", StubReply::feed("Beta", &["1"]));
    let mut reader = FeedReader::of_addresses(&[stub.url("/a"), stub.url("/b")]);
    let run = reader.fetch_manually();
    let rows = run.rows.as_deref().expect("content");
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 3, 4]);
    let cells = &rows[0].cells;
    assert_eq!(
        [&cells[0], &cells[1], &cells[2], &cells[4], &cells[6]],
        ["Article 1", "https://news.example/1", "Alpha", "2026-11-20T08:00:00Z", "<p>About 1</p>"]
    );
    let different: std::collections::HashSet<&str> = run.sorted_keys().into_iter().collect();
    assert_eq!(different.len(), 3, "two feeds may use the same ids");
    assert!(run.issues.is_empty(), "{:?}", run.issues);
    let content = reader.setup.fetch_content("feeds", &reader.location).expect("content");
    let types: Vec<_> = (0..12).map(|at| content.column_type(at).expect("a type")).collect();
    assert_eq!(
        [types[0], types[1], types[4], types[6], types[9]],
        [ColumnType::Text, ColumnType::Link, ColumnType::Moment, ColumnType::Html, ColumnType::Image]
    );
    let first = reader.find_feed("/a");
    assert_eq!((first.title.as_str(), first.entries, first.failures), ("Alpha", 2, 0));
    assert!(first.succeeded_at.is_some() && first.identity.is_some());
}

#[test]
fn validators_are_sent_back_unchanged_and_unchanged_feeds_are_not_downloaded() {
    let stub = StubServer::start();
    let odd = "Fri, 20 Nov 26 8:00:00 +0000 (odd)";
    stub.set_reply("/weak", StubReply::feed("Weak", &["1"]).etag("W/\"a \\b,c\""));
    stub.set_reply("/bare", StubReply::feed("Bare", &["1"]).etag("no-quotes"));
    stub.set_reply("/odd", StubReply::feed("Odd", &["1"]).modified(odd));
    stub.set_reply("/none", StubReply::feed("None", &["1"]));
    let mut reader = FeedReader::of_addresses(&["/weak", "/bare", "/odd", "/none"].map(|path| stub.url(path)));
    assert_eq!(reader.fetch_manually().rows.expect("content").len(), 4);
    let known = reader.validators.clone();
    assert_eq!(known.each.len(), 4);

    let run = reader.fetch_manually();
    assert!(run.is_unchanged() && run.issues.is_empty());
    assert_eq!(reader.validators, known);
    let sent = |path: &str, name: &str| {
        let requests = stub.requests(path);
        assert_eq!(requests.len(), 2, "{path}");
        assert_eq!(requests[0].header(name), None, "{path}");
        requests[1].header(name).map(str::to_owned)
    };
    assert_eq!(sent("/weak", "If-None-Match").as_deref(), Some("W/\"a \\b,c\""));
    assert_eq!(sent("/bare", "If-None-Match").as_deref(), Some("no-quotes"));
    assert_eq!(sent("/odd", "If-Modified-Since").as_deref(), Some(odd));
    assert_eq!(sent("/none", "If-None-Match"), None);

    stub.set_reply("/odd", StubReply::feed("Odd", &["1", "2"]).modified("another"));
    let run = reader.fetch_manually();
    assert_eq!(run.sorted_titles(), ["Article 1", "Article 2"], "of the feed that changed alone");
    assert_eq!(reader.validators.each.len(), 4);
    assert_eq!(reader.find_validators("/odd").last_modified.as_deref(), Some("another"));
    assert_eq!(reader.find_validators("/weak").etag, known.each[&stub.url("/weak")].etag);

    assert_eq!(reader.fetch_in_full().rows.expect("content").len(), 5, "everything");
    assert_eq!(stub.requests("/weak").last().and_then(|seen| seen.header("If-None-Match")), None);
}

#[test]
fn a_truncated_feed_is_requested_again() {
    let stub = StubServer::start();
    let feed = || StubReply::feed("Cut", &["1", "2", "3", "4"]).etag("\"v\"").header("Cache-Control", "max-age=600");
    stub.set_reply("/feed", feed().halved());
    let mut reader = FeedReader::of_addresses(&[stub.url("/feed")]);
    let run = reader.fetch_manually();
    assert!((1..4).contains(&run.sorted_titles().len()), "{:?}", run.sorted_titles());
    assert!(run.only_issue().2.contains("Everything that could be read was imported"), "{:?}", run.issues);
    stub.set_reply("/feed", feed());
    assert_eq!(reader.fetch_manually().sorted_titles().len(), 4, "though its server would say that nothing is new");
    assert!(reader.fetch_manually().is_unchanged());
}

#[test]
fn progress_counts_feeds_and_articles_and_only_goes_forward() {
    let stub = StubServer::start();
    let feeds: Vec<String> = (0..5).map(|n| stub.url(&format!("/{n}"))).collect();
    for n in 0..5 {
        stub.set_reply(&format!("/{n}"), StubReply::feed("F", &["1", "2"]));
    }
    stub.set_reply("/list", StubReply::opml(&feeds));
    let run = FeedReader::of_addresses(&[stub.url("/list")]).fetch_manually();
    let last = run.progress.last().expect("progress");
    assert_eq!(last.feeds, Some(ProgressCount { processed: 5, total: 5 }));
    assert_eq!(last.articles, Some(ProgressCount { processed: 10, total: 10 }));
    assert_eq!(last.steps, ProgressCount { processed: 5, total: 5 });
    assert_eq!(last.bytes, run.bytes);
    assert!(run.bytes > 1000, "{}", run.bytes);
    assert!(run.progress.iter().any(|now| now.message == "Fetching feed 3 of 5…"));
    for pair in run.progress.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        assert!(a.bytes <= b.bytes && a.articles.map(|c| c.processed) <= b.articles.map(|c| c.processed));
        assert!(a.feeds.map(|c| c.processed) <= b.feeds.map(|c| c.processed));
        let share = |count: ProgressCount| count.processed * 1000 / count.total.max(1);
        assert!(share(a.steps) <= share(b.steps), "{a:?} {b:?}");
    }
}

#[test]
fn one_bad_feed_is_an_issue_and_all_of_them_are_a_failure() {
    let stub = StubServer::start();
    stub.set_reply("/good", StubReply::feed("Good", &["1"]));
    stub.set_reply("/bad?token=s3cret", StubReply::status(404));
    let mut reader = FeedReader::of_addresses(&[stub.url("/bad?token=s3cret"), stub.url("/good")]);
    let run = reader.fetch_manually();
    assert_eq!(run.sorted_titles(), ["Article 1"]);
    let (name, kind, reason) = run.only_issue();
    assert_eq!((name.ends_with("/bad?…"), kind), (true, IssueKind::Refused), "{name}");
    assert!(reason.contains("(404)") && !reason.contains("s3cret"), "{reason}");
    let bad = &reader.feeds[0];
    assert_eq!((bad.failures, bad.error.as_ref().map(|error| error.0.as_str())), (1, Some("not_found")));

    stub.set_reply("/good", StubReply::status(200).body("<rss><"));
    let run = reader.fetch_manually();
    let (code, message) = run.failure.expect("a failure");
    assert_eq!(code, "no_feed");
    assert!(message.starts_with("None of the 2 feeds could be read. ") && !message.contains("s3cret"), "{message}");
    assert!(message.contains("(404)") && message.contains("Good: "), "{message}");
    assert_eq!(run.issues.len(), 2);
    assert_eq!((reader.feeds[0].failures, reader.feeds[1].failures), (2, 1), "health is kept");
    assert_eq!(reader.feeds[1].entries, 1);
}

#[test]
fn a_feed_file_is_a_source_too() {
    let mut reader = FeedReader::at_location(SourceLocation::Sample);
    let path = reader.setup.folder.path().join("feed.json");
    let feed = r##"{"version": "https://jsonfeed.org/version/1.1", "title": "Mine", "items": [
        {"id": "1", "url": "https://h.example/1", "title": "One", "content_html": "<a href=\"x\">x</a>"}]}"##;
    std::fs::write(&path, feed).expect("written");
    reader.location = SourceLocation::File(path.clone());
    let run = reader.fetch_manually();
    assert_eq!(run.sorted_titles(), ["One"]);
    let shown = format!("{:?}", run.rows);
    assert!(!shown.contains(&*reader.setup.folder.path().to_string_lossy()), "it does not tell where it lies: {shown}");
    assert!(reader.fetch_manually().is_unchanged());
    assert_eq!(reader.fetch_in_full().sorted_titles(), ["One"]);
    std::fs::remove_file(&path).expect("removed");
    let (code, message) = reader.fetch_manually().failure.expect("a failure");
    assert!(code == "no_feed" && message.contains("File not found: "), "{message}");
}
