//! Feeds made to take long: the time for one grows in proportion to its size.

use std::time::Duration;

use lockstep::fetch::feeds::parse::{EncodingHints, detect_format, parse_feed_list};

use super::parse_at_example;
use crate::support::load_clock::LoadClock;

/// Feeds of about `size` bytes, each with a structure for which a careless parser takes quadratic time.
fn slow_feeds(size: usize) -> Vec<(&'static str, String)> {
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
fn no_feed_takes_quadratic_time() {
    for (name, text) in slow_feeds(1 << 16) {
        let clock = LoadClock::start();
        let _ = detect_format(text.as_bytes());
        let _ = parse_at_example(text.as_bytes());
        let _ = parse_feed_list(text.as_bytes(), EncodingHints::default());
        // Half a second at most on a slow machine; quadratic time would be eight seconds and more.
        assert!(clock.elapsed() < Duration::from_secs(4), "{name} took {:?}", clock.elapsed());
    }
}
