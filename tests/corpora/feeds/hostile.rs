//! XML made to exhaust memory or to read files: defusedxml's cases, and the same inside a feed. It is refused at once,
//! memory does not grow, and nothing outside is read.

use std::fs;
use std::time::Duration;

use lockstep::fetch::feeds::parse::{EncodingHints, parse_feed_list};

use super::{list_files, parse_at_example};
use crate::support::data_set;
use crate::support::load_clock::LoadClock;

/// The code and the message with which `bytes` are refused, as a feed and as a list.
fn parse_refusals(bytes: &[u8]) -> [(&'static str, String); 2] {
    let results = [parse_at_example(bytes).map(drop), parse_feed_list(bytes, EncodingHints::default()).map(drop)];
    results.map(|result| match result {
        Err(error) => (error.kind.code(), error.to_string()),
        Ok(()) => panic!("accepted: {}", String::from_utf8_lossy(&bytes[..bytes.len().min(300)])),
    })
}

/// The peak memory of this process in bytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

#[test]
fn entity_bombs_and_external_entities_are_refused_and_memory_stays_flat() {
    let Some(set) = data_set("hostile/defusedxml-0.7.1-xmltestdata") else { return };
    let declares = ["cyclic", "external", "external_file", "quadratic", "xmlbomb", "xmlbomb2"];
    let mut seen = Vec::new();
    let (before, clock) = (peak_memory(), LoadClock::start());
    for path in list_files(&set.path, "xml") {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        for (code, message) in parse_refusals(&fs::read(&path).expect("a file")) {
            let is_bomb = declares.contains(&name.as_str());
            assert_eq!(code == "entities_declared", is_bomb, "{name}: {message}");
            assert!(is_bomb || code.starts_with("not_a_"), "{name}: {message}");
            assert!(message.ends_with('.') && !message.contains("lol"), "{message}");
        }
        seen.push(name);
    }
    assert!(clock.elapsed() < Duration::from_secs(10), "{:?}", clock.elapsed());
    // Pages of this program that are loaded meanwhile count as well; an entity bomb takes gigabytes.
    assert!(peak_memory() - before < 32 << 20, "{} bytes more", peak_memory() - before);
    let is_seen = |name: &&str| seen.iter().any(|own| own == name);
    assert!(declares.iter().filter(|name| set.is_complete || **name != "quadratic").all(is_seen), "{seen:?}");
}

#[test]
fn an_entity_bomb_inside_a_feed_or_a_list_is_refused_however_it_is_hidden() {
    let laughs: String = (1..30).map(|n| format!("<!ENTITY l{n} \"&l{0};&l{0};\">", n - 1)).collect();
    let rest = "<rss><channel><title>&l29;</title></channel></rss>";
    let stub =
        "<!DOCTYPE rss [<!entity x SYSTEM \"file:///etc/passwd\">]><rss><channel><title>&x;</title></channel></rss>";
    let whole = format!("<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY l0 \"ha\">{laughs}]>{rest}");
    let wide: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let commented = format!("<!-- <rss> --><!DOCTYPE rss [<!-- > ]> --> <!ENTITY l0 \"ha\">{laughs}]>{rest}");
    let parameter = "<!DOCTYPE rss [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/evil.dtd\"> %p;]><rss/>".to_owned();
    for bytes in [whole.into_bytes(), wide, commented.into_bytes(), parameter.into_bytes(), stub.into()] {
        for (code, message) in parse_refusals(&bytes) {
            assert_eq!(code, "entities_declared", "{message} for {}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn an_ordinary_document_type_is_accepted() {
    let feed = r#"<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
        "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>a &undeclared; b</title>
        <item><title>&eacute;</title></item></channel></rss>"#;
    let feed = parse_at_example(feed.as_bytes()).expect("a feed");
    assert_eq!((feed.title.as_str(), feed.entries[0].title.as_str()), ("a &undeclared; b", "é"));
}
