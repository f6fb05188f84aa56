//! Tests that all formats produce the same kind of feed, and that other content is an error.

use super::{Feed, ParseError, ParseHints, parse};

fn parse_text(text: &str) -> Result<Feed, ParseError> {
    let base = "https://example.org/blog/feed.xml".parse().expect("an address");
    parse(text.as_bytes(), ParseHints::at(&base))
}

#[test]
fn rss_atom_and_json_give_the_same_feed() {
    let rss = r#"<rss version="2.0"><channel><title>Blog &amp; more</title><link>/blog</link><item><guid>1</guid>
        <title>A &lt;b&gt;bold&lt;/b&gt; step</title><link>one</link><pubDate>Thu, 1 Jan 2004 19:48:21 GMT</pubDate>
        <description>&lt;p onclick=x&gt;Hi&lt;/p&gt;</description></item></channel></rss>"#;
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog &amp; more</title><link href="/blog"/><entry>
        <id>1</id><title type="html">A &lt;b&gt;bold&lt;/b&gt; step</title><link href="one"/>
        <published>2004-01-01T20:48:21+01:00</published><summary type="xhtml"><p xmlns="http://www.w3.org/1999/xhtml"
        onclick="x">Hi</p></summary></entry></feed>"#;
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"Blog & more","home_page_url":"/blog","items":[
        {"id":"1","title":"A bold step","url":"one","date_published":"2004-01-01T19:48:21Z","summary":"Hi"}]}"#;
    for text in [rss, atom, json] {
        let feed = parse_text(text).expect("a feed");
        assert_eq!(feed.title, "Blog & more");
        assert_eq!(feed.link.as_deref(), Some("https://example.org/blog"));
        let [entry] = &feed.entries[..] else { panic!("one entry in {text}") };
        assert_eq!((entry.guid.as_deref(), entry.title.as_str()), (Some("1"), "A bold step"));
        assert_eq!(entry.link.as_deref(), Some("https://example.org/blog/one"));
        assert_eq!(entry.published.expect("a date").to_rfc3339(), "2004-01-01T19:48:21+00:00");
        assert_eq!(entry.summary.replace("<p>", "").replace("</p>", ""), "Hi");
        assert_eq!(feed.notes, [""; 0]);
    }
}

#[test]
fn the_author_of_a_feed_is_clipped_before_it_is_copied_into_every_entry() {
    let name = "n".repeat(5000);
    let items = "<item><title>a</title></item>".repeat(100);
    let rss = format!("<rss><channel><managingEditor>{name}</managingEditor>{items}</channel></rss>");
    let items = [r#"{"title":"a"}"#; 100].join(",");
    let json = format!(r#"{{"author":{{"name":"{name}"}},"items":[{items}]}}"#);
    for text in [rss, json] {
        let feed = parse_text(&text).expect("a feed");
        assert_eq!(feed.entries.len(), 100);
        let longest = feed.entries.iter().map(|entry| entry.author.chars().count()).max();
        assert_eq!(longest, Some(201), "200 characters and an ellipsis");
    }
}

#[test]
fn a_long_base_address_is_not_prepended_to_links() {
    let base = format!("https://h.example/{}/feed.xml", "a".repeat(50_000)).parse().expect("an address");
    let text = "<rss><channel><item><link>one</link></item></channel></rss>";
    let feed = parse(text.as_bytes(), ParseHints::at(&base)).expect("a feed");
    assert_eq!(feed.entries[0].link.as_deref(), Some("one"));
}

#[test]
fn other_content_is_refused_with_a_code_and_a_message() {
    for (text, code) in [
        ("<html><body>Not found</body></html>", "not_a_feed"),
        ("{\"error\": 1}", "not_a_feed"),
        ("", "not_a_feed"),
        ("<rss><channel><item", "bad_feed"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><rss/>", "entities_declared"),
    ] {
        let error = parse_text(text).expect_err(text);
        assert_eq!(error.kind.code(), code, "{text}");
        assert!(error.to_string().ends_with('.'), "{error}");
    }
}
