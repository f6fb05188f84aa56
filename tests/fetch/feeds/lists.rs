//! Lists of feeds: followed, asked conditionally, and survived.

use std::fs;

use lockstep::domain::issue::IssueKind;
use lockstep::domain::location::SourceLocation;

use super::Reader;
use crate::support::stub_server::{StubReply, StubServer};

fn three(stub: &StubServer) -> Vec<String> {
    for (path, title) in [("/a", "Alpha"), ("/b", "Beta"), ("/c", "Gamma")] {
        stub.set(path, StubReply::feed(title, &["1"]));
    }
    ["/a", "/b", "/c"].map(|path| stub.url(path)).to_vec()
}

fn titles(reader: &Reader) -> Vec<&str> {
    reader.feeds.iter().map(|feed| feed.title.as_str()).collect()
}

#[test]
fn a_list_is_told_by_its_content_and_its_feeds_keep_its_order() {
    let stub = StubServer::start();
    let feeds = three(&stub);
    stub.set("/list", StubReply::opml(&[feeds[1].clone(), feeds[0].clone(), feeds[1].clone()]).etag("\"l1\""));
    let mut reader = Reader::of(&[feeds[2].clone(), stub.url("/list")]);
    assert_eq!(reader.by_hand().rows.expect("content").len(), 3);
    assert_eq!(titles(&reader), ["Gamma", "Beta", "Alpha"]);
    assert!(reader.by_hand().is_unchanged());
    assert_eq!(titles(&reader), ["Gamma", "Beta", "Alpha"]);
    assert_eq!(stub.requests("/list")[1].header("If-None-Match"), Some("\"l1\""));

    // A list that is fresh is not asked, and its feeds are.
    stub.set("/list", StubReply::opml(&[feeds[1].clone(), feeds[0].clone()]).header("Cache-Control", "max-age=600"));
    assert!(reader.by_hand().is_unchanged());
    let asked = (stub.request_count("/list"), stub.request_count("/a"));
    assert!(reader.by_hand().is_unchanged());
    assert_eq!((stub.request_count("/list"), stub.request_count("/a")), (asked.0, asked.1 + 1));
    reader.known("/list").fresh_until = None;

    // A feed that left the list is dropped, with what was known of it; one that came is asked.
    stub.set("/d", StubReply::feed("Delta", &["1"]));
    stub.set("/list", StubReply::opml(&[feeds[0].clone(), stub.url("/d")]).etag("\"l2\""));
    let run = reader.by_hand();
    assert_eq!((run.titles().len(), titles(&reader)), (1, vec!["Gamma", "Alpha", "Delta"]));
    assert!(!reader.validators.each.contains_key(&feeds[1]), "{:?}", reader.validators.each.keys());
    assert_eq!(stub.request_count("/b"), 4);
}

#[test]
fn a_list_that_fails_does_not_take_its_feeds_along() {
    let stub = StubServer::start();
    let feeds = three(&stub);
    stub.set("/list", StubReply::opml(&feeds).etag("\"l\""));
    let mut reader = Reader::of(&[stub.url("/list")]);
    reader.by_hand();
    for bad in [StubReply::status(404), StubReply::html("<!doctype html><p>Hello"), StubReply::opml(&[])] {
        stub.set("/list", bad);
        let run = reader.full();
        assert_eq!(run.titles().len(), 3, "{:?}", run.failure);
        let (name, kind, reason) = run.only_issue();
        assert!(name.ends_with("/list") && kind == IssueKind::Refused, "{name}");
        assert!(
            reason.starts_with("The list of feeds could not be read, so the feeds of its last version were used."),
            "{reason}"
        );
        assert_eq!(reader.feeds.len(), 4, "the list has a health while it fails");
    }
    assert_eq!(reader.feed("/list").failures, 3);
    // It is left alone for a while, and its feeds are not.
    stub.set("/a", StubReply::feed("Alpha", &["1", "2"]));
    let asked = stub.request_count("/list");
    assert_eq!(reader.scheduled().titles().len(), 2);
    assert_eq!(stub.request_count("/list"), asked);
    // Those that failed: the list alone.
    stub.set("/list", StubReply::opml(&feeds[..2]));
    let hits = stub.request_count("/a");
    assert!(reader.fetch(|order| order.only_failed = true).failure.is_none());
    assert_eq!((stub.request_count("/list"), stub.request_count("/a")), (asked + 1, hits));
    assert_eq!(titles(&reader), ["Alpha", "Beta"]);
}

#[test]
fn a_list_that_arrives_cut_forgets_no_feed_and_is_asked_for_again() {
    let stub = StubServer::start();
    let feeds = three(&stub);
    stub.set("/list", StubReply::opml(&feeds).etag("\"l\""));
    let mut reader = Reader::of(&[stub.url("/list")]);
    reader.by_hand();
    stub.set("/list", StubReply::opml(&feeds).etag("\"cut\"").halved());
    assert!(
        reader.by_hand().issues.iter().any(|issue| issue
            .reason
            .contains("The end of the list is missing. The feeds before that point were read."))
    );
    assert_eq!(titles(&reader).len(), 3);
    stub.set("/list", StubReply::opml(&feeds[1..]).etag("\"cut\""));
    reader.by_hand();
    assert_eq!(titles(&reader).len(), 2, "what the whole list does not name is gone");
}

#[test]
fn a_list_is_believed_unchanged_only_for_the_version_whose_feeds_are_remembered() {
    let stub = StubServer::start();
    let feeds = three(&stub);
    stub.set("/list", StubReply::opml(&feeds[..1]).etag("\"v1\""));
    let mut reader = Reader::of(&[stub.url("/list")]);
    reader.by_hand();
    let of_v1 = reader.validators.clone();
    stub.set("/list", StubReply::opml(&feeds).etag("\"v2\""));
    reader.by_hand();
    // What the second fetch brought was never applied, and the list is as it was before.
    reader.validators = of_v1;
    stub.set("/list", StubReply::opml(&feeds[..1]).etag("\"v1\""));
    reader.by_hand();
    assert_eq!(titles(&reader), ["Alpha"]);
}

#[test]
fn a_list_that_is_not_changed_and_a_first_list_that_fails_are_no_feeds() {
    let stub = StubServer::start();
    stub.set("/list", StubReply::status(500));
    let mut reader = Reader::of(&[stub.url("/list")]);
    assert_eq!(reader.by_hand().failure.expect("a failure").0, "no_feed");
    stub.set("/list", StubReply::opml(&three(&stub)));
    assert_eq!(reader.by_hand().rows.expect("content").len(), 3);
    assert_eq!(reader.feeds.len(), 3);
}

#[test]
fn a_list_in_a_list_is_named_and_not_followed() {
    let stub = StubServer::start();
    let feeds = three(&stub);
    stub.set("/inner", StubReply::opml(&feeds));
    stub.set("/list", StubReply::opml(&[stub.url("/inner"), feeds[0].clone(), "no address".to_owned()]));
    let run = Reader::of(&[stub.url("/list")]).by_hand();
    assert_eq!(run.titles().len(), 1);
    assert_eq!(run.issues.len(), 2, "{:?}", run.issues);
    assert!(run.issues[0].reason.contains("lists inside lists are not followed"), "{:?}", run.issues);
    assert!(run.issues[1].reason.contains("`no address` is not a web address"), "{:?}", run.issues);
}

#[test]
fn a_list_may_be_a_file_and_is_read_at_every_sync() {
    let stub = StubServer::start();
    let feeds = three(&stub);
    let mut reader = Reader::at(SourceLocation::Sample);
    let path = reader.setup.folder.path().join("feeds.opml");
    let write = |feeds: &[String]| {
        let outlines: String = feeds.iter().map(|feed| format!("<outline xmlUrl=\"{feed}\"/>")).collect();
        fs::write(&path, format!("<opml version=\"2.0\"><body>{outlines}</body></opml>")).expect("written");
    };
    reader.location = SourceLocation::File(path.clone());
    write(&feeds[..2]);
    assert_eq!(reader.by_hand().titles().len(), 2);
    assert!(reader.by_hand().is_unchanged());
    write(&feeds[1..]);
    assert_eq!(reader.by_hand().titles().len(), 1);
    assert_eq!(titles(&reader), ["Beta", "Gamma"]);
    fs::remove_file(&path).expect("removed");
    let run = reader.by_hand();
    assert!(run.is_unchanged(), "{:?}", run.failure);
    assert!(run.only_issue().2.contains("File not found: "), "{:?}", run.issues);

    let uploads = reader.setup.settings.uploads_dir.clone();
    fs::create_dir_all(&uploads).expect("a folder");
    write(&feeds);
    fs::rename(&path, uploads.join("0123456789abcdef0123456789abcdef")).expect("moved");
    let mut uploaded = Reader::at(SourceLocation::Upload("0123456789abcdef0123456789abcdef".to_owned()));
    uploaded.setup = reader.setup;
    assert_eq!(uploaded.by_hand().titles().len(), 3);
}

#[test]
fn a_look_asks_a_few_feeds_of_a_list() {
    let stub = StubServer::start();
    let feeds: Vec<String> = (0..50).map(|n| stub.url(&format!("/{n}"))).collect();
    (0..50).for_each(|n| stub.set(&format!("/{n}"), StubReply::feed("F", &["1"])));
    stub.set("/list", StubReply::opml(&feeds));
    let setup = super::FetchSetup::new();
    let content = setup.content("feeds", &SourceLocation::Url(stub.url("/list"))).expect("content");
    assert_eq!(super::read_rows(&*content).len(), 4);
    assert_eq!((0..50).filter(|n| stub.request_count(&format!("/{n}")) > 0).count(), 4);
}
