//! Feeds and lists of feeds.

use chrono::SecondsFormat;
use lockstep::fetch::feeds::parse::{
    EncodingHints, FeedList, MAX_ENTRIES, ParseHints, begins_as_feed, detect_format, find_feed_links, parse,
    parse_date, parse_feed_list,
};
use url::Url;

/// The most feeds that one web page is asked for.
const MAX_LINKS: usize = 10;

pub(super) fn check_feed(bytes: &[u8]) -> bool {
    let base: Url = "https://example.org/news/feed.xml".parse().expect("a URL");
    let links = find_feed_links(bytes, &base);
    assert!(
        links.len() <= MAX_LINKS && links.iter().all(|link| matches!(link.scheme(), "http" | "https")),
        "{links:?}"
    );
    let _ = (detect_format(bytes), begins_as_feed(bytes));

    let Ok(feed) = parse(bytes, ParseHints::at(&base)) else { return false };
    assert_eq!(parse(bytes, ParseHints::at(&base)).as_ref(), Ok(&feed), "the second reading differs");
    assert!(feed.entries.len() <= MAX_ENTRIES);
    for entry in &feed.entries {
        // They may identify an entry without being web addresses; pages link to web addresses only.
        for link in [&entry.link, &entry.image, &entry.enclosure].into_iter().flatten() {
            assert!(!link.trim().is_empty(), "an empty link");
        }
        for text in [&entry.title, &entry.author, &entry.summary, &entry.content] {
            assert!(!text.contains('\0'), "{text:?} has a NUL character");
        }
        assert!(!entry.content.to_ascii_lowercase().contains("<script"), "{:?}", entry.content);
        for date in [entry.published, entry.updated].into_iter().flatten() {
            let text = date.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            assert_eq!(parse_date(&text), Some(date), "{text}");
        }
    }
    true
}

pub(super) fn check_opml(bytes: &[u8]) -> bool {
    let Ok(list) = parse_feed_list(bytes, EncodingHints::default()) else { return false };
    let mut addresses: Vec<&str> = list.feeds.iter().map(|feed| feed.address.as_str()).collect();
    addresses.sort_unstable();
    assert!(addresses.windows(2).all(|pair| pair[0] != pair[1]), "{addresses:?}");
    let again = parse_feed_list(print_list(&list).as_bytes(), EncodingHints::default());
    assert_eq!(again.map(|list| list.feeds), Ok(list.feeds), "the printed list differs");
    true
}

/// A list as a program writes it.
fn print_list(list: &FeedList) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let outline = |(address, title): (&str, &str)| {
        format!("<outline type=\"rss\" text=\"{}\" xmlUrl=\"{}\"/>\n", escape(title), escape(address))
    };
    let feeds: String = list.feeds.iter().map(|feed| outline((&feed.address, &feed.title))).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\"><body>\n{feeds}</body></opml>\n")
}
