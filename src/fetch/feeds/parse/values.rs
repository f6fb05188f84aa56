//! What an element of a feed says: text, HTML or an address, however it is written.

use std::fmt::Write as _;

use base64::Engine as _;
use url::Url;

use super::xml::{ADDRESS, XmlElement, XmlNode};
use crate::domain::text::html;

/// What the value of an element is by what its feed says, or by its look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ValueFormat {
    Plain,
    Html,
    /// Elements of the feed's own XML.
    Inline,
}

/// The text of a title or a name.
pub(super) fn plain(element: &XmlElement) -> String {
    let (written, value) = value(element);
    match written {
        ValueFormat::Plain => folded(&value),
        ValueFormat::Html | ValueFormat::Inline => html::text(&value),
    }
}

/// The HTML of a summary or a content, fit to be shown.
pub(super) fn html(element: &XmlElement) -> String {
    let (written, value) = value(element);
    match written {
        ValueFormat::Plain => escaped(&value),
        ValueFormat::Html | ValueFormat::Inline => html::safe(&value, Some(&element.base)),
    }
}

/// As [`plain`], of text that nothing is said about.
pub(super) fn plain_of(text: &str) -> String {
    if looks_like_html(text) { html::text(text) } else { folded(text) }
}

/// The address in `text`, resolved against `base`. What cannot be one stays as it is: it may still tell entries apart.
pub(super) fn address(text: &str, base: &Url) -> Option<String> {
    let text: String = text.trim().chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
    if text.is_empty() {
        return None;
    }
    // An address that is whole stays as it is written: others compare it letter by letter.
    if base.as_str().len() > ADDRESS || Url::parse(&text).is_ok() {
        return Some(text);
    }
    Some(base.join(&text).map_or(text, String::from))
}

fn value(element: &XmlElement) -> (ValueFormat, String) {
    let kind = element.attribute("type").unwrap_or_default().trim().to_ascii_lowercase();
    let mode = element.attribute("mode").unwrap_or_default().trim().to_ascii_lowercase();
    if let Some(text) = (mode == "base64" || is_data(&kind, element)).then(|| decoded(element)).flatten() {
        let written =
            if kind.contains("html") || looks_like_html(&text) { ValueFormat::Html } else { ValueFormat::Plain };
        return (written, text);
    }
    if element.elements().next().is_some() {
        return (ValueFormat::Inline, inline(element));
    }
    let text = element.text();
    let written = match kind.as_str() {
        "text" | "text/plain" if mode != "escaped" || !looks_like_html(&text) => ValueFormat::Plain,
        "html" | "xhtml" | "text/html" | "application/xhtml+xml" => ValueFormat::Html,
        _ if looks_like_html(&text) => ValueFormat::Html,
        _ => ValueFormat::Plain,
    };
    (written, text)
}

/// The text that is written in base64. Pictures and other data say nothing.
fn decoded(element: &XmlElement) -> Option<String> {
    let raw: String = element.text().split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(raw).ok()?;
    Some(String::from_utf8(bytes).unwrap_or_default().trim().to_owned())
}

/// A media type whose content is neither text nor XML, and so is written in base64.
fn is_data(kind: &str, element: &XmlElement) -> bool {
    if element.name != "content" {
        return kind == "application/octet-stream";
    }
    kind.contains('/') && !kind.starts_with("text/") && !kind.ends_with("xml")
}

/// The elements that `element` holds, written as HTML.
fn inline(element: &XmlElement) -> String {
    let mut html = String::new();
    for node in &element.children {
        write_node(node, element, &mut html);
    }
    html.trim().to_owned()
}

fn write_node(node: &XmlNode, parent: &XmlElement, html: &mut String) {
    let element = match node {
        // What a <script> or a <style> holds is not text to escape; it will not be shown either.
        XmlNode::Text(text) => return html.push_str(&escaped_raw(text)),
        XmlNode::Element(element) => element,
    };
    let _ = write!(html, "<{}", element.name);
    for (name, value) in element.attributes() {
        let moved = matches!(name, "href" | "src") && element.base != parent.base;
        let value = if moved { address(value, &element.base).unwrap_or_default() } else { value.to_owned() };
        let _ = write!(html, " {name}=\"{}\"", escaped_raw(&value));
    }
    html.push('>');
    if VOID.contains(&element.name.as_str()) {
        return;
    }
    for child in &element.children {
        write_node(child, element, html);
    }
    let _ = write!(html, "</{}>", element.name);
}

/// Elements of HTML that hold nothing and have no end tag.
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// Text as HTML.
pub(super) fn escaped(text: &str) -> String {
    escaped_raw(text.trim())
}

fn escaped_raw(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(super) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text that nothing is said about is HTML: it has a tag that HTML knows, any end tag,
/// or an entity.
pub(super) fn looks_like_html(text: &str) -> bool {
    let bytes = text.as_bytes();
    let tag = |at: usize| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let (rest, ends) = rest.strip_prefix('/').map_or((rest, false), |rest| (rest, true));
        if rest.starts_with("!--") {
            return true;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let next = rest.as_bytes().get(end);
        let is_tag = next.is_some_and(|next| next.is_ascii_whitespace() || matches!(next, b'>' | b'/'));
        is_tag && end > 0 && (ends || TAGS.contains(&rest[..end].to_ascii_lowercase().as_str()))
    };
    let entity = |at: usize| {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        let end = rest.iter().take(33).position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'#');
        end.is_some_and(|end| end > 1 && rest[end] == b';')
    };
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'<' => tag(at),
        b'&' => entity(at),
        _ => false,
    })
}

/// Elements that HTML knows.
#[rustfmt::skip]
const TAGS: [&str; 98] = [
    "a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b", "base", "bdo", "big",
    "blink", "blockquote", "body", "br", "button", "canvas", "caption", "center", "cite", "code", "col", "colgroup",
    "dd", "del", "details", "dfn", "dir", "div", "dl", "dt", "em", "embed", "fieldset", "figcaption", "figure", "font",
    "footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "i",
    "iframe", "img", "input", "ins", "kbd", "label", "li", "link", "map", "mark", "marquee", "meta", "nav", "noscript",
    "object", "ol", "p", "param", "pre", "q", "s", "samp", "script", "section", "select", "small", "span", "strike",
    "strong", "style", "sub", "summary", "sup", "svg", "table", "tbody", "td", "th", "tr", "tt", "u", "ul", "var",
    "video",
];
