//! The text encoding that is set for a source of feeds: each feed and each list is decoded with it, and the keys of
//! articles stay the same.

use encoding_rs::{Encoding, KOI8_R, WINDOWS_1251};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::source::Source;
use lockstep::store::sources::SourceChange;

use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::{incremental_sync, source_draft};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_misread_feed_has_an_issue_and_is_read_correctly_once_its_encoding_is_set,
    articles_that_are_identified_by_their_text_are_not_duplicated_when_the_encoding_is_set,
    a_list_is_read_in_the_encoding_of_its_source_and_a_feed_in_utf_8_stays_as_it_is,
];

/// A feed with this in its channel in windows-1251 that declares another encoding.
fn feed_reply(channel: &str) -> StubReply {
    let declaration = "<?xml version=\"1.0\" encoding=\"windows-1252\"?>";
    encode_reply(&format!("{declaration}<rss version=\"2.0\"><channel>{channel}</channel></rss>"), WINDOWS_1251)
}

fn encode_reply(text: &str, encoding: &'static Encoding) -> StubReply {
    StubReply::status(200).header("Content-Type", "application/xml").body(encoding.encode(text).0)
}

fn set_encoding(engine: &TestEngine, source: &Source, encoding: &str) -> Source {
    let mut draft = source_draft(source.slug.as_str(), &source.kind, source.location.clone());
    draft.read_options.encoding = Some(encoding.to_owned());
    let changed = engine.store.change_source(source.id, &draft, None).expect("an answer");
    assert_eq!(changed, SourceChange::Done);
    engine.store.source_by_id(source.id).expect("an answer").expect("the source")
}

fn list_titles(engine: &TestEngine, source: &Source) -> Vec<String> {
    engine.list_items(source).into_iter().map(|item| item.fields[0].1.clone()).collect()
}

fn a_misread_feed_has_an_issue_and_is_read_correctly_once_its_encoding_is_set(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    let cases = [
        ("koi", KOI8_R, "МИД", ""),
        ("windows", WINDOWS_1251, "НАТО", ""),
        ("declared", WINDOWS_1251, "Эхо", "windows-1252"),
    ];
    for (slug, encoding, title, declared) in cases {
        let declaration = format!("<?xml version=\"1.0\" encoding=\"{declared}\"?>");
        let declaration = if declared.is_empty() { "" } else { &declaration };
        let path = format!("/{slug}");
        let channel = format!("<title>A</title><item><guid>1</guid><title>{title}</title></item>");
        let text = format!("{declaration}<rss version=\"2.0\"><channel>{channel}</channel></rss>");
        stub.set_reply(&path, encode_reply(&text, encoding).etag("\"1\""));
        let source = engine.add_source(slug, "feeds", SourceLocation::Url(stub.url(&path)));
        let record = engine.sync(&source);
        assert_ne!(list_titles(&engine, &source), [title], "{slug}");
        let issues = engine.list_issues(record.summary.id);
        let doubt = "-/A/noted: No text encoding is declared, so the text was read as windows-1252. If characters look \
                     wrong, set the encoding in the source settings.";
        assert_eq!(issues, if declared.is_empty() { vec![doubt] } else { Vec::new() }, "{slug}");

        // The server would answer that nothing has changed.
        let source = set_encoding(&engine, &source, encoding.name());
        let record = engine.run_request(&source, &incremental_sync());
        assert_eq!(
            (record.summary.stats.added, record.summary.stats.updated, record.issues),
            (0, 1, 0),
            "{slug}: {}",
            record.summary.message
        );
        assert_eq!(list_titles(&engine, &source), [title], "{slug}");
    }
}

fn articles_that_are_identified_by_their_text_are_not_duplicated_when_the_encoding_is_set(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    // The first has no id, and the ids of the others are misread, too.
    let item = |id: &str| format!("<item><guid>{id}</guid><title>МИД</title></item>");
    let channel = format!("<title>A</title><item><title>НАТО</title></item>{}{}", item("ЦСКА"), item("Мир"));
    stub.set_reply("/a", feed_reply(&channel));
    let source = engine.add_source("news", "feeds", SourceLocation::Url(stub.url("/a")));
    assert_eq!(engine.sync(&source).summary.stats.added, 3);
    assert_eq!(list_titles(&engine, &source), ["ÍÀÒÎ", "ÌÈÄ", "ÌÈÄ"]);
    let source = set_encoding(&engine, &source, "windows-1251");
    let record = engine.sync(&source);
    assert_eq!((record.summary.stats.added, record.summary.stats.updated), (0, 3), "{}", record.summary.message);
    assert_eq!(list_titles(&engine, &source), ["НАТО", "МИД", "МИД"]);
    // Later articles, and those of a source with the setting from the start, get keys from the decoded text.
    stub.set_reply("/a", feed_reply(&format!("{channel}<item><title>Эхо</title></item>")));
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.stats.added, record.summary.stats.updated, record.summary.stats.unchanged),
        (1, 0, 3),
        "{}",
        record.summary.message
    );
    stub.set_reply("/a", feed_reply(&channel));
    let other = engine.add_source("other", "feeds", SourceLocation::Url(stub.url("/a")));
    let other = set_encoding(&engine, &other, "windows-1251");
    engine.sync(&other);
    assert!(engine.list_items(&other)[1].key.ends_with("-ЦСКА"), "{}", engine.list_items(&other)[1].key);
}

fn a_list_is_read_in_the_encoding_of_its_source_and_a_feed_in_utf_8_stays_as_it_is(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    let item = |title: &str| format!("<item><guid>1</guid><title>{title}</title></item>");
    stub.set_reply("/windows", feed_reply(&item("НАТО")));
    stub.set_reply("/utf-8", StubReply::rss(&format!("<title>Utf</title>{}", item("Эхо"))));
    let outline = |text: &str, path: &str| format!("<outline text=\"{text}\" xmlUrl=\"{}\"/>", stub.url(path));
    let outlines = format!("{}{}", outline("МИД", "/windows"), outline("Эхо", "/utf-8"));
    stub.set_reply(
        "/list",
        encode_reply(&format!("<opml version=\"2.0\"><body>{outlines}</body></opml>"), WINDOWS_1251),
    );
    let source = engine.add_source("news", "feeds", SourceLocation::Url(stub.url("/list")));
    let source = set_encoding(&engine, &source, "windows-1251");
    let record = engine.sync(&source);
    assert_eq!((record.summary.stats.added, record.issues), (2, 0), "{:?}", engine.list_issues(record.summary.id));
    let mut found = list_titles(&engine, &source);
    found.sort_unstable();
    assert_eq!(found, ["НАТО", "Эхо"]);
    let names: Vec<String> =
        engine.store.feed_records(source.id).expect("feeds").into_iter().map(|feed| feed.title).collect();
    assert!(names.contains(&"МИД".to_owned()) && names.contains(&"Utf".to_owned()), "{names:?}");
}
