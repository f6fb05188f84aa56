//! A feed as Lockstep keeps it, read from RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, or JSON Feed.
//!
//! XML is read with quick-xml. `feed-rs` was tried first: where one tag does not match, or RSS calls itself 0.93, it
//! answers with an error and no entries; it does not say what `xml:base` the links in a text are relative to; and it
//! panics on an author such as `Somebody “me@example.com` and on a duration of twenty digits. What it would need
//! around it is more than what it does.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use url::Url;

use super::charset;
use super::charset::EncodingHints;
use super::json_feed;
use super::xml::{XmlStep, XmlWalker};
use super::xml_entry::{EntryDraft, entry};
use crate::domain::text::counts::grouped;
use crate::fetch::FetchError;
use crate::fetch::feeds::articles;

/// How many entries of a feed are read; no feed that is read by people has so many.
pub(super) const ENTRIES: usize = 20_000;

/// A feed.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::fetch) struct Feed {
    /// What it calls itself, in plain text; empty if it does not say.
    pub(in crate::fetch) title: String,
    /// The page it belongs to.
    pub(in crate::fetch) link: Option<String>,
    /// Its entries in its own order.
    pub(in crate::fetch) entries: Vec<FeedEntry>,
    /// What was mended while reading, in sentences for people.
    pub(in crate::fetch) notes: Vec<String>,
    /// Whether something in it could not be read, such as what was cut off at its end: then there is more to it than
    /// is here.
    pub(in crate::fetch) is_broken: bool,
}

/// An entry of a feed.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::fetch) struct FeedEntry {
    /// The id that the feed gives it, as it is written.
    pub(in crate::fetch) guid: Option<String>,
    /// Where it can be read.
    pub(in crate::fetch) link: Option<String>,
    /// Plain text.
    pub(in crate::fetch) title: String,
    /// Names in plain text; the feed's where the entry has none.
    pub(in crate::fetch) author: String,
    pub(in crate::fetch) published: Option<DateTime<Utc>>,
    pub(in crate::fetch) updated: Option<DateTime<Utc>>,
    /// HTML fit to be shown.
    pub(in crate::fetch) summary: String,
    /// HTML fit to be shown.
    pub(in crate::fetch) content: String,
    /// Plain text, each once.
    pub(in crate::fetch) categories: Vec<String>,
    /// A picture that the feed gives it.
    pub(in crate::fetch) image: Option<String>,
    /// A file that comes with it: a recording, a film.
    pub(in crate::fetch) enclosure: Option<String>,
}

/// Reads a feed. `hints` say what is known of its encoding, `base` where it was found.
///
/// # Errors
/// When it is no feed (`not_a_feed`), cannot be read as far as its first entry (`bad_feed`), or declares entities of
/// its own (`entities_declared`). The sentence begins with "It" and leaves out the address.
pub(in crate::fetch) fn parse(bytes: &[u8], hints: EncodingHints<'_>, base: &Url) -> Result<Feed, FetchError> {
    let written = charset::decode(bytes, hints);
    let text = written.text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{FEFF}' | '\0'));
    let mut document = if text.starts_with('{') { json_feed::parse(text, base)? } else { xml(text, base)? };
    document.notes.extend(written.note);
    Ok(document)
}

/// Elements that hold the feed and its entries, on their own or in one another.
const HOLDERS: [&str; 4] = ["rss", "rdf", "channel", "feed"];

fn xml(text: &str, base: &Url) -> Result<Feed, FetchError> {
    // What stands before the first tag is no part of it: blank lines, warnings of a server's scripts.
    let text = &text[text.find('<').unwrap_or(text.len())..];
    let closed = closed(text);
    let mut walk = XmlWalker::new(&closed, base);
    let mut document = Feed::default();
    let mut feed = EntryDraft::default();
    let mut about = None;
    let mut is_feed = false;
    let mut items = Vec::new();
    let mut left_out = 0_u64;
    while let Some(step) = walk.step()? {
        let XmlStep::Open(element) = step else { continue };
        match element.name.as_str() {
            name if HOLDERS.contains(&name) => {
                is_feed = true;
                about = about
                    .or_else(|| ["about", "href"].iter().find_map(|name| element.attribute(name)).map(str::to_owned));
            }
            "item" | "entry" => {
                is_feed |= element.name == "entry";
                let element = walk.fill(element)?;
                if items.len() < ENTRIES {
                    items.push(entry(&element, ""));
                } else {
                    left_out += 1;
                }
            }
            _ if !is_feed => return Err(not_a_feed(&element.name)),
            _ => feed.look(&walk.fill(element)?),
        }
    }
    let broken = if text.len() < closed.len() { Some("its last tag is cut".to_owned()) } else { walk.broken.take() };
    if !is_feed {
        return Err(match broken {
            Some(why) => FetchError::failed("bad_feed", format!("It cannot be read: {why}.")),
            None => FetchError::failed("not_a_feed", "It is no feed: there is nothing in it that a feed begins with."),
        });
    }
    if let (true, true, Some(why)) = (items.is_empty(), walk.is_cut, &broken) {
        return Err(FetchError::failed("bad_feed", format!("It cannot be read: {why}.")));
    }
    // It stands in every entry, so it is cut before.
    let by = articles::clipped(&feed.authors());
    for item in &mut items {
        if item.author.is_empty() {
            item.author.clone_from(&by);
        }
    }
    document.is_broken = broken.is_some();
    document
        .notes
        .extend(broken.map(|why| format!("It is not well written: {why}. What could be made out was taken.")));
    document.notes.extend((left_out > 0).then(|| too_many_entries(left_out)));
    (document.title, document.link) = feed.title_and_link();
    document.link = document.link.or(about);
    document.entries = items;
    Ok(document)
}

/// That it has more entries than are read.
pub(super) fn too_many_entries(left_out: u64) -> String {
    let (more, most) = (grouped(left_out), grouped(ENTRIES as u64));
    format!("It has {more} entries more than the {most} that are read of one feed; they were left out.")
}

/// `text` with the `>` that its very last end tag lacks: nothing else is missing.
fn closed(text: &str) -> Cow<'_, str> {
    let last = text.rfind('<').map_or("", |at| &text[at..]);
    let cut = last.starts_with("</") && !last.contains('>');
    if cut { Cow::Owned(format!("{text}>")) } else { Cow::Borrowed(text) }
}

fn not_a_feed(name: &str) -> FetchError {
    let name: String = name.chars().take(40).collect();
    FetchError::failed(
        "not_a_feed",
        format!("It is no feed: it begins with <{name}>, not with <rss>, <feed> or <rdf:RDF>."),
    )
}

#[cfg(test)]
mod tests {
    use super::{EncodingHints, Feed, parse};
    use crate::fetch::FetchError;

    fn read(text: &str) -> Result<Feed, FetchError> {
        let base = "https://example.org/blog/feed.xml".parse().expect("an address");
        parse(text.as_bytes(), EncodingHints::default(), &base)
    }

    #[test]
    fn the_three_families_of_feeds_are_read_alike() {
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
            let document = read(text).expect("a feed");
            assert_eq!(document.title, "Blog & more");
            assert_eq!(document.link.as_deref(), Some("https://example.org/blog"));
            let [entry] = &document.entries[..] else { panic!("one entry in {text}") };
            assert_eq!((entry.guid.as_deref(), entry.title.as_str()), (Some("1"), "A bold step"));
            assert_eq!(entry.link.as_deref(), Some("https://example.org/blog/one"));
            assert_eq!(entry.published.expect("a date").to_rfc3339(), "2004-01-01T19:48:21+00:00");
            assert_eq!(entry.summary.replace("<p>", "").replace("</p>", ""), "Hi");
            assert_eq!(document.notes, [""; 0]);
        }
    }

    #[test]
    fn the_name_of_who_wrote_a_feed_is_cut_before_it_stands_in_every_entry() {
        let name = "n".repeat(5000);
        let items = "<item><title>a</title></item>".repeat(100);
        let rss = format!("<rss><channel><managingEditor>{name}</managingEditor>{items}</channel></rss>");
        let items = [r#"{"title":"a"}"#; 100].join(",");
        let json = format!(r#"{{"author":{{"name":"{name}"}},"items":[{items}]}}"#);
        for text in [rss, json] {
            let document = read(&text).expect("a feed");
            assert_eq!(document.entries.len(), 100);
            let longest = document.entries.iter().map(|entry| entry.author.chars().count()).max();
            assert_eq!(longest, Some(201), "200 characters and the sign that there were more");
        }
    }

    #[test]
    fn a_long_address_is_not_put_before_every_link() {
        let base = format!("https://h.example/{}/feed.xml", "a".repeat(50_000)).parse().expect("an address");
        let text = "<rss><channel><item><link>one</link></item></channel></rss>";
        let document = parse(text.as_bytes(), EncodingHints::default(), &base).expect("a feed");
        assert_eq!(document.entries[0].link.as_deref(), Some("one"));
    }

    #[test]
    fn what_is_no_feed_is_refused_by_a_sentence() {
        for (text, code) in [
            ("<html><body>Not found</body></html>", "not_a_feed"),
            ("{\"error\": 1}", "not_a_feed"),
            ("", "not_a_feed"),
            ("<rss><channel><item", "bad_feed"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><rss/>", "entities_declared"),
        ] {
            let Err(FetchError::Failed { code: told, message }) = read(text) else { panic!("{text} was taken") };
            assert_eq!(told, code, "{text}");
            assert!(message.starts_with("It ") && message.ends_with('.'), "{message}");
        }
    }
}

#[cfg(test)]
mod sets;
