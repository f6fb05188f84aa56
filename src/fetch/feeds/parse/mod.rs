//! Parses feeds: bytes in, a [`Feed`] out.
//!
//! ```
//! use lockstep::fetch::feeds::parse::{ParseHints, parse};
//!
//! let bytes = b"<rss><channel><title>News</title><item><title>One</title><link>/1</link></item></channel></rss>";
//! let base = "https://example.org/feed.xml".parse()?;
//! let feed = parse(bytes, ParseHints::at(&base))?;
//! assert_eq!(feed.title, "News");
//! assert_eq!(feed.entries[0].link.as_deref(), Some("https://example.org/1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Formats
//!
//! [`parse`] reads RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, and JSON Feed 1.0 and 1.1; [`parse_feed_list`] reads lists
//! of feeds (OPML 1 and 2). Many feeds are not valid, so both repair what they can and report repairs as notes for
//! people ([`Feed::notes`]). [`detect_format`] detects what a body is, and [`find_feed_links`] finds the feeds that a
//! web page links to.
//!
//! # Guarantees
//!
//! The module is pure: it uses no network, no files, no clock and no database, and nothing of this crate but
//! [`crate::domain`]. For any input, however damaged or hostile, [`parse`] takes time in proportion to the size of the
//! input, uses bounded memory and does not panic: it reads at most [`MAX_ENTRIES`] entries, nests elements at most 200
//! deep, limits the number of JSON values, and refuses documents that declare entities. HTML in entries is sanitised;
//! titles, names and categories are plain text.
//!
//! # Files
//!
//! - [`charset`] decodes bytes to text.
//! - [`xml`] reads XML step by step, and [`xml_feed`] and [`xml_entry`] turn it into a feed. [`json_feed`] does the
//!   same for JSON. [`values`] and [`dates`] read single values.
//! - [`opml`] reads lists of feeds, [`sniff`] detects formats, [`autodiscovery`] reads links of web pages.
//!
//! `docs/decisions/0009-own-feed-parser.md` explains why no crate is used instead.

mod autodiscovery;
mod charset;
mod dates;
mod error;
mod feed;
mod hints;
mod json_feed;
mod opml;
mod sniff;
mod values;
mod xml;
mod xml_entry;
mod xml_feed;

pub use autodiscovery::find_feed_links;
pub use charset::{DecodedText, decode};
pub use dates::parse_date;
pub use error::{ParseError, ParseErrorKind};
pub use feed::{Feed, FeedEntry, MAX_ENTRIES};
pub use hints::{EncodingHints, ParseHints};
pub use opml::{FeedList, ListedFeed, parse_feed_list};
pub use sniff::{BodyFormat, begins_as_feed, detect_format};

/// Parses a feed. The format is detected from the content.
///
/// # Errors
/// [`ParseErrorKind::NotAFeed`] when the content is something else, [`ParseErrorKind::MalformedFeed`] when it cannot be
/// read as far as its first entry, and [`ParseErrorKind::EntitiesDeclared`] when it declares entities.
pub fn parse(bytes: &[u8], hints: ParseHints<'_>) -> Result<Feed, ParseError> {
    let decoded = decode(bytes, hints.encoding);
    let text = decoded.text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{FEFF}' | '\0'));
    let mut feed = if text.starts_with('{') {
        json_feed::parse_json_feed(text, hints.base)?
    } else {
        xml_feed::parse_xml_feed(text, hints.base)?
    };
    feed.notes.extend(decoded.note);
    Ok(feed)
}

#[cfg(test)]
mod tests;
