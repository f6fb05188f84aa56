//! A misbehaving feed becomes a clear issue, and other feeds are not affected.

use std::time::Duration;

use lockstep::domain::issue::IssueKind;

use super::{FeedReader, ample_timeout};
use crate::support::load_clock::LoadClock;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::WAIT_LIMIT;

#[test]
fn a_feed_that_misbehaves_is_a_clear_issue() {
    let stub = StubServer::start();
    stub.set_reply("/good", StubReply::feed("Good", &["1"]));
    let guids: Vec<String> = (0..3000).map(|n| (n * 7919).to_string()).collect();
    let long = StubReply::feed("Long", &guids.iter().map(String::as_str).collect::<Vec<_>>());
    stub.set_reply("/loop", StubReply::redirect(302, "/loop"));
    stub.set_reply("/cut", long.clone().gzip().cut_at(5000));
    stub.set_reply("/short", long.clone().claiming(10_000_000));
    stub.set_reply("/drip", long.clone().drip(1, Duration::from_millis(20)));
    stub.set_reply("/private", StubReply::redirect(302, "http://169.254.169.254/latest"));
    stub.set_reply("/page", StubReply::html("<!doctype html><title>Sign in</title>"));
    stub.set_reply("/page-in-disguise", StubReply::rss("").body("<!DOCTYPE html><title>Sign in</title>"));
    stub.set_reply("/xhtml", StubReply::rss("").body("<?xml version=\"1.0\"?><!-- x --><html><body/></html>"));
    stub.set_reply("/bomb", StubReply::bomb(30_000_000).header("Content-Type", "application/xml"));
    stub.set_reply("/empty", StubReply::rss("").body(""));
    stub.set_reply("/csv", StubReply::csv("id,title\n1,One\n"));
    stub.set_reply("/close", StubReply::feed("C", &["1"]).close());
    stub.set_reply("/entities", StubReply::rss("").body(BOMB));
    let drip_timeout = ample_timeout(Duration::from_secs(2));
    let drip_message = format!("did not send the file within {} s", drip_timeout.as_secs());
    for (path, code, expected_text) in [
        ("/loop", "too_many_redirects", "redirects this URL to itself"),
        ("/cut", "truncated", "arrived incomplete"),
        ("/short", "truncated", "arrived incomplete"),
        ("/drip", "timeout", &drip_message),
        ("/private", "address_refused", "not a public internet address"),
        ("/page", "html_page", "a web page, not a feed"),
        ("/page-in-disguise", "html_page", "a web page, not a feed"),
        ("/xhtml", "html_page", "a web page, not a feed"),
        ("/bomb", "too_large", "is larger than 20 MB, the limit for one feed"),
        ("/empty", "not_a_feed", ""),
        ("/csv", "not_a_feed", ""),
        ("/close", "connection", "was lost"),
        ("/entities", "entities_declared", ""),
        ("/nothing", "not_found", "(404)"),
    ] {
        // A fetch that fails on the way is tried three times, however long that takes on this machine.
        let timeout = if path == "/drip" { drip_timeout } else { WAIT_LIMIT };
        let mut reader = FeedReader::of_addresses(&[stub.url(path), stub.url("/good")]).with_timeout(timeout);
        let clock = LoadClock::start();
        let run = reader.fetch_manually();
        let limit = if path == "/drip" { drip_timeout + Duration::from_secs(3) } else { Duration::from_secs(5) };
        assert!(clock.elapsed() < limit, "{path}: {:?}", clock.elapsed());
        assert_eq!(run.sorted_titles(), ["Article 1"], "{path}");
        let (name, kind, reason) = run.only_issue();
        assert!(name.ends_with(path) && kind == IssueKind::Refused, "{path}: {name}");
        assert!(reason.contains(expected_text), "{path}: {reason}");
        assert_eq!(reader.feeds[0].error.as_ref().map(|error| error.0.as_str()), Some(code), "{path}: {reason}");
    }
}

const BOMB: &str = "<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>\
                    <rss version=\"2.0\"><channel><title>&b;</title><item><guid>1</guid></item></channel></rss>";

#[test]
fn long_feed_titles_are_shortened_in_articles() {
    let stub = StubServer::start();
    let (long, items) = ("x".repeat(100_000), "<item><title>T</title><link>https://h.example/</link></item>".repeat(2));
    stub.set_reply(
        "/f",
        StubReply::rss(&format!("<title>{long}</title><managingEditor>{long}</managingEditor>{items}")),
    );
    let mut reader = FeedReader::of_addresses(&[stub.url("/f")]);
    let rows = reader.fetch_manually().rows.expect("content");
    assert!(rows.iter().flat_map(|row| &row.cells).all(|cell| cell.len() < 1000));
    assert_eq!(reader.find_feed("/f").title.chars().count(), 201);
}

#[test]
fn a_page_that_names_a_feed_is_answered_with_its_address() {
    let stub = StubServer::start();
    let page = "<!doctype html><link rel=alternate type=application/rss+xml href=/feed.xml>";
    stub.set_reply("/said", StubReply::html(page));
    stub.set_reply("/found", StubReply::rss("").body("<?xml version=\"1.0\"?><html>".to_owned() + &page[15..]));
    stub.set_reply("/html", StubReply::rss("").body(format!("<div>{page}")));
    stub.set_reply("/elsewhere/before", StubReply::redirect(302, "/page"));
    stub.set_reply("/page", StubReply::html(page.replace("/feed.xml", "feed.xml")));
    for path in ["/said", "/html", "/elsewhere/before"] {
        let (_, message) = FeedReader::of_addresses(&[stub.url(path)]).fetch_manually().failure.expect("a failure");
        assert!(
            message.contains(&format!("Use the feed that it links to instead: {}", stub.url("/feed.xml"))),
            "{path}: {message}"
        );
    }
    let two = format!("<base href='/deep/'>{}", "<link rel=alternate type=application/atom+xml href=a.xml>");
    stub.set_reply("/two", StubReply::html(format!("{page}{two}")));
    let mut reader = FeedReader::of_addresses(&[stub.url("/two")]);
    let (_, message) = reader.fetch_manually().failure.expect("a failure");
    let named = [stub.url("/feed.xml"), stub.url("/deep/a.xml")];
    assert!(
        message.contains(&format!("Use one of the 2 feeds that it links to instead: {}", named.join(" , "))),
        "{message}"
    );
    assert_eq!(reader.feeds[0].linked_feeds, named);
    assert_eq!((stub.request_count("/feed.xml"), stub.request_count("/deep/a.xml")), (0, 0), "no feed was requested");
    // Content that is recognised by its first bytes is not read to its end.
    let (_, message) = FeedReader::of_addresses(&[stub.url("/found")]).fetch_manually().failure.expect("a failure");
    assert!(message.contains("Look for a link named RSS"), "{message}");
}

#[test]
fn a_feed_that_quotes_a_page_is_a_feed() {
    let stub = StubServer::start();
    let item = "<title>F</title><item><guid>1</guid><title>T</title><description><![CDATA[<html><p>x</p>]]></description></item>";
    stub.set_reply("/f", StubReply::rss(item));
    assert_eq!(FeedReader::of_addresses(&[stub.url("/f")]).fetch_manually().sorted_titles(), ["T"]);
}

#[test]
fn a_private_address_in_a_list_is_refused() {
    let stub = StubServer::start();
    stub.set_reply("/good", StubReply::feed("Good", &["1"]));
    stub.set_reply("/secret", StubReply::feed("Secret", &["1"]));
    let secret = format!("http://127.0.0.2:{}/secret", stub.port());
    stub.set_reply("/list", StubReply::opml(&[secret, stub.url("/good"), "file:///etc/passwd".to_owned()]));
    let run = FeedReader::of_addresses(&[stub.url("/list")]).fetch_manually();
    assert_eq!((run.sorted_titles(), stub.request_count("/secret")), (vec!["Article 1"], 0));
    assert_eq!(run.issues.len(), 2, "{:?}", run.issues);
}
