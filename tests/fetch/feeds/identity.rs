//! The rule that identifies the entries of a feed stays the same, whatever the feed does later.

use lockstep::domain::feed::EntryIdentity;
use lockstep::domain::issue::IssueKind;

use super::FeedReader;
use crate::support::stub_server::{StubReply, StubServer};

fn feed_reply(items: &[(&str, &str, &str)]) -> StubReply {
    let item = |(guid, link, title): &(&str, &str, &str)| {
        let tag =
            |name: &str, text: &str| if text.is_empty() { String::new() } else { format!("<{name}>{text}</{name}>") };
        format!("<item>{}{}{}</item>", tag("guid", guid), tag("link", link), tag("title", title))
    };
    StubReply::rss(&format!("<title>F</title>{}", items.iter().map(item).collect::<String>()))
}

#[test]
fn a_feed_that_gains_ids_keeps_its_identity_rule() {
    let stub = StubServer::start();
    let (a, b) = ("https://h.example/a", "https://h.example/b");
    stub.set_reply("/f", feed_reply(&[("", a, "A"), ("", b, "B")]));
    let mut reader = FeedReader::of_addresses(&[stub.url("/f")]);
    let first = reader.fetch_manually();
    assert_eq!(reader.find_feed("/f").identity, Some(EntryIdentity::Link));
    stub.set_reply("/f", feed_reply(&[("urn:1", a, "A"), ("urn:2", b, "B again"), ("urn:3", "", "C")]));
    let second = reader.fetch_manually();
    assert_eq!(second.rows.as_ref().map(Vec::len), Some(3));
    assert!(
        first.sorted_keys().iter().all(|key| second.sorted_keys().contains(key)),
        "{:?} {:?}",
        first.sorted_keys(),
        second.sorted_keys()
    );
    assert_eq!(reader.find_feed("/f").identity, Some(EntryIdentity::Link));
    // Without a stored record the rule is chosen again.
    reader.feeds.clear();
    reader.fetch_in_full();
    assert_eq!(reader.find_feed("/f").identity, Some(EntryIdentity::Guid));
}

#[test]
fn a_feed_without_entries_chooses_its_identity_rule_later() {
    let stub = StubServer::start();
    stub.set_reply("/f", feed_reply(&[]));
    let mut reader = FeedReader::of_addresses(&[stub.url("/f")]);
    let run = reader.fetch_manually();
    assert_eq!(
        (run.rows.as_ref().map(Vec::len), reader.find_feed("/f").identity),
        (Some(0), None),
        "{:?}",
        run.failure
    );
    stub.set_reply("/f", feed_reply(&[("", "", "Only a title")]));
    assert_eq!(reader.fetch_manually().sorted_titles(), ["Only a title"]);
    assert_eq!(reader.find_feed("/f").identity, Some(EntryIdentity::Hash));
}

#[test]
fn the_same_id_twice_is_noted_and_the_first_wins() {
    let stub = StubServer::start();
    stub.set_reply("/f", feed_reply(&[("1", "", "First"), ("1", "", "Second"), ("2", "", "Third")]));
    let run = FeedReader::of_addresses(&[stub.url("/f")]).fetch_manually();
    assert_eq!(run.sorted_titles(), ["First", "Third"]);
    let (name, kind, reason) = run.only_issue();
    assert_eq!((name, kind), ("F", IssueKind::Noted));
    assert_eq!(reason, "1 entry repeats the ID of another; only the first was imported.");
}

#[test]
fn keys_reveal_no_part_of_an_address() {
    let stub = StubServer::start();
    stub.set_reply("/f?token=s3cret", feed_reply(&[("1", "", "A")]));
    let address = stub.url("/f?token=s3cret").replace("http://", "http://me:pa55@");
    let run = FeedReader::of_addresses(&[address]).fetch_manually();
    let shown = format!("{:?}", run.rows);
    assert!(!shown.contains("s3cret") && !shown.contains("pa55"), "{shown}");
}

#[test]
fn links_in_articles_reveal_no_part_of_a_feed_address() {
    let stub = StubServer::start();
    let text =
        "&lt;a href=\"#note\"&gt;n&lt;/a&gt;&lt;a href=\"more\"&gt;m&lt;/a&gt;&lt;a href=\"?p=2\"&gt;p&lt;/a&gt;";
    let item = format!("<title>F</title><item><guid>1</guid><link>read</link><description>{text}</description></item>");
    stub.set_reply("/f?token=s3cret", StubReply::rss(&item));
    let address = stub.url("/f?token=s3cret").replace("http://", "http://me:pa55@");
    let run = FeedReader::of_addresses(&[address]).fetch_manually();
    let shown = format!("{:?}", run.rows);
    assert!(shown.contains(&stub.url("/more")) && shown.contains(&stub.url("/read")), "{shown}");
    assert!(!shown.contains("s3cret") && !shown.contains("pa55"), "{shown}");
}
