//! Refuses text of another format that is given as a CSV file: a feed, XML, HTML, JSON. Binary content is refused by
//! [`crate::fetch::file_signature`].

use crate::fetch::FetchError;

/// A text format other than CSV, with the advice for people who use it as a CSV file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct OtherFormat {
    name: &'static str,
    advice: &'static str,
}

const FEED_ADVICE: &str = "Choose the type Feeds instead (--kind feeds).";
const EXPORT_ADVICE: &str = "Export the data as CSV and use that file or link.";
const FEED_FORMAT: OtherFormat = OtherFormat { name: "a feed", advice: FEED_ADVICE };
const FEED_LIST: OtherFormat = OtherFormat { name: "a list of feeds (OPML)", advice: FEED_ADVICE };
const XML_FORMAT: OtherFormat = OtherFormat { name: "an XML document", advice: EXPORT_ADVICE };
const HTML_FORMAT: OtherFormat = OtherFormat { name: "HTML, a part of a web page", advice: EXPORT_ADVICE };
const JSON_FORMAT: OtherFormat = OtherFormat { name: "JSON", advice: EXPORT_ADVICE };

/// Refuses content that begins like one of these formats.
///
/// # Errors
/// `not_csv`, with the name of the format and what to do.
pub(super) fn refuse_other_format(start: &[u8]) -> Result<(), FetchError> {
    match detect_other_format(start) {
        Some(OtherFormat { name, advice }) => {
            Err(FetchError::failed("not_csv", format!("This is {name}, not a CSV file. {advice}")))
        }
        None => Ok(()),
    }
}

/// The format of content that begins like another format and not like the header of a table.
fn detect_other_format(start: &[u8]) -> Option<OtherFormat> {
    // Without its zero bytes, UTF-16 reads like ASCII.
    let text: String = String::from_utf8_lossy(start).chars().filter(|c| *c != '\0').collect();
    let text = text.trim_start_matches(['\u{feff}', '\u{fffd}']).trim_start();
    let is_xml = text.starts_with("<?xml");
    let has = |tags: &[&str]| tags.iter().any(|tag| text.starts_with(tag) || (is_xml && text.contains(tag)));
    if has(&["<opml"]) {
        Some(FEED_LIST)
    } else if has(&["<rss", "<feed", "<rdf:RDF"]) || (text.starts_with('{') && text.contains("//jsonfeed.org/")) {
        Some(FEED_FORMAT)
    } else if is_xml {
        Some(XML_FORMAT)
    } else if is_json(text) {
        Some(JSON_FORMAT)
    } else {
        element_format(text)
    }
}

/// Whether text begins like a JSON object or list, or like JSON Lines. A column name in braces is not an object.
fn is_json(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('{') {
        let Some(name) = rest.trim_start().strip_prefix('"') else { return false };
        return name.split_once('"').is_some_and(|(_, rest)| rest.trim_start().starts_with(':'));
    }
    let Some(rest) = text.strip_prefix('[').map(str::trim_start) else { return false };
    rest.starts_with('"') || is_json(rest)
}

/// The format of text that begins with an XML or HTML element. A name in angle brackets is the header of a table if a
/// separator follows it, or if the text has no closing tag for it and no other element after it.
fn element_format(text: &str) -> Option<OtherFormat> {
    const HTML_TAGS: [&str; 10] = ["a", "b", "br", "div", "h1", "img", "p", "span", "tr", "ul"];
    let rest = text.strip_prefix('<')?;
    let (tag, rest) = rest.split_once('>')?;
    let name = tag.split(|c: char| c.is_whitespace() || c == '/').next()?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'));
    let is_followed_by_separator = |rest: &str| rest.trim_start_matches(' ').starts_with([',', ';', '\t', '|']);
    let is_element = match rest.split_once(&format!("</{name}>")) {
        Some((_, after)) => !is_followed_by_separator(rest) && !is_followed_by_separator(after),
        None => {
            let next = rest.trim_start_matches([' ', '\r', '\n']);
            next.starts_with('<') && (next.contains("</") || next.contains("/>"))
        }
    };
    if !is_name || !is_element {
        return None;
    }
    Some(if HTML_TAGS.iter().any(|known| name.eq_ignore_ascii_case(known)) { HTML_FORMAT } else { XML_FORMAT })
}

#[cfg(test)]
mod tests {
    use super::{FEED_FORMAT, FEED_LIST, HTML_FORMAT, JSON_FORMAT, XML_FORMAT, detect_other_format};

    #[test]
    fn other_formats_are_recognized_by_their_first_bytes() {
        for (text, expected) in [
            ("<opml version=\"2.0\">", FEED_LIST),
            ("<rss version=\"2.0\">", FEED_FORMAT),
            ("{\"version\": \"https://jsonfeed.org/version/1.1\"", FEED_FORMAT),
            ("<?xml version=\"1.0\"?><albums>", XML_FORMAT),
            ("\u{feff}<albums>\n  <album id=\"1\"/>", XML_FORMAT),
            ("<albums><album>1</album></albums>", XML_FORMAT),
            ("<div>\n<p>id</p>", HTML_FORMAT),
            ("[{\"id\": 1, \"title\": \"One\"}]", JSON_FORMAT),
            ("[\n  {\n    \"id\": 1", JSON_FORMAT),
            ("{\"id\":1}\n{\"id\":2}\n", JSON_FORMAT),
            ("[\"id\",\"title\"]\n[\"1\",\"One\"]\n", JSON_FORMAT),
            ("[[\"id\"],[1]]", JSON_FORMAT),
            ("{\0\"\0i\0d\0\"\0:\0", JSON_FORMAT),
        ] {
            assert_eq!(detect_other_format(text.as_bytes()), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn column_names_in_brackets_are_a_header() {
        for text in [
            "id,title\n1,<b>x</b>\n",
            "<id>,<title>\n1,2\n",
            "<id>\n1\n",
            "<b>id</b>,<b>title</b>\n1,One\n",
            "<b>id</b>; <b>title</b>\n1;One\n",
            "<id>\t<title>\n1\t<b>One</b>\n",
            "<id>\n<a>\n<b>\n",
            "<id>,<title>\n1,</id>\n",
            "{id},{title}\n",
            "{\"id\"},x\n",
            "[id],[title]\n[1],[2]\n",
            "<3,b\n",
            "<a,b>\n",
            "",
        ] {
            assert_eq!(detect_other_format(text.as_bytes()), None, "{text:?}");
        }
    }
}
