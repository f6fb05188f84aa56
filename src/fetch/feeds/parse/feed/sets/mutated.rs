//! Feeds that were damaged on the way, and feeds made to take long: reading one never panics and never blows up.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use url::Url;

use super::{files, shared_data};
use crate::fetch::feeds::parse::charset::EncodingHints;
use crate::fetch::feeds::parse::feed::parse;
use crate::fetch::feeds::parse::opml::addresses;
use crate::fetch::feeds::parse::sniff::shape;

/// What is put into feeds at any place.
const PIECES: [&str; 24] = [
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

/// A change to a file: where, how much is taken away, and what is put there.
#[derive(Clone, Debug)]
struct Change {
    at: Index,
    take: usize,
    put: &'static str,
    again: bool,
}

fn change() -> impl Strategy<Value = Change> {
    (any::<Index>(), prop_oneof![Just(0), 1..40_usize], select(&PIECES[..]), any::<bool>())
        .prop_map(|(at, take, put, again)| Change { at, take, put, again })
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let at = change.at.index(bytes.len().max(1)).min(bytes.len());
        let end = (at + change.take).min(bytes.len());
        let taken: Vec<u8> = bytes.splice(at..end, change.put.bytes()).collect();
        if change.again {
            bytes.extend(taken);
        }
    }
    bytes
}

fn base() -> Url {
    "https://example.org/a/feed".parse().expect("an address")
}

#[test]
fn whatever_happens_to_a_feed_on_its_way_nothing_panics() {
    let mut all: Vec<PathBuf> = Vec::new();
    for (folder, ext) in [("feeds", "xml"), ("feeds", "json"), ("opml", "opml")] {
        let Some(root) = shared_data(folder) else { return };
        all.extend(files(&root, ext));
    }
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 1_500,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let strategy =
        (any::<Index>(), proptest::collection::vec(change(), 1..8), prop_oneof![Just(None), Just(Some("utf-16"))]);
    let done = runner.run(&strategy, |(which, changes, charset)| {
        let path = which.get(&all);
        let bytes = changed(fs::read(path).expect("a file"), &changes);
        let start = Instant::now();
        let _ = shape(&bytes);
        let read = parse(&bytes, EncodingHints::of_server(charset), &base());
        let _ = addresses(&bytes, EncodingHints::of_server(charset));
        if let Err(error) = read {
            prop_assert!(error.to_string().ends_with('.'), "{error}");
        }
        prop_assert!(start.elapsed() < Duration::from_secs(20), "{} took {:?}", path.display(), start.elapsed());
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{error}"));
}

/// Feeds of `size` bytes or so that try what could take time by the square of their size.
fn slow(size: usize) -> Vec<(&'static str, String)> {
    let many = |piece: &str| piece.repeat(size / piece.len());
    let feed = |inner: &str| {
        format!("<rss version='2.0'><channel><item><description>{inner}</description></item></channel></rss>")
    };
    let cdata = |piece: &str| feed(&format!("<![CDATA[{}]]>", many(piece)));
    vec![
        ("open tags", format!("<rss><channel>{}", many("<a>"))),
        ("end tags that end nothing", format!("<rss><channel>{}", many("</a>"))),
        ("open tags and wrong ends", format!("<rss><channel><item>{}", many("<a></b>"))),
        ("channels in channels", format!("<rss>{}", many("<channel>"))),
        (
            "prefixes",
            format!("<rss>{}", (0..size / 30).map(|n| format!("<a xmlns:p{n}='urn:{n}'>")).collect::<String>()),
        ),
        ("bases", format!("<rss>{}", many("<channel xml:base='b/'>"))),
        ("attributes", format!("<rss {}>", (0..size / 10).map(|n| format!("a{n}='b' ")).collect::<String>())),
        ("ampersands", feed(&many("&"))),
        ("references", feed(&many("&#65;"))),
        ("brackets", feed(&many("&lt;"))),
        ("comments", format!("<rss>{}", many("<!-- "))),
        ("document types", format!("<!DOCTYPE rss [{}", many("<!-- "))),
        ("marks", many("<!")),
        ("questions", many("<?")),
        ("divs", cdata("<div>")),
        ("formatting", cdata("<b><i>")),
        ("links in links", cdata("<a href='x'>")),
        ("misnested", cdata("<b><p></b>")),
        ("misnested links", cdata("<a><div></a>")),
        ("tables", cdata("<table><b>")),
        ("fonts", cdata("<font color=a><p>")),
        ("lists", cdata("<ul><li>")),
        ("paragraphs in divs", cdata("<div><p>")),
        ("templates", cdata("<template>")),
        ("objects", cdata("<object>")),
        ("foreign", cdata("<svg><math>")),
        ("selects", cdata("<select><option>")),
        ("buttons", cdata("<button><p>")),
        ("ends", cdata("</p>")),
        ("pictures", cdata("<img src='http://example.org/a.png' width='1'>")),
        (
            "categories",
            feed(&format!(
                "</description>{}<description>",
                (0..size / 40).map(|n| format!("<category>{n}</category>")).collect::<String>()
            )),
        ),
        (
            "authors",
            feed(&format!(
                "</description>{}<description>",
                (0..size / 40).map(|n| format!("<author>{n}</author>")).collect::<String>()
            )),
        ),
        ("items", format!("<rss><channel>{}", many("<item><title>a</title></item>"))),
        ("json", format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":{}", many("["))),
        ("outlines", format!("<opml>{}", many("<outline xmlUrl='a'>"))),
    ]
}

#[test]
fn no_feed_takes_long_for_its_size() {
    for (name, text) in slow(1 << 16) {
        let start = Instant::now();
        let _ = shape(text.as_bytes());
        let _ = parse(text.as_bytes(), EncodingHints::default(), &base());
        let _ = addresses(text.as_bytes(), EncodingHints::default());
        // Half a second at most on a slow machine; what takes time by the square of its size takes eight and more.
        assert!(start.elapsed() < Duration::from_secs(4), "{name} took {:?}", start.elapsed());
    }
}
