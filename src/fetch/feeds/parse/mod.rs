//! Parses feeds: bytes in, a [`Feed`] out.
//!
//! Reads RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed 1.0 and 1.1, and lists of feeds (OPML 1 and 2). The module
//! is pure: it uses no network, no files, no clock and no database.
//!
//! For any input, however damaged or hostile, [`parse`] takes time in proportion to the size of the input and uses
//! bounded memory: at most [`MAX_ENTRIES`] entries, elements nested at most 200 deep,
//! JSON within a budget of values, no entities that a document declares for itself. HTML in entries is sanitised.
//!
//! - [`charset`] decodes bytes to text.
//! - `xml` walks through XML as feeds write it, `xml_feed` and `xml_entry` turn it into a feed; `json_feed` does the
//!   same for JSON. [`values`] and [`dates`] read single values.
//! - [`opml`] reads lists of feeds, [`sniff`] detects what a body is, [`autodiscovery`] finds the feeds a web page
//!   links to.
//!
//! Why this is not a library: `docs/decisions/0009-own-feed-parser.md`.

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

/// Parses a feed in any of the supported formats; the format is detected from the content.
///
/// # Errors
/// [`ParseErrorKind::NotAFeed`] when the content is something else, [`ParseErrorKind::MalformedFeed`] when it cannot
/// be read as far as its first entry, and [`ParseErrorKind::EntitiesDeclared`] when it declares entities of its own.
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
