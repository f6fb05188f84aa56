//! The few files of gofeed, feed-rs and feedparser that have no twin: their names say what is to come of them.

use std::fs;

use super::{files, shared_data};
use crate::fetch::FetchError;
use crate::fetch::feeds::parse::charset::EncodingHints;
use crate::fetch::feeds::parse::feed::parse;
use crate::fetch::feeds::parse::sniff::{BodyFormat, shape};

/// Title and number of entries, or the word it is refused with.
type Told<'a> = Result<(&'a str, usize), &'a str>;

/// The file, and what is to come of it.
const FILES: [(&str, Told<'static>); 18] = [
    ("feed-rs-fixture/rss2/rss_2.0_invalid_1.xml", Err("bad_feed")),
    ("feed-rs-fixture/xml/xml_iso8859.xml", Ok(("", 1))),
    ("feed-rs-fixture/xml/xml_sample_1.xml", Err("not_a_feed")),
    ("feed-rs-fixture/xml/xml_sample_2.xml", Err("not_a_feed")),
    ("feedparser-tests/json/example.json", Ok(("My Example Feed", 2))),
    ("gofeed-testdata/parser/json/invalid/invalid.json", Err("bad_feed")),
    ("gofeed-testdata/parser/universal/atom03_feed.xml", Ok(("Feed Title", 0))),
    ("gofeed-testdata/parser/universal/atom10_feed.xml", Ok(("Feed Title", 0))),
    ("gofeed-testdata/parser/universal/empty_feed.xml", Err("not_a_feed")),
    ("gofeed-testdata/parser/universal/invalid.json", Err("bad_feed")),
    ("gofeed-testdata/parser/universal/json10_feed.json", Ok(("title", 1))),
    ("gofeed-testdata/parser/universal/json11_feed.json", Ok(("title", 1))),
    ("gofeed-testdata/parser/universal/rdf_feed.xml", Ok(("Feed Title", 0))),
    ("gofeed-testdata/parser/universal/rss_feed.xml", Ok(("Feed Title", 0))),
    ("gofeed-testdata/parser/universal/rss_feed_bom.xml", Ok(("Feed Title", 0))),
    ("gofeed-testdata/parser/universal/rss_feed_leading_spaces.xml", Ok(("Feed Title", 0))),
    ("gofeed-testdata/parser/universal/sample.json", Ok(("title", 1))),
    ("gofeed-testdata/parser/universal/unknown_feed.xml", Err("not_a_feed")),
];

#[test]
fn what_has_no_twin_is_what_its_name_says() {
    let Some(root) = shared_data("feeds") else { return };
    let base = "https://example.org/feed".parse().expect("an address");
    for (name, expected) in FILES {
        let read = parse(&fs::read(root.join(name)).expect(name), EncodingHints::default(), &base);
        let told = match &read {
            Ok(document) => Ok((document.title.as_str(), document.entries.len())),
            Err(FetchError::Failed { code, .. }) => Err(*code),
            Err(FetchError::Stopped) => Err("stopped"),
        };
        assert_eq!(told, expected, "{name}: {read:?}");
    }
}

#[test]
fn whatever_can_be_read_as_a_feed_is_told_from_its_beginning() {
    let Some(root) = shared_data("feeds") else { return };
    let base = "https://example.org/feed".parse().expect("an address");
    let mut feeds = 0;
    for path in files(&root, "xml").into_iter().chain(files(&root, "json")) {
        let bytes = fs::read(&path).expect("a file");
        let is_twin = path.extension().is_some_and(|ext| ext == "json") && !bytes.starts_with(b"<") && {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            name.contains(".serde.") || name.contains("_expected.") || path.with_extension("xml").exists()
        };
        if !is_twin && parse(&bytes, EncodingHints::default(), &base).is_ok() {
            assert_eq!(shape(&bytes[..bytes.len().min(4096)]), BodyFormat::Feed, "{}", path.display());
            feeds += 1;
        }
    }
    assert_eq!(feeds, 2717, "feeds");
}
