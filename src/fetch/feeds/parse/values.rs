//! Reads single values of a feed: plain text, HTML, addresses.

use std::fmt::Write as _;

use base64::Engine as _;
use url::Url;

use super::xml::MAX_BASE_BYTES;
use super::xml::element::{XmlElement, XmlNode};
use crate::domain::text::html;

/// The format of an element's value, as its attributes declare it or its text shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ValueFormat {
    /// Plain text.
    Plain,
    /// HTML as escaped text.
    Html,
    /// HTML as XML elements of the feed.
    Inline,
}

/// The plain text of a title or a name.
pub(super) fn plain_text(element: &XmlElement) -> String {
    let (format, value) = read_value(element);
    match format {
        ValueFormat::Plain => collapse_whitespace(&value),
        ValueFormat::Html | ValueFormat::Inline => html::html_to_text(&value),
    }
}

/// The sanitised HTML of a summary or a content.
pub(super) fn safe_html(element: &XmlElement) -> String {
    let (format, value) = read_value(element);
    match format {
        ValueFormat::Plain => escape_html(&value),
        ValueFormat::Html | ValueFormat::Inline => html::sanitize_html(&value, Some(&element.base)),
    }
}

/// The plain text of `text`, which may be plain or HTML.
pub(super) fn plain_text_of(text: &str) -> String {
    if contains_markup(text) { html::html_to_text(text) } else { collapse_whitespace(text) }
}

/// The address in `text`, resolved against `base`. `None` if it is blank. Text that is not an address is returned
/// unchanged, because it may still identify an entry.
pub(super) fn resolve_address(text: &str, base: &Url) -> Option<String> {
    let text: String = text.trim().chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
    if text.is_empty() {
        return None;
    }
    // An absolute address is not normalised, because keys made of it are compared byte by byte.
    if base.as_str().len() > MAX_BASE_BYTES || Url::parse(&text).is_ok() {
        return Some(text);
    }
    Some(base.join(&text).map_or(text, String::from))
}

fn read_value(element: &XmlElement) -> (ValueFormat, String) {
    let kind = element.attribute("type").unwrap_or_default().trim().to_ascii_lowercase();
    let mode = element.attribute("mode").unwrap_or_default().trim().to_ascii_lowercase();
    if let Some(text) = (mode == "base64" || is_data(&kind, element)).then(|| decode_base64(element)).flatten() {
        let format =
            if kind.contains("html") || contains_markup(&text) { ValueFormat::Html } else { ValueFormat::Plain };
        return (format, text);
    }
    if element.elements().next().is_some() {
        return (ValueFormat::Inline, write_inline(element));
    }
    let text = element.text();
    let format = match kind.as_str() {
        "text" | "text/plain" if mode != "escaped" || !contains_markup(&text) => ValueFormat::Plain,
        "html" | "xhtml" | "text/html" | "application/xhtml+xml" => ValueFormat::Html,
        _ if contains_markup(&text) => ValueFormat::Html,
        _ => ValueFormat::Plain,
    };
    (format, text)
}

/// Decodes text in base64. Empty if it is a picture or other data; `None` if it is not base64.
fn decode_base64(element: &XmlElement) -> Option<String> {
    let raw: String = element.text().split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(raw).ok()?;
    Some(String::from_utf8(bytes).unwrap_or_default().trim().to_owned())
}

/// Whether a media type is neither text nor XML, so that the content is in base64.
fn is_data(media_type: &str, element: &XmlElement) -> bool {
    if element.name != "content" {
        return media_type == "application/octet-stream";
    }
    media_type.contains('/') && !media_type.starts_with("text/") && !media_type.ends_with("xml")
}

/// The elements inside `element`, written as HTML.
fn write_inline(element: &XmlElement) -> String {
    let mut html = String::new();
    for node in &element.children {
        write_node(node, element, &mut html);
    }
    html.trim().to_owned()
}

fn write_node(node: &XmlNode, parent: &XmlElement, html: &mut String) {
    let element = match node {
        XmlNode::Text(text) => return html.push_str(&escape_untrimmed(text)),
        XmlNode::Element(element) => element,
    };
    let _ = write!(html, "<{}", element.name);
    for (name, value) in element.attributes() {
        let has_other_base = matches!(name, "href" | "src") && element.base != parent.base;
        let value =
            if has_other_base { resolve_address(value, &element.base).unwrap_or_default() } else { value.to_owned() };
        let _ = write!(html, " {name}=\"{}\"", escape_untrimmed(&value));
    }
    html.push('>');
    if VOID_ELEMENTS.contains(&element.name.as_str()) {
        return;
    }
    for child in &element.children {
        write_node(child, element, html);
    }
    let _ = write!(html, "</{}>", element.name);
}

/// Elements of HTML that are always empty and have no end tag.
const VOID_ELEMENTS: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// Plain text as HTML, trimmed.
pub(super) fn escape_html(text: &str) -> String {
    escape_untrimmed(text.trim())
}

fn escape_untrimmed(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `text` trimmed, with every run of white space replaced by one space.
pub(super) fn collapse_whitespace(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text of undeclared format is HTML: it has a tag that HTML knows, any end tag, or a reference.
fn contains_markup(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_tag_at = |at: usize| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let (rest, is_end) = rest.strip_prefix('/').map_or((rest, false), |rest| (rest, true));
        if rest.starts_with("!--") {
            return true;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let next = rest.as_bytes().get(end);
        let is_tag = next.is_some_and(|next| next.is_ascii_whitespace() || matches!(next, b'>' | b'/'));
        is_tag && end > 0 && (is_end || HTML_ELEMENTS.contains(&rest[..end].to_ascii_lowercase().as_str()))
    };
    let is_reference_at = |at: usize| {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        let end = rest.iter().take(33).position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'#');
        end.is_some_and(|end| end > 1 && rest[end] == b';')
    };
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'<' => is_tag_at(at),
        b'&' => is_reference_at(at),
        _ => false,
    })
}

/// The elements of HTML, obsolete ones included.
#[rustfmt::skip]
const HTML_ELEMENTS: [&str; 98] = [
    "a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b", "base", "bdo", "big",
    "blink", "blockquote", "body", "br", "button", "canvas", "caption", "center", "cite", "code", "col", "colgroup",
    "dd", "del", "details", "dfn", "dir", "div", "dl", "dt", "em", "embed", "fieldset", "figcaption", "figure", "font",
    "footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "i",
    "iframe", "img", "input", "ins", "kbd", "label", "li", "link", "map", "mark", "marquee", "meta", "nav", "noscript",
    "object", "ol", "p", "param", "pre", "q", "s", "samp", "script", "section", "select", "small", "span", "strike",
    "strong", "style", "sub", "summary", "sup", "svg", "table", "tbody", "td", "th", "tr", "tt", "u", "ul", "var",
    "video",
];
