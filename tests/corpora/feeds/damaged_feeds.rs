//! Damaged feeds: parsing one never panics and always ends with a feed or a message.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lockstep::fetch::feeds::parse::{EncodingHints, ParseHints, detect_format, parse, parse_feed_list};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use url::Url;

use super::list_files;
use crate::support::data_set;
use crate::support::load_clock::LoadClock;

/// Texts that are inserted into feeds at random places.
const INSERTED_TEXTS: [&str; 24] = [
    "<",
    ">",
    "</",
    "/>",
    "&",
    "&#",
    "&#x110000;",
    "&#0;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?",
    "?>",
    "<!DOCTYPE",
    "\"",
    "xml:base=\"",
    "xmlns=\"",
    "<item>",
    "</item>",
    "<entry>",
    "\u{0}",
    "99999999999999999999",
    "“",
];

/// A change to a file.
#[derive(Clone, Debug)]
struct ByteEdit {
    /// Where the change is made.
    at: Index,
    /// How many bytes are removed.
    removed: usize,
    /// The text that replaces the removed bytes.
    inserted: &'static str,
    /// Whether the removed bytes are appended at the end.
    moves_to_end: bool,
}

/// Any change; simpler cases are earlier, shorter ones.
fn any_edit() -> impl Strategy<Value = ByteEdit> {
    (any::<Index>(), prop_oneof![Just(0), 1..40_usize], select(&INSERTED_TEXTS[..]), any::<bool>())
        .prop_map(|(at, removed, inserted, moves_to_end)| ByteEdit { at, removed, inserted, moves_to_end })
}

/// `bytes` after these changes, made one after the other.
fn apply_edits(mut bytes: Vec<u8>, edits: &[ByteEdit]) -> Vec<u8> {
    for edit in edits {
        let at = edit.at.index(bytes.len().max(1)).min(bytes.len());
        let end = (at + edit.removed).min(bytes.len());
        let removed: Vec<u8> = bytes.splice(at..end, edit.inserted.bytes()).collect();
        if edit.moves_to_end {
            bytes.extend(removed);
        }
    }
    bytes
}

#[test]
fn a_damaged_feed_causes_no_panic() {
    let base: Url = "https://example.org/a/feed".parse().expect("an address");
    let mut all: Vec<PathBuf> = Vec::new();
    for (folder, ext) in [("feeds", "xml"), ("feeds", "json"), ("opml", "opml")] {
        let Some(set) = data_set(folder) else { return };
        all.extend(list_files(&set.path, ext));
    }
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 1_500,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let strategy =
        (any::<Index>(), proptest::collection::vec(any_edit(), 1..8), prop_oneof![Just(None), Just(Some("utf-16"))]);
    let clock = LoadClock::start();
    let done = runner.run(&strategy, |(which, edits, charset)| {
        let path = which.get(&all);
        let bytes = apply_edits(fs::read(path).expect("a file"), &edits);
        let start = clock.elapsed();
        let encoding = EncodingHints { configured: None, declared: charset };
        let _ = detect_format(&bytes);
        let parsed = parse(&bytes, ParseHints { base: &base, encoding });
        let _ = parse_feed_list(&bytes, encoding);
        if let Err(error) = parsed {
            prop_assert!(error.to_string().ends_with('.'), "{error}");
        }
        let took = clock.elapsed().saturating_sub(start);
        prop_assert!(took < Duration::from_secs(20), "{} took {took:?}", path.display());
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{error}"));
}
