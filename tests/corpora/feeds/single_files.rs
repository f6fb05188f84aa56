//! The few files of gofeed, feed-rs and feedparser without an expected outcome beside them. The outcome follows from
//! their names.

use std::fs;

use lockstep::fetch::feeds::parse::{BodyFormat, detect_format};

use super::{list_files, parse_at_example};
use crate::support::data_set;

/// The title and number of entries, or the code of the error.
type ExpectedFeed = Result<(&'static str, usize), &'static str>;

/// Each file and what it parses to.
const FILES: [(&str, ExpectedFeed); 18] = [
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
fn single_files_parse_as_their_names_say() {
    let Some(set) = data_set("feeds") else { return };
    let mut parsed_files = 0;
    for (name, expected) in FILES {
        let path = set.path.join(name);
        if !set.is_complete && !path.exists() {
            continue;
        }
        let parsed = parse_at_example(&fs::read(path).expect(name));
        let found = match &parsed {
            Ok(feed) => Ok((feed.title.as_str(), feed.entries.len())),
            Err(error) => Err(error.kind.code()),
        };
        assert_eq!(found, expected, "{name}: {parsed:?}");
        parsed_files += 1;
    }
    assert!(parsed_files > 10, "{parsed_files}");
}

#[test]
fn every_feed_is_detected_from_its_beginning() {
    let Some(set) = data_set("feeds") else { return };
    let mut feeds = 0;
    for path in list_files(&set.path, "xml").into_iter().chain(list_files(&set.path, "json")) {
        let bytes = fs::read(&path).expect("a file");
        let is_expectation = path.extension().is_some_and(|ext| ext == "json") && !bytes.starts_with(b"<") && {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            name.contains(".serde.") || name.contains("_expected.") || path.with_extension("xml").exists()
        };
        if !is_expectation && parse_at_example(&bytes).is_ok() {
            assert_eq!(detect_format(&bytes[..bytes.len().min(4096)]), BodyFormat::Feed, "{}", path.display());
            feeds += 1;
        }
    }
    assert!(if set.is_complete { feeds == 2717 } else { feeds > 100 }, "{feeds} feeds");
}
