//! Reports 21 to 29: what servers answer, and what feeds bring.

use std::sync::Arc;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::domain::record::SyncRecord;
use lockstep::domain::source::Source;

use super::reader_answers::account;
use super::report;
use crate::support::reader_server::{ReaderArticle, ReaderDialect, ReaderFault, ReaderReplyTransform, ReaderServer};
use crate::support::stub_server::{RecordedRequest, StubReply, StubServer};
use crate::support::test_engine::{full_sync, incremental_sync};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    report_21_a_gzip_body_without_a_header_is_unpacked,
    report_21_a_gzip_file_is_unpacked_whatever_is_in_it,
    report_22_a_content_coding_that_is_none_counts_as_none,
    report_23_a_server_that_wants_a_browser_is_asked_as_a_browser_asks,
    report_24_a_check_that_sets_a_cookie_lets_the_fetch_through,
    report_25_a_feed_sent_as_a_web_page_is_taken_and_a_page_never,
    report_26_a_feed_address_is_one_of_the_web,
    report_27_28_29_odd_entries_are_told_apart_and_read,
    an_entity_tag_goes_back_letter_for_letter,
    two_feeds_with_the_same_title_are_told_apart_and_stay_so,
];

const FEED: &str = "application/rss+xml";

fn feed_reply() -> StubReply {
    StubReply::status(200).header("Content-Type", FEED).body(report("20-feed.xml"))
}

fn feeds(house: &TestEngine, slug: &str, addresses: &[String]) -> Source {
    let location = match addresses {
        [only] => SourceLocation::Url(only.clone()),
        many => SourceLocation::Urls(many.to_vec()),
    };
    house.add(slug, "feeds", location)
}

pub(super) fn is_taken(house: &TestEngine, source: &Source, items: usize) -> SyncRecord {
    let record = house.sync(source);
    assert_eq!(record.status, Status::Completed, "{}: {}", source.slug, record.message);
    assert_eq!(house.items(source).len(), items, "{}", source.slug);
    record
}

pub(super) fn values(house: &TestEngine, source: &Source, column: &str) -> Vec<String> {
    let value =
        |fields: Vec<(String, String)>| fields.into_iter().find(|(name, _)| name == column).map(|(_, value)| value);
    let mut values: Vec<String> = house.items(source).into_iter().filter_map(|item| value(item.fields)).collect();
    values.sort();
    values
}

pub(super) fn issues(house: &TestEngine, record: &SyncRecord) -> String {
    let issues = house.store.issues(record.id, 1, 100).expect("issues");
    issues.into_iter().map(|issue| format!("{}: {}\n", issue.column.unwrap_or_default(), issue.reason)).collect()
}

fn report_21_a_gzip_body_without_a_header_is_unpacked(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    let packed = report("21-feed-packed.xml.gz");
    outside.set("/f", StubReply::status(200).header("Content-Type", FEED).body(&packed));
    let source = feeds(&house, "news", &[outside.url("/f")]);
    let record = house.sync(&source);
    assert_eq!(record.status, Status::Completed, "{}", record.message);
    assert!(values(&house, &source, "title").contains(&"Post 1".to_owned()));
    // The hash is that of what is in it: packed or not, it is the same version.
    let kept = house.store.catalog(source.id).expect("an answer").expect("a catalog").validators.each;
    outside.set(
        "/f",
        StubReply::status(200).header("Content-Type", FEED).body(&packed).header("Content-Encoding", "gzip"),
    );
    assert!(house.go(&source, &incremental_sync()).message.starts_with("Nothing new"));
    assert!(kept.values().all(|validators| validators.body_hash.is_some()));
    outside.set("/f", StubReply::status(200).header("Content-Type", FEED).body(&packed[..packed.len() / 2]));
    let record = house.sync(&source);
    assert_eq!(record.status, Status::Failed);
    assert!(record.message.contains("its gzip data ends in the middle"), "{}", record.message);
}

fn report_21_a_gzip_file_is_unpacked_whatever_is_in_it(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    let csv = StubReply::csv("id,title\n1,Kind of Blue\n2,Milestones\n");
    outside.set("/a.csv.gz", csv.clone().packed().header("Content-Type", "application/gzip"));
    is_taken(&house, &house.url_source("by-link", outside.url("/a.csv.gz")), 2);
    outside.set("/twice", csv.clone().packed().gzip());
    is_taken(&house, &house.url_source("twice", outside.url("/twice")), 2);
    outside.set("/f", feed_reply());
    outside.set("/l.opml", StubReply::opml(&[outside.url("/f")]).packed());
    is_taken(&house, &feeds(&house, "list", &[outside.url("/l.opml")]), 2);
    let file = house.csv_source("by-path", csv.clone().packed().bytes());
    is_taken(&house, &file, 2);
    let whole = csv.packed();
    let whole = whole.bytes();
    house.rewrite(&file, &whole[..whole.len() - 4]);
    let record = house.sync(&file);
    assert_eq!(record.status, Status::Failed);
    assert!(record.message.contains("its gzip data ends in the middle"), "{}", record.message);
    assert_eq!(house.items(&file).len(), 2);
    let server = ReaderServer::start(ReaderDialect::FreshRss, ReaderArticle::many(100, 30));
    for part in ["login", "subscriptions", "all", "unread", "starred", "contents"] {
        server.misbehave(part, 1..usize::MAX, ReaderFault::Twisted(ReaderReplyTransform(Arc::new(StubReply::packed))));
    }
    is_taken(&house, &account(&house, "reader", server.url()), 30);
}

fn report_22_a_content_coding_that_is_none_counts_as_none(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    for (number, word) in ["UTF-8", "none", "binary", "identity", "x-gzip", "iso-8859-1"].into_iter().enumerate() {
        outside.set("/f", feed_reply().header("Content-Encoding", word));
        is_taken(&house, &feeds(&house, &format!("feed-{number}"), &[outside.url("/f")]), 2);
    }
    outside.set("/f", feed_reply().header("Content-Encoding", "br"));
    let record = house.sync(&feeds(&house, "br", &[outside.url("/f")]));
    assert!(record.status == Status::Failed && record.message.contains("compressed as “br”"), "{}", record.message);
}

fn report_23_a_server_that_wants_a_browser_is_asked_as_a_browser_asks(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    let picky = |reply: fn() -> StubReply| {
        move |seen: &RecordedRequest| match seen.header("Accept") {
            Some(accept) if accept.contains("text/html") => reply(),
            _ => StubReply::html("<!doctype html>").with_status(406),
        }
    };
    outside.decide("/f", picky(feed_reply));
    outside.decide("/a.csv", picky(|| StubReply::csv("id\n1\n2\n")));
    outside.decide("/page", picky(|| StubReply::html("<!doctype html><title>Welcome</title>")));
    outside.set("/never", StubReply::status(406));
    is_taken(&house, &feeds(&house, "news", &[outside.url("/f")]), 2);
    assert_eq!(outside.hits("/f"), 2);
    is_taken(&house, &house.url_source("albums", outside.url("/a.csv")), 2);
    let record = house.sync(&house.url_source("page", outside.url("/page")));
    assert!(record.status == Status::Failed && record.message.contains("a web page"), "{}", record.message);
    let record = house.sync(&house.url_source("never", outside.url("/never")));
    assert!(record.status == Status::Failed && record.message.contains("(406 Not Acceptable)"), "{}", record.message);
    assert_eq!(outside.hits("/never"), 2);
}

fn report_24_a_check_that_sets_a_cookie_lets_the_fetch_through(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    outside.decide("/f", |seen| match seen.header("Cookie") {
        Some("pass=1") => feed_reply(),
        _ => StubReply::redirect(302, "/check"),
    });
    outside.set("/check", StubReply::redirect(302, "/f").header("Set-Cookie", "pass=1; Path=/"));
    let source = feeds(&house, "news", &[outside.url("/f")]);
    is_taken(&house, &source, 2);
    let cookies = |path| outside.requests(path).iter().map(|seen| seen.header("Cookie").is_some()).collect::<Vec<_>>();
    assert_eq!((cookies("/f"), cookies("/check")), (vec![false, true], vec![false]));
    // It is forgotten with the fetch.
    is_taken(&house, &source, 2);
    assert_eq!(cookies("/f"), [false, true, false, true]);
    outside.set("/check", StubReply::redirect(302, "/f"));
    let record = house.sync(&source);
    assert!(record.message.contains("It may need a cookie or a login"), "{}", record.message);
}

fn report_25_a_feed_sent_as_a_web_page_is_taken_and_a_page_never(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    let feed = report("20-feed.xml");
    let after = |start: &str| [start.as_bytes(), &feed].concat();
    let bare = String::from_utf8_lossy(&feed).split_once("?>").expect("a declaration").1.to_owned();
    for (number, body) in [feed.clone(), after("\u{FEFF}"), after("\r\n "), format!("<!-- x -->{bare}").into_bytes()]
        .into_iter()
        .enumerate()
    {
        outside.set("/f", StubReply::html(body));
        is_taken(&house, &feeds(&house, &format!("feed-{number}"), &[outside.url("/f")]), 2);
    }
    outside.set("/f", StubReply::html(report("29-feed-numeric-id.json")));
    is_taken(&house, &feeds(&house, "json", &[outside.url("/f")]), 2);
    for (slug, start) in [("page", "<!DOCTYPE html>"), ("text", "Warning: "), ("html", "<html>")] {
        outside.set("/f", StubReply::html(format!("{start}{bare}")));
        let record = house.sync(&feeds(&house, slug, &[outside.url("/f")]));
        assert!(
            record.status == Status::Failed && record.message.contains("a web page, not a feed"),
            "{}",
            record.message
        );
    }
    outside.set("/a.csv", StubReply::html("id,title\n1,Kind of Blue\n"));
    let record = house.sync(&house.url_source("albums", outside.url("/a.csv")));
    assert!(record.status == Status::Failed && record.message.contains("a web page"), "{}", record.message);
}

fn report_26_a_feed_address_is_one_of_the_web(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    outside.set("/f", feed_reply());
    let list = String::from_utf8(report("26-list-feed-scheme.opml")).expect("text");
    outside.set("/l.opml", StubReply::status(200).body(list.replace("PORT", &outside.port().to_string())));
    let web = outside.url("/f");
    let plain = feeds(&house, "plain", std::slice::from_ref(&web));
    is_taken(&house, &plain, 2);
    let keys = values(&house, &plain, "id");
    let schemes = [web.replace("http://", "feed://"), format!("feed:{web}"), outside.url("/l.opml")];
    for (number, address) in schemes.into_iter().enumerate() {
        let source = feeds(&house, &format!("feed-{number}"), &[address]);
        is_taken(&house, &source, 2);
        assert_eq!(values(&house, &source, "id"), keys, "{number}: the same feed has the same keys");
    }
    let both = feeds(&house, "both", &[web.replace("http://", "feed://"), web]);
    is_taken(&house, &both, 2);
    assert_eq!(house.store.feeds(both.id).expect("feeds").len(), 1);
}

fn report_27_28_29_odd_entries_are_told_apart_and_read(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    outside.set("/27", StubReply::status(200).header("Content-Type", FEED).body(report("27-feed-one-guid.xml")));
    outside.set("/28", StubReply::status(200).header("Content-Type", FEED).body(report("28-feed-bad-characters.xml")));
    outside.set(
        "/29",
        StubReply::status(200).header("Content-Type", "application/json").body(report("29-feed-numeric-id.json")),
    );
    is_taken(&house, &feeds(&house, "one-guid", &[outside.url("/27")]), 10);
    let bad = feeds(&house, "bad", &[outside.url("/28")]);
    is_taken(&house, &bad, 3);
    assert_eq!(values(&house, &bad, "title"), ["Café news", "I'm doing D&D", "Post 3"]);
    let numeric = feeds(&house, "numeric", &[outside.url("/29")]);
    is_taken(&house, &numeric, 2);
    assert!(values(&house, &numeric, "id").iter().zip(["-123", "-124"]).all(|(key, id)| key.ends_with(id)));
}

fn an_entity_tag_goes_back_letter_for_letter(db: &TestDatabase) {
    let (house, outside) = (TestEngine::on(db), StubServer::start());
    let tag = b"\"caf\xE9 \xFF\"";
    let date = b"Lun, 01 jui\xE9 2026";
    let known = |seen: &RecordedRequest| {
        // The server reads each byte as the character of its number.
        let (tag, date) = ("\"caf\u{E9} \u{FF}\"", "Lun, 01 jui\u{E9} 2026");
        seen.header("If-None-Match") == Some(tag) && seen.header("If-Modified-Since") == Some(date)
    };
    outside.decide("/f", move |seen| {
        let reply = if known(seen) { StubReply::status(304) } else { feed_reply() };
        reply.raw_header("ETag", tag).raw_header("Last-Modified", date)
    });
    let source = feeds(&house, "news", &[outside.url("/f")]);
    is_taken(&house, &source, 2);
    assert!(house.go(&source, &incremental_sync()).message.starts_with("Nothing new"));
    assert_eq!(outside.hits("/f"), 2);
    let csv = house.url_source("albums", outside.url("/a.csv"));
    outside.decide("/a.csv", move |seen| {
        let reply = if known(seen) { StubReply::status(304) } else { StubReply::csv("id\n1\n") };
        reply.raw_header("ETag", tag).raw_header("Last-Modified", date)
    });
    is_taken(&house, &csv, 1);
    assert!(house.go(&csv, &incremental_sync()).message.starts_with("Nothing new"));
}

fn two_feeds_with_the_same_title_are_told_apart_and_stay_so(db: &TestDatabase) {
    let (house, one, two) = (TestEngine::on(db), StubServer::start(), StubServer::start());
    one.set("/f", StubReply::feed("News", &["1"]));
    two.set("/f", StubReply::feed("News", &["1"]));
    two.set("/g", StubReply::feed("Jazz", &["1"]));
    let source = feeds(&house, "news", &[one.url("/f"), two.url("/f"), two.url("/g")]);
    is_taken(&house, &source, 3);
    let host = |outside: &StubServer| format!("News (127.0.0.1:{})", outside.port());
    let mut expected = vec![host(&one), host(&two), "Jazz".to_owned()];
    expected.sort();
    assert_eq!(values(&house, &source, "feed"), expected);
    // The same again, also where one of them fails, is slow or has nothing new.
    for change in [None, Some(&one), Some(&two)] {
        if let Some(outside) = change {
            outside.set("/f", StubReply::status(500));
        }
        for request in [incremental_sync(), full_sync()] {
            let record = house.go(&source, &request);
            assert_eq!((record.stats.added, record.stats.updated), (0, 0), "{}", record.message);
            let said = issues(&house, &record);
            assert!(change.is_none_or(|outside| said.contains(&host(outside))), "{said}");
        }
    }
}
