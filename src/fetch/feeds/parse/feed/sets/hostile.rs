//! XML that is made to do harm: defusedxml's, and the same within a feed. It is refused at once, memory does not grow,
//! and nothing outside is read.

use std::fs;
use std::time::{Duration, Instant};

use super::{files, shared_data};
use crate::fetch::FetchError;
use crate::fetch::feeds::parse::charset::EncodingHints;
use crate::fetch::feeds::parse::feed::parse;
use crate::fetch::feeds::parse::opml::addresses;

/// The word and the sentence that `bytes` is refused with, as a feed and as a list.
fn refused(bytes: &[u8]) -> [(&'static str, String); 2] {
    let base = "https://example.org/feed".parse().expect("an address");
    [parse(bytes, EncodingHints::default(), &base).map(|_| ()), addresses(bytes, EncodingHints::default()).map(|_| ())]
        .map(|answer| match answer {
            Err(FetchError::Failed { code, message }) => (code, message),
            other => panic!("{other:?} for {}", String::from_utf8_lossy(&bytes[..bytes.len().min(300)])),
        })
}

/// The most memory that this process ever had, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

#[test]
fn bombs_and_outside_entities_are_refused_at_once_and_memory_stays_flat() {
    let Some(root) = shared_data("hostile/defusedxml-0.7.1-xmltestdata") else { return };
    let declares = ["cyclic", "external", "external_file", "quadratic", "xmlbomb", "xmlbomb2"];
    let mut seen = Vec::new();
    let (before, start) = (peak(), Instant::now());
    for path in files(&root, "xml") {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        for (code, message) in refused(&fs::read(&path).expect("a file")) {
            let is_bomb = declares.contains(&name.as_str());
            assert_eq!(code == "entities_declared", is_bomb, "{name}: {message}");
            assert!(is_bomb || code.starts_with("not_a_"), "{name}: {message}");
            assert!(message.ends_with('.') && !message.contains("lol"), "{message}");
        }
        seen.push(name);
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    // Pages of this program itself that come into memory count, too; a bomb takes gigabytes.
    assert!(peak() - before < 32 << 20, "{} bytes more", peak() - before);
    assert!(declares.iter().all(|name| seen.iter().any(|own| own == name)), "{seen:?}");
}

#[test]
fn a_bomb_inside_a_feed_or_a_list_is_refused_however_it_is_hidden() {
    let laughs: String = (1..30).map(|n| format!("<!ENTITY l{n} \"&l{0};&l{0};\">", n - 1)).collect();
    let rest = "<rss><channel><title>&l29;</title></channel></rss>";
    let outside =
        "<!DOCTYPE rss [<!entity x SYSTEM \"file:///etc/passwd\">]><rss><channel><title>&x;</title></channel></rss>";
    let whole = format!("<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY l0 \"ha\">{laughs}]>{rest}");
    let wide: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let commented = format!("<!-- <rss> --><!DOCTYPE rss [<!-- > ]> --> <!ENTITY l0 \"ha\">{laughs}]>{rest}");
    let parameter = "<!DOCTYPE rss [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/evil.dtd\"> %p;]><rss/>".to_owned();
    for bytes in [whole.into_bytes(), wide, commented.into_bytes(), parameter.into_bytes(), outside.into()] {
        for (code, message) in refused(&bytes) {
            assert_eq!(code, "entities_declared", "{message} for {}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn an_ordinary_document_type_is_no_reason_to_refuse() {
    let feed = r#"<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
        "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>a &undeclared; b</title>
        <item><title>&eacute;</title></item></channel></rss>"#;
    let document =
        parse(feed.as_bytes(), EncodingHints::default(), &"https://example.org/".parse().expect("an address"))
            .expect("a feed");
    assert_eq!((document.title.as_str(), document.entries[0].title.as_str()), ("a &undeclared; b", "é"));
}
