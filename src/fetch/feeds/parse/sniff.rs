//! Detects the format of a body from its content, because content types and addresses of feeds are not reliable.

use super::charset;
use super::hints::EncodingHints;
use crate::domain::text::web_page::begins_as_web_page;

/// How many bytes at the beginning of a body are examined.
const MAX_EXAMINED_BYTES: usize = 4096;

/// The format of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyFormat {
    /// RSS, Atom or JSON Feed.
    Feed,
    /// An OPML list of feeds.
    List,
    /// A web page.
    Page,
    /// Anything else.
    Other,
}

/// Detects the format of the body that begins with `start`. Only the first 4096 bytes are examined.
#[must_use]
pub fn detect_format(start: &[u8]) -> BodyFormat {
    let start = &start[..start.len().min(MAX_EXAMINED_BYTES)];
    let text = charset::decode(start, EncodingHints::default()).text;
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if text.starts_with('{') {
        let has = |word: &str| text.contains(word);
        return if has("jsonfeed.org") || has("\"items\"") || has("\"version\"") && has("\"title\"") {
            BodyFormat::Feed
        } else {
            BodyFormat::Other
        };
    }
    detect_markup(text).0
}

/// Whether a body that the server declared as a web page is a feed, because it begins with the root element of a feed.
#[must_use]
pub fn begins_as_feed(start: &[u8]) -> bool {
    if begins_as_web_page(start) {
        return false;
    }
    let text = charset::decode(&start[..start.len().min(MAX_EXAMINED_BYTES)], EncodingHints::default()).text;
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if text.starts_with('{') {
        // Some programs escape slashes in JSON.
        let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect();
        return ["https", "http"]
            .iter()
            .any(|scheme| plain.contains(&format!("\"version\":\"{scheme}://jsonfeed.org/")));
    }
    text.starts_with('<') && detect_markup(text) == (BodyFormat::Feed, false)
}

/// The format of a text with tags, and whether it has the document type of a web page.
fn detect_markup(text: &str) -> (BodyFormat, bool) {
    let mut rest = text;
    // The document type alone does not decide, because some feeds have the document type of a web page by mistake.
    let mut is_page = false;
    let otherwise = |is_page| if is_page { BodyFormat::Page } else { BodyFormat::Other };
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        rest = match rest.as_bytes().first() {
            Some(b'?') => skip_past(rest, "?>"),
            Some(b'!') if rest.starts_with("!--") => skip_past(&rest[3..], "-->"),
            Some(b'!') => {
                is_page |= is_html_doctype(rest);
                skip_doctype(rest)
            }
            Some(_) => {
                let name = rest.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
                let local = name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
                let format = match local.as_str() {
                    "rss" | "feed" | "rdf" | "channel" | "entry" => BodyFormat::Feed,
                    "opml" | "outlinedocument" => BodyFormat::List,
                    "html" | "head" | "body" | "title" | "meta" | "script" | "div" | "table" => BodyFormat::Page,
                    _ => otherwise(is_page),
                };
                return (format, is_page);
            }
            None => break,
        };
    }
    (otherwise(is_page), is_page)
}

fn is_html_doctype(rest: &str) -> bool {
    let mut words = rest.split(|c: char| c.is_whitespace() || c == '>').filter(|word| !word.is_empty());
    words.next().is_some_and(|word| word.eq_ignore_ascii_case("!doctype"))
        && words.next().is_some_and(|word| word.eq_ignore_ascii_case("html"))
}

/// The part of `rest` after the first `end`; empty if there is none.
fn skip_past<'a>(rest: &'a str, end: &str) -> &'a str {
    rest.find(end).map_or("", |at| &rest[at + end.len()..])
}

/// The part of `rest` after a document type, including its declarations in brackets.
fn skip_doctype(rest: &str) -> &str {
    let close = rest.find('>').unwrap_or(rest.len());
    match rest.find('[') {
        Some(at) if at < close => skip_past(skip_past(rest, "]"), ">"),
        _ => skip_past(rest, ">"),
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyFormat, begins_as_feed, detect_format};

    #[test]
    fn the_format_is_detected_from_the_content() {
        for (start, format) in [
            ("<?xml version='1.0'?><!-- a <html> --><rss version='2.0'>", BodyFormat::Feed),
            ("\u{FEFF}\n<feed xmlns='http://www.w3.org/2005/Atom'>", BodyFormat::Feed),
            ("<!DOCTYPE rss [<!ELEMENT html ANY>]><rss>", BodyFormat::Feed),
            ("<rdf:RDF xmlns:rdf='x'>", BodyFormat::Feed),
            ("{\"version\": \"https://jsonfeed.org/version/1.1\"", BodyFormat::Feed),
            ("<opml version='2.0'>", BodyFormat::List),
            ("<!DOCTYPE html PUBLIC 'a'><rss>", BodyFormat::Feed),
            ("<!doctype html><x-app>", BodyFormat::Page),
            ("<!doctype html>\nHello", BodyFormat::Page),
            ("<HTML><head>", BodyFormat::Page),
            ("{\"error\": \"no\"}", BodyFormat::Other),
            ("<svg>", BodyFormat::Other),
            ("title,artist", BodyFormat::Other),
            ("", BodyFormat::Other),
        ] {
            assert_eq!(detect_format(start.as_bytes()), format, "{start}");
        }
    }

    #[test]
    fn a_feed_is_recognised_by_its_beginning_and_a_web_page_is_not() {
        for feed in [
            "<?xml version='1.0'?><rss version='2.0'>",
            "\u{FEFF}\n <!-- made by hand --> <feed xmlns='http://www.w3.org/2005/Atom'>",
            "<rdf:RDF xmlns:rdf='x'>",
            "{\"version\":\"https://jsonfeed.org/version/1.1\"",
            "{ \"title\": \"T\", \"version\" : \"https:\\/\\/jsonfeed.org\\/version\\/1\"",
        ] {
            assert!(begins_as_feed(feed.as_bytes()), "{feed}");
        }
        for other in [
            "<!doctype html><rss>",
            "<?xml version='1.0'?><!DOCTYPE html><rss>",
            "<?xml version='1.0'?><html><rss>",
            "<html><body><rss>",
            "Warning: no such file <rss>",
            "<?xml version='1.0'?>",
            "<opml version='2.0'>",
            "{\"items\": [], \"title\": \"T\"}",
            "id,title",
            "",
        ] {
            assert!(!begins_as_feed(other.as_bytes()), "{other}");
        }
    }
}
