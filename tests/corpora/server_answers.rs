//! Reports 21 to 29: answers of servers, and contents of feeds.

use std::sync::Arc;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::domain::record::SyncRecord;
use lockstep::domain::source::Source;

use super::read_report;
use super::reader_answers::add_account;
use crate::support::reader_server::{ReaderArticle, ReaderDialect, ReaderFault, ReaderReplyTransform, ReaderServer};
use crate::support::stub_server::{RecordedRequest, StubReply, StubServer};
use crate::support::test_engine::{full_sync, incremental_sync};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    report_21_a_gzip_body_without_a_header_is_unpacked,
    report_21_a_gzip_file_is_unpacked_whatever_is_in_it,
    report_22_an_unknown_content_coding_is_ignored,
    report_23_a_server_that_wants_a_browser_is_asked_as_a_browser_asks,
    report_24_a_check_that_sets_a_cookie_lets_the_fetch_through,
    report_25_a_feed_sent_as_a_web_page_is_taken_and_a_page_never,
    report_26_a_feed_scheme_is_read_as_http,
    report_27_28_29_odd_entries_are_distinguished_and_read,
    an_entity_tag_goes_back_letter_for_letter,
    two_feeds_with_the_same_title_stay_distinguished,
];

const FEED: &str = "application/rss+xml";

fn feed_reply() -> StubReply {
    StubReply::status(200).header("Content-Type", FEED).body(read_report("20-feed.xml"))
}

fn add_feeds(engine: &TestEngine, slug: &str, addresses: &[String]) -> Source {
    let location = match addresses {
        [only] => SourceLocation::Url(only.clone()),
        many => SourceLocation::Urls(many.to_vec()),
    };
    engine.add_source(slug, "feeds", location)
}

pub(super) fn assert_imported(engine: &TestEngine, source: &Source, items: usize) -> SyncRecord {
    let record = engine.sync(source);
    assert_eq!(record.summary.status, Status::Completed, "{}: {}", source.slug, record.summary.message);
    assert_eq!(engine.list_items(source).len(), items, "{}", source.slug);
    record
}

pub(super) fn list_values(engine: &TestEngine, source: &Source, column: &str) -> Vec<String> {
    let value =
        |fields: Vec<(String, String)>| fields.into_iter().find(|(name, _)| name == column).map(|(_, value)| value);
    let mut values: Vec<String> = engine.list_items(source).into_iter().filter_map(|item| value(item.fields)).collect();
    values.sort();
    values
}

pub(super) fn format_issues(engine: &TestEngine, record: &SyncRecord) -> String {
    let issues = engine.store.list_issues(record.summary.id, 1, 100).expect("issues");
    issues.into_iter().map(|issue| format!("{}: {}\n", issue.column.unwrap_or_default(), issue.reason)).collect()
}

fn report_21_a_gzip_body_without_a_header_is_unpacked(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    let packed = read_report("21-feed-packed.xml.gz");
    stub.set_reply("/f", StubReply::status(200).header("Content-Type", FEED).body(&packed));
    let source = add_feeds(&engine, "news", &[stub.url("/f")]);
    let record = engine.sync(&source);
    assert_eq!(record.summary.status, Status::Completed, "{}", record.summary.message);
    assert!(list_values(&engine, &source, "title").contains(&"Post 1".to_owned()));
    // The hash is that of the unpacked content: packed or not, it is the same version.
    let kept = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").validators.each;
    stub.set_reply(
        "/f",
        StubReply::status(200).header("Content-Type", FEED).body(&packed).header("Content-Encoding", "gzip"),
    );
    assert!(engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"));
    assert!(kept.values().all(|validators| validators.body_hash.is_some()));
    stub.set_reply("/f", StubReply::status(200).header("Content-Type", FEED).body(&packed[..packed.len() / 2]));
    let record = engine.sync(&source);
    assert_eq!(record.summary.status, Status::Failed);
    assert!(record.summary.message.contains("its gzip data ends in the middle"), "{}", record.summary.message);
}

fn report_21_a_gzip_file_is_unpacked_whatever_is_in_it(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    let csv = StubReply::csv("id,title\n1,Kind of Blue\n2,Milestones\n");
    stub.set_reply("/a.csv.gz", csv.clone().packed().header("Content-Type", "application/gzip"));
    assert_imported(&engine, &engine.url_source("by-link", stub.url("/a.csv.gz")), 2);
    stub.set_reply("/twice", csv.clone().packed().gzip());
    assert_imported(&engine, &engine.url_source("twice", stub.url("/twice")), 2);
    stub.set_reply("/f", feed_reply());
    stub.set_reply("/l.opml", StubReply::opml(&[stub.url("/f")]).packed());
    assert_imported(&engine, &add_feeds(&engine, "list", &[stub.url("/l.opml")]), 2);
    let file = engine.csv_source("by-path", csv.clone().packed().bytes());
    assert_imported(&engine, &file, 2);
    let whole = csv.packed();
    let whole = whole.bytes();
    engine.rewrite_file(&file, &whole[..whole.len() - 4]);
    let record = engine.sync(&file);
    assert_eq!(record.summary.status, Status::Failed);
    assert!(record.summary.message.contains("its gzip data ends in the middle"), "{}", record.summary.message);
    assert_eq!(engine.list_items(&file).len(), 2);
    let server = ReaderServer::start(ReaderDialect::FreshRss, ReaderArticle::make_many(100, 30));
    for part in ["login", "subscriptions", "all", "unread", "starred", "contents"] {
        server.inject_fault(
            part,
            1..usize::MAX,
            ReaderFault::ChangedReply(ReaderReplyTransform(Arc::new(StubReply::packed))),
        );
    }
    assert_imported(&engine, &add_account(&engine, "reader", server.url()), 30);
}

fn report_22_an_unknown_content_coding_is_ignored(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    for (number, word) in ["UTF-8", "none", "binary", "identity", "x-gzip", "iso-8859-1"].into_iter().enumerate() {
        stub.set_reply("/f", feed_reply().header("Content-Encoding", word));
        assert_imported(&engine, &add_feeds(&engine, &format!("feed-{number}"), &[stub.url("/f")]), 2);
    }
    stub.set_reply("/f", feed_reply().header("Content-Encoding", "br"));
    let record = engine.sync(&add_feeds(&engine, "br", &[stub.url("/f")]));
    assert!(
        record.summary.status == Status::Failed && record.summary.message.contains("compressed as “br”"),
        "{}",
        record.summary.message
    );
}

fn report_23_a_server_that_wants_a_browser_is_asked_as_a_browser_asks(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    let picky = |reply: fn() -> StubReply| {
        move |seen: &RecordedRequest| match seen.header("Accept") {
            Some(accept) if accept.contains("text/html") => reply(),
            _ => StubReply::html("<!doctype html>").with_status(406),
        }
    };
    stub.reply_with("/f", picky(feed_reply));
    stub.reply_with("/a.csv", picky(|| StubReply::csv("id\n1\n2\n")));
    stub.reply_with("/page", picky(|| StubReply::html("<!doctype html><title>Welcome</title>")));
    stub.set_reply("/never", StubReply::status(406));
    assert_imported(&engine, &add_feeds(&engine, "news", &[stub.url("/f")]), 2);
    assert_eq!(stub.request_count("/f"), 2);
    assert_imported(&engine, &engine.url_source("albums", stub.url("/a.csv")), 2);
    let record = engine.sync(&engine.url_source("page", stub.url("/page")));
    assert!(
        record.summary.status == Status::Failed && record.summary.message.contains("a web page"),
        "{}",
        record.summary.message
    );
    let record = engine.sync(&engine.url_source("never", stub.url("/never")));
    assert!(
        record.summary.status == Status::Failed && record.summary.message.contains("(406 Not Acceptable)"),
        "{}",
        record.summary.message
    );
    assert_eq!(stub.request_count("/never"), 2);
}

fn report_24_a_check_that_sets_a_cookie_lets_the_fetch_through(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.reply_with("/f", |seen| match seen.header("Cookie") {
        Some("pass=1") => feed_reply(),
        _ => StubReply::redirect(302, "/check"),
    });
    stub.set_reply("/check", StubReply::redirect(302, "/f").header("Set-Cookie", "pass=1; Path=/"));
    let source = add_feeds(&engine, "news", &[stub.url("/f")]);
    assert_imported(&engine, &source, 2);
    let cookies = |path| stub.requests(path).iter().map(|seen| seen.header("Cookie").is_some()).collect::<Vec<_>>();
    assert_eq!((cookies("/f"), cookies("/check")), (vec![false, true], vec![false]));
    // The cookie is not kept after the fetch.
    assert_imported(&engine, &source, 2);
    assert_eq!(cookies("/f"), [false, true, false, true]);
    stub.set_reply("/check", StubReply::redirect(302, "/f"));
    let record = engine.sync(&source);
    assert!(record.summary.message.contains("It may need a cookie or a login"), "{}", record.summary.message);
}

fn report_25_a_feed_sent_as_a_web_page_is_taken_and_a_page_never(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    let feed = read_report("20-feed.xml");
    let after = |start: &str| [start.as_bytes(), &feed].concat();
    let bare = String::from_utf8_lossy(&feed).split_once("?>").expect("a declaration").1.to_owned();
    for (number, body) in [feed.clone(), after("\u{FEFF}"), after("\r\n "), format!("<!-- x -->{bare}").into_bytes()]
        .into_iter()
        .enumerate()
    {
        stub.set_reply("/f", StubReply::html(body));
        assert_imported(&engine, &add_feeds(&engine, &format!("feed-{number}"), &[stub.url("/f")]), 2);
    }
    stub.set_reply("/f", StubReply::html(read_report("29-feed-numeric-id.json")));
    assert_imported(&engine, &add_feeds(&engine, "json", &[stub.url("/f")]), 2);
    for (slug, start) in [("page", "<!DOCTYPE html>"), ("text", "Warning: "), ("html", "<html>")] {
        stub.set_reply("/f", StubReply::html(format!("{start}{bare}")));
        let record = engine.sync(&add_feeds(&engine, slug, &[stub.url("/f")]));
        assert!(
            record.summary.status == Status::Failed && record.summary.message.contains("a web page, not a feed"),
            "{}",
            record.summary.message
        );
    }
    stub.set_reply("/a.csv", StubReply::html("id,title\n1,Kind of Blue\n"));
    let record = engine.sync(&engine.url_source("albums", stub.url("/a.csv")));
    assert!(
        record.summary.status == Status::Failed && record.summary.message.contains("a web page"),
        "{}",
        record.summary.message
    );
}

fn report_26_a_feed_scheme_is_read_as_http(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/f", feed_reply());
    let list = String::from_utf8(read_report("26-list-feed-scheme.opml")).expect("text");
    stub.set_reply("/l.opml", StubReply::status(200).body(list.replace("PORT", &stub.port().to_string())));
    let web = stub.url("/f");
    let plain = add_feeds(&engine, "plain", std::slice::from_ref(&web));
    assert_imported(&engine, &plain, 2);
    let keys = list_values(&engine, &plain, "id");
    let schemes = [web.replace("http://", "feed://"), format!("feed:{web}"), stub.url("/l.opml")];
    for (number, address) in schemes.into_iter().enumerate() {
        let source = add_feeds(&engine, &format!("feed-{number}"), &[address]);
        assert_imported(&engine, &source, 2);
        assert_eq!(list_values(&engine, &source, "id"), keys, "{number}: the same feed has the same keys");
    }
    let both = add_feeds(&engine, "both", &[web.replace("http://", "feed://"), web]);
    assert_imported(&engine, &both, 2);
    assert_eq!(engine.store.feed_records(both.id).expect("feeds").len(), 1);
}

fn report_27_28_29_odd_entries_are_distinguished_and_read(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply(
        "/27",
        StubReply::status(200).header("Content-Type", FEED).body(read_report("27-feed-one-guid.xml")),
    );
    stub.set_reply(
        "/28",
        StubReply::status(200).header("Content-Type", FEED).body(read_report("28-feed-bad-characters.xml")),
    );
    stub.set_reply(
        "/29",
        StubReply::status(200).header("Content-Type", "application/json").body(read_report("29-feed-numeric-id.json")),
    );
    assert_imported(&engine, &add_feeds(&engine, "one-guid", &[stub.url("/27")]), 10);
    let bad = add_feeds(&engine, "bad", &[stub.url("/28")]);
    assert_imported(&engine, &bad, 3);
    assert_eq!(list_values(&engine, &bad, "title"), ["Café news", "I'm doing D&D", "Post 3"]);
    let numeric = add_feeds(&engine, "numeric", &[stub.url("/29")]);
    assert_imported(&engine, &numeric, 2);
    assert!(list_values(&engine, &numeric, "id").iter().zip(["-123", "-124"]).all(|(key, id)| key.ends_with(id)));
}

fn an_entity_tag_goes_back_letter_for_letter(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    let tag = b"\"caf\xE9 \xFF\"";
    let date = b"Lun, 01 jui\xE9 2026";
    let known = |seen: &RecordedRequest| {
        // The stub reads each byte as the character with its number.
        let (tag, date) = ("\"caf\u{E9} \u{FF}\"", "Lun, 01 jui\u{E9} 2026");
        seen.header("If-None-Match") == Some(tag) && seen.header("If-Modified-Since") == Some(date)
    };
    stub.reply_with("/f", move |seen| {
        let reply = if known(seen) { StubReply::status(304) } else { feed_reply() };
        reply.raw_header("ETag", tag).raw_header("Last-Modified", date)
    });
    let source = add_feeds(&engine, "news", &[stub.url("/f")]);
    assert_imported(&engine, &source, 2);
    assert!(engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"));
    assert_eq!(stub.request_count("/f"), 2);
    let csv = engine.url_source("albums", stub.url("/a.csv"));
    stub.reply_with("/a.csv", move |seen| {
        let reply = if known(seen) { StubReply::status(304) } else { StubReply::csv("id\n1\n") };
        reply.raw_header("ETag", tag).raw_header("Last-Modified", date)
    });
    assert_imported(&engine, &csv, 1);
    assert!(engine.run_request(&csv, &incremental_sync()).summary.message.starts_with("Nothing new"));
}

fn two_feeds_with_the_same_title_stay_distinguished(db: &TestDatabase) {
    let (engine, one, two) = (TestEngine::on_database(db), StubServer::start(), StubServer::start());
    one.set_reply("/f", StubReply::feed("News", &["1"]));
    two.set_reply("/f", StubReply::feed("News", &["1"]));
    two.set_reply("/g", StubReply::feed("Jazz", &["1"]));
    let source = add_feeds(&engine, "news", &[one.url("/f"), two.url("/f"), two.url("/g")]);
    assert_imported(&engine, &source, 3);
    let host = |stub: &StubServer| format!("News (127.0.0.1:{})", stub.port());
    let mut expected = vec![host(&one), host(&two), "Jazz".to_owned()];
    expected.sort();
    assert_eq!(list_values(&engine, &source, "feed"), expected);
    // The same again, also if one feed fails, is slow or has nothing new.
    for change in [None, Some(&one), Some(&two)] {
        if let Some(stub) = change {
            stub.set_reply("/f", StubReply::status(500));
        }
        for request in [incremental_sync(), full_sync()] {
            let record = engine.run_request(&source, &request);
            assert_eq!(
                (record.summary.stats.added, record.summary.stats.updated),
                (0, 0),
                "{}",
                record.summary.message
            );
            let text = format_issues(&engine, &record);
            assert!(change.is_none_or(|stub| text.contains(&host(stub))), "{text}");
        }
    }
}
