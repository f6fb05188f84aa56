//! Feeds on the command line.

use super::CliFixture;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn feeds_are_added_without_a_key_checked_and_synced() {
    let (cli, stub) = (CliFixture::new(), StubServer::start());
    stub.set_reply("/a", StubReply::feed("Alpha", &["1", "2"]));
    stub.set_reply("/b", StubReply::feed("Beta", &["1"]));
    stub.set_reply("/list", StubReply::opml(&[stub.url("/b")]));
    let (feed, list) = (stub.url("/a"), stub.url("/list"));
    cli.expect_success(&["source", "add", "news", "--kind", "feeds", "--url", &feed, "--url", &list]);
    assert!(cli.expect_success(&["source", "check", "news"]).starts_with("news is OK: 2 feeds, "));
    let done = cli.run_command(&["sync", "news"]);
    assert_eq!((done.code, done.out.as_str()), (0, "news: 3 added, 0 updated, 0 removed.\n"), "{}", done.err);
    assert_eq!(cli.expect_success(&["sync", "news"]), "news: Nothing new since the last sync: 3 articles.\n");
    let wrong = cli.run_command(&["source", "add", "more", "--kind", "feeds", "--url", &feed, "--key", "title"]);
    assert!(wrong.code == 2 && wrong.err.contains("always use the key “id”"), "{}", wrong.err);
    let wrong = cli.run_command(&["source", "add", "more", "--kind", "feeds", "--url", "feed.xml"]);
    assert!(wrong.code == 2 && wrong.err.contains("https://"), "{}", wrong.err);
}

#[test]
fn failed_feeds_are_retried_alone() {
    let (cli, stub) = (CliFixture::new(), StubServer::start());
    stub.set_reply("/a", StubReply::feed("Alpha", &["1", "2"]));
    let (alpha, beta) = (stub.url("/a"), stub.url("/b"));
    cli.expect_success(&["source", "add", "news", "--kind", "feeds", "--url", &alpha, "--url", &beta]);
    let early = cli.run_command(&["sync", "news", "--only-failed"]);
    assert!(early.code == 2 && early.err.contains("has no feeds that were fetched before"), "{}", early.err);
    cli.expect_success(&["sync", "news"]);
    stub.set_reply("/b", StubReply::feed("Beta", &["1"]));
    let requests = stub.request_count("/a");
    assert_eq!(cli.expect_success(&["sync", "news", "--only-failed"]), "news: 1 added, 0 updated, 0 removed.\n");
    assert_eq!(stub.request_count("/a"), requests, "the working feed is not requested");
    let both = cli.run_command(&["sync", "news", "--only-failed", "--full"]);
    assert!(both.code == 2 && both.err.contains("cannot be used with"), "{}", both.err);
}

#[test]
fn a_check_shows_how_many_feeds_of_a_long_list_it_fetched() {
    let (cli, stub) = (CliFixture::new(), StubServer::start());
    let addresses: Vec<String> = (0..12).map(|n| stub.url(&format!("/{n}"))).collect();
    for n in 0..4 {
        stub.set_reply(&format!("/{n}"), StubReply::feed("F", &["1"]));
    }
    stub.set_reply("/list", StubReply::opml(&addresses));
    cli.expect_success(&["source", "add", "news", "--kind", "feeds", "--url", &stub.url("/list")]);
    let shown_text = cli.expect_success(&["source", "check", "news"]);
    assert!(shown_text.starts_with("news is OK: 4 of 12 feeds checked, "), "{shown_text}");
    stub.set_reply("/3", StubReply::status(429).header("Retry-After", "600"));
    let checked = cli.run_command(&["source", "check", "news"]);
    assert!(checked.code == 1 && checked.err.contains("/3: Rate-limited by its server"), "{}", checked.err);
}

#[test]
fn a_list_in_a_file_is_read_from_its_own_path() {
    let (cli, stub) = (CliFixture::new(), StubServer::start());
    stub.set_reply("/a", StubReply::feed("Alpha", &["1"]));
    let list = format!("<opml version=\"2.0\"><body><outline xmlUrl=\"{}\"/></body></opml>", stub.url("/a"));
    cli.write_csv("feeds.opml", &list);
    cli.expect_success(&["source", "add", "news", "--kind", "feeds", "--file", "feeds.opml"]);
    assert_eq!(cli.expect_success(&["sync", "news"]), "news: 1 added, 0 updated, 0 removed.\n");
    std::fs::remove_file(cli.path("feeds.opml")).expect("removed");
    let done = cli.run_command(&["sync", "news"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("File not found: "), "{}", done.err);
}

#[test]
fn the_encoding_of_feeds_can_be_set_and_for_an_account_the_refusal_names_the_reason() {
    let (cli, stub) = (CliFixture::new(), StubServer::start());
    let text =
        "<rss version=\"2.0\"><channel><title>A</title><item><guid>1</guid><title>НАТО</title></item></channel></rss>";
    let bytes = encoding_rs::WINDOWS_1251.encode(text).0.into_owned();
    stub.set_reply("/a", StubReply::status(200).header("Content-Type", "application/xml").body(bytes));
    let add = ["source", "add", "news", "--kind", "feeds", "--encoding", "cp1251", "--url"];
    cli.expect_success(&[&add[..], &[&stub.url("/a")]].concat());
    assert!(cli.expect_success(&["source", "show", "news"]).contains("windows-1251"));
    let done = cli.run_command(&["sync", "news"]);
    assert_eq!((done.code, done.out.as_str()), (0, "news: 1 added, 0 updated, 0 removed.\n"), "{}", done.err);
    for (kind, place, why) in [
        ("reader", "https://me:word@reader.example", "reader servers send JSON, which is always UTF-8"),
        ("sheet", "https://docs.google.com/spreadsheets/d/abc/edit", "Google sends every sheet in UTF-8"),
        ("excel", "https://h.example/a.xlsx", "workbooks declare their own text encoding"),
    ] {
        let refused = cli.run_command(&[
            "source",
            "add",
            "a",
            "--kind",
            kind,
            "--url",
            place,
            "--key",
            "id",
            "--encoding",
            "utf-8",
        ]);
        let shown_text = format!("--encoding: a source of the kind {kind} has no such setting: {why}. Leave it out.");
        assert!(refused.code == 2 && refused.err.contains(&shown_text), "{}", refused.err);
    }
}
