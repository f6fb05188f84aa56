//! Lists of feeds: followed, requested conditionally, and kept when they fail.

use std::fs;

use lockstep::domain::issue::IssueKind;
use lockstep::domain::location::SourceLocation;

use super::FeedReader;
use crate::support::stub_server::{StubReply, StubServer};

fn serve_three_feeds(stub: &StubServer) -> Vec<String> {
    for (path, title) in [("/a", "Alpha"), ("/b", "Beta"), ("/c", "Gamma")] {
        stub.set_reply(path, StubReply::feed(title, &["1"]));
    }
    ["/a", "/b", "/c"].map(|path| stub.url(path)).to_vec()
}

fn feed_titles(reader: &FeedReader) -> Vec<&str> {
    reader.feeds.iter().map(|feed| feed.title.as_str()).collect()
}

#[test]
fn a_list_is_detected_by_its_content_and_its_feeds_keep_their_order() {
    let stub = StubServer::start();
    let feeds = serve_three_feeds(&stub);
    stub.set_reply("/list", StubReply::opml(&[feeds[1].clone(), feeds[0].clone(), feeds[1].clone()]).etag("\"l1\""));
    let mut reader = FeedReader::of_addresses(&[feeds[2].clone(), stub.url("/list")]);
    assert_eq!(reader.fetch_manually().rows.expect("content").len(), 3);
    assert_eq!(feed_titles(&reader), ["Gamma", "Beta", "Alpha"]);
    assert!(reader.fetch_manually().is_unchanged());
    assert_eq!(feed_titles(&reader), ["Gamma", "Beta", "Alpha"]);
    assert_eq!(stub.requests("/list")[1].header("If-None-Match"), Some("\"l1\""));

    // A fresh list is not requested, but its feeds are.
    stub.set_reply(
        "/list",
        StubReply::opml(&[feeds[1].clone(), feeds[0].clone()]).header("Cache-Control", "max-age=600"),
    );
    assert!(reader.fetch_manually().is_unchanged());
    let counts_before = (stub.request_count("/list"), stub.request_count("/a"));
    assert!(reader.fetch_manually().is_unchanged());
    assert_eq!((stub.request_count("/list"), stub.request_count("/a")), (counts_before.0, counts_before.1 + 1));
    reader.find_validators("/list").fresh_until = None;

    // A feed that left the list is dropped with its record, and a new feed is requested.
    stub.set_reply("/d", StubReply::feed("Delta", &["1"]));
    stub.set_reply("/list", StubReply::opml(&[feeds[0].clone(), stub.url("/d")]).etag("\"l2\""));
    let run = reader.fetch_manually();
    assert_eq!((run.sorted_titles().len(), feed_titles(&reader)), (1, vec!["Gamma", "Alpha", "Delta"]));
    assert!(!reader.validators.each.contains_key(&feeds[1]), "{:?}", reader.validators.each.keys());
    assert_eq!(stub.request_count("/b"), 4);
}

#[test]
fn feeds_of_a_failed_list_are_still_fetched() {
    let stub = StubServer::start();
    let feeds = serve_three_feeds(&stub);
    stub.set_reply("/list", StubReply::opml(&feeds).etag("\"l\""));
    let mut reader = FeedReader::of_addresses(&[stub.url("/list")]);
    reader.fetch_manually();
    for bad in [StubReply::status(404), StubReply::html("<!doctype html><p>Hello"), StubReply::opml(&[])] {
        stub.set_reply("/list", bad);
        let run = reader.fetch_in_full();
        assert_eq!(run.sorted_titles().len(), 3, "{:?}", run.failure);
        let (name, kind, reason) = run.only_issue();
        assert!(name.ends_with("/list") && kind == IssueKind::Refused, "{name}");
        assert!(
            reason.starts_with("The list of feeds could not be read, so the feeds of its last version were used."),
            "{reason}"
        );
        assert_eq!(reader.feeds.len(), 4, "the list has a health while it fails");
    }
    assert_eq!(reader.find_feed("/list").failures, 3);
    // The list is paused for a while; its feeds are not.
    stub.set_reply("/a", StubReply::feed("Alpha", &["1", "2"]));
    let list_count = stub.request_count("/list");
    assert_eq!(reader.fetch_scheduled().sorted_titles().len(), 2);
    assert_eq!(stub.request_count("/list"), list_count);
    // Only the list had failed.
    stub.set_reply("/list", StubReply::opml(&feeds[..2]));
    let hits = stub.request_count("/a");
    assert!(reader.fetch_with(|request| request.only_failed = true).failure.is_none());
    assert_eq!((stub.request_count("/list"), stub.request_count("/a")), (list_count + 1, hits));
    assert_eq!(feed_titles(&reader), ["Alpha", "Beta"]);
}

#[test]
fn a_truncated_list_forgets_no_feed_and_is_requested_again() {
    let stub = StubServer::start();
    let feeds = serve_three_feeds(&stub);
    stub.set_reply("/list", StubReply::opml(&feeds).etag("\"l\""));
    let mut reader = FeedReader::of_addresses(&[stub.url("/list")]);
    reader.fetch_manually();
    stub.set_reply("/list", StubReply::opml(&feeds).etag("\"cut\"").halved());
    assert!(
        reader.fetch_manually().issues.iter().any(|issue| issue
            .reason
            .contains("The end of the list is missing. The feeds before that point were read."))
    );
    assert_eq!(feed_titles(&reader).len(), 3);
    stub.set_reply("/list", StubReply::opml(&feeds[1..]).etag("\"cut\""));
    reader.fetch_manually();
    assert_eq!(feed_titles(&reader).len(), 2, "feeds that the complete list lacks are dropped");
}

#[test]
fn a_list_counts_as_unchanged_only_if_its_feeds_are_stored() {
    let stub = StubServer::start();
    let feeds = serve_three_feeds(&stub);
    stub.set_reply("/list", StubReply::opml(&feeds[..1]).etag("\"v1\""));
    let mut reader = FeedReader::of_addresses(&[stub.url("/list")]);
    reader.fetch_manually();
    let of_v1 = reader.validators.clone();
    stub.set_reply("/list", StubReply::opml(&feeds).etag("\"v2\""));
    reader.fetch_manually();
    // The second fetch was never applied, and the list is as before it.
    reader.validators = of_v1;
    stub.set_reply("/list", StubReply::opml(&feeds[..1]).etag("\"v1\""));
    reader.fetch_manually();
    assert_eq!(feed_titles(&reader), ["Alpha"]);
}

#[test]
fn an_unchanged_list_and_a_failed_first_list_are_not_feeds() {
    let stub = StubServer::start();
    stub.set_reply("/list", StubReply::status(500));
    let mut reader = FeedReader::of_addresses(&[stub.url("/list")]);
    assert_eq!(reader.fetch_manually().failure.expect("a failure").0, "no_feed");
    stub.set_reply("/list", StubReply::opml(&serve_three_feeds(&stub)));
    assert_eq!(reader.fetch_manually().rows.expect("content").len(), 3);
    assert_eq!(reader.feeds.len(), 3);
}

#[test]
fn a_list_in_a_list_is_named_and_not_followed() {
    let stub = StubServer::start();
    let feeds = serve_three_feeds(&stub);
    stub.set_reply("/inner", StubReply::opml(&feeds));
    stub.set_reply("/list", StubReply::opml(&[stub.url("/inner"), feeds[0].clone(), "no address".to_owned()]));
    let run = FeedReader::of_addresses(&[stub.url("/list")]).fetch_manually();
    assert_eq!(run.sorted_titles().len(), 1);
    assert_eq!(run.issues.len(), 2, "{:?}", run.issues);
    assert!(run.issues[0].reason.contains("lists inside lists are not followed"), "{:?}", run.issues);
    assert!(run.issues[1].reason.contains("`no address` is not a valid URL"), "{:?}", run.issues);
}

#[test]
fn a_list_may_be_a_file_and_is_read_at_every_sync() {
    let stub = StubServer::start();
    let feeds = serve_three_feeds(&stub);
    let mut reader = FeedReader::at_location(SourceLocation::Sample);
    let path = reader.setup.folder.path().join("feeds.opml");
    let write = |feeds: &[String]| {
        let outlines: String = feeds.iter().map(|feed| format!("<outline xmlUrl=\"{feed}\"/>")).collect();
        fs::write(&path, format!("<opml version=\"2.0\"><body>{outlines}</body></opml>")).expect("written");
    };
    reader.location = SourceLocation::File(path.clone());
    write(&feeds[..2]);
    assert_eq!(reader.fetch_manually().sorted_titles().len(), 2);
    assert!(reader.fetch_manually().is_unchanged());
    write(&feeds[1..]);
    assert_eq!(reader.fetch_manually().sorted_titles().len(), 1);
    assert_eq!(feed_titles(&reader), ["Beta", "Gamma"]);
    fs::remove_file(&path).expect("removed");
    let run = reader.fetch_manually();
    assert!(run.is_unchanged(), "{:?}", run.failure);
    assert!(run.only_issue().2.contains("File not found: "), "{:?}", run.issues);

    let uploads = reader.setup.settings.uploads_dir.clone();
    fs::create_dir_all(&uploads).expect("a folder");
    write(&feeds);
    fs::rename(&path, uploads.join("0123456789abcdef0123456789abcdef")).expect("moved");
    let mut uploaded = FeedReader::at_location(SourceLocation::Upload("0123456789abcdef0123456789abcdef".to_owned()));
    uploaded.setup = reader.setup;
    assert_eq!(uploaded.fetch_manually().sorted_titles().len(), 3);
}

#[test]
fn a_probe_requests_a_few_feeds_of_a_list() {
    let stub = StubServer::start();
    let feeds: Vec<String> = (0..50).map(|n| stub.url(&format!("/{n}"))).collect();
    (0..50).for_each(|n| stub.set_reply(&format!("/{n}"), StubReply::feed("F", &["1"])));
    stub.set_reply("/list", StubReply::opml(&feeds));
    let setup = super::FetchSetup::new();
    let content = setup.fetch_content("feeds", &SourceLocation::Url(stub.url("/list"))).expect("content");
    assert_eq!(super::read_rows(&*content).len(), 4);
    assert_eq!((0..50).filter(|n| stub.request_count(&format!("/{n}")) > 0).count(), 4);
}
