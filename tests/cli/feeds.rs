//! Sources that are made of feeds, and accounts, from a terminal.

use super::House;
use crate::support::outside::{Outside, Reply};

#[test]
fn feeds_are_added_without_a_key_checked_and_synced() {
    let (house, outside) = (House::new(), Outside::start());
    outside.set("/a", Reply::feed("Alpha", &["1", "2"]));
    outside.set("/b", Reply::feed("Beta", &["1"]));
    outside.set("/list", Reply::opml(&[outside.url("/b")]));
    let (feed, list) = (outside.url("/a"), outside.url("/list"));
    house.ok(&["source", "add", "news", "--kind", "feeds", "--url", &feed, "--url", &list]);
    assert!(house.ok(&["source", "check", "news"]).contains("news is fine: 2 feeds"));
    let done = house.run(&["sync", "news"]);
    assert_eq!((done.code, done.out.as_str()), (0, "news: 3 added, 0 updated, 0 removed.\n"), "{}", done.err);
    assert_eq!(house.ok(&["sync", "news"]), "news: Nothing new since the last sync: 3 articles.\n");
    let wrong = house.run(&["source", "add", "more", "--kind", "feeds", "--url", &feed, "--key", "title"]);
    assert!(wrong.code == 2 && wrong.err.contains("by themselves (by “id”)"), "{}", wrong.err);
    let wrong = house.run(&["source", "add", "more", "--kind", "feeds", "--url", "feed.xml"]);
    assert!(wrong.code == 2 && wrong.err.contains("https://"), "{}", wrong.err);
}

#[test]
fn a_list_in_a_file_is_read_from_where_it_lies() {
    let (house, outside) = (House::new(), Outside::start());
    outside.set("/a", Reply::feed("Alpha", &["1"]));
    let list = format!("<opml version=\"2.0\"><body><outline xmlUrl=\"{}\"/></body></opml>", outside.url("/a"));
    house.csv("feeds.opml", &list);
    house.ok(&["source", "add", "news", "--kind", "feeds", "--file", "feeds.opml"]);
    assert_eq!(house.ok(&["sync", "news"]), "news: 1 added, 0 updated, 0 removed.\n");
    std::fs::remove_file(house.path("feeds.opml")).expect("removed");
    let done = house.run(&["sync", "news"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("feeds.opml is not there"), "{}", done.err);
}

/// A feed with one entry.
fn feed(title: &str, entry: &str) -> Reply {
    Reply::status(200).header("Content-Type", "application/rss+xml").body(format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>{title}</title><link>https://h.example/</link>\
         <item><guid>{entry}</guid><title>{entry}</title></item></channel></rss>"
    ))
}

#[test]
fn feeds_are_added_without_a_key_and_each_is_told_of() {
    let house = House::new();
    let outside = Outside::start();
    outside.set("/jazz", feed("Jazz", "Blue Train"));
    let gone = outside.url("/gone?token=s3cret");
    let urls = ["--url", &outside.url("/jazz"), "--url", &gone];
    house.ok(&[&["source", "add", "news", "--kind", "feeds"], &urls[..]].concat());
    let checked = house.run(&["source", "check", "news"]);
    assert_eq!(checked.code, 1, "{}", checked.out);
    assert!(checked.err.contains("/gone?…: ") && !checked.err.contains("s3cret"), "{}", checked.err);

    let synced = house.run(&["sync", "news"]);
    assert_eq!(synced.code, 0, "{}", synced.err);
    assert!(synced.err.contains("feed “http://127.0.0.1") && synced.err.contains("refused: "), "{}", synced.err);
    let shown = house.ok(&["source", "show", "news"]);
    assert!(shown.contains("feeds         2, 1 failing"), "{shown}");
    assert!(shown.contains("failed once") && shown.contains("/gone?…"), "{shown}");
    for told in [&shown, &house.ok(&["source", "list", "--json"])] {
        assert!(!told.contains("s3cret"), "{told}");
    }

    outside.set("/gone", feed("Rock", "Autobahn"));
    house.ok(&["sync", "news"]);
    assert!(house.ok(&["source", "show", "news"]).contains("feeds         2, 0 failing"));
    assert!(house.ok(&["source", "check", "news"]).starts_with("news is fine: 2 feeds, "));
}

#[test]
fn the_password_of_an_account_stays_off_the_command_line_and_out_of_every_answer() {
    let house = House::new();
    let add = |rest: &[&str], input: &str| {
        let args = [&["source", "add", "mine", "--user", "ada@example.org", "--password-stdin"], rest].concat();
        house.run_with_input(&args, input)
    };
    let refused = add(&["--kind", "csv", "--url", "https://h.example/a.csv", "--key", "id"], "s3cret\n");
    assert_eq!((refused.code, refused.err.contains("is no account")), (2, true), "{}", refused.err);
    let empty = add(&["--kind", "reader", "--url", "https://reader.example.org"], "\n");
    assert_eq!((empty.code, empty.err.contains("Type the user name and the password")), (2, true), "{}", empty.err);
    let added = add(&["--kind", "reader", "--url", "https://reader.example.org"], "s3:cr@et/\n");
    assert_eq!(added.code, 0, "{}", added.err);
    for args in [&["source", "show", "mine"][..], &["source", "list"], &["source", "list", "--json"]] {
        let told = house.ok(args);
        assert!(!told.contains("s3") && !told.contains("ada"), "{told}");
    }
}
