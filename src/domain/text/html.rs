//! Sanitizes HTML from outside, and extracts its text.

mod bounds;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use ammonia::{Builder, UrlRelative};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use url::Url;

use self::bounds::{MAX_HTML_BYTES, limit_html};

/// The maximum length of the base URL, in bytes: it is added to every relative link.
const MAX_BASE_BYTES: usize = 1024;

/// The factor by which a text may grow through absolute links and the attributes of images; small texts may also grow
/// by the allowance. A feed may have many texts, and all of them are in memory.
const MAX_GROWTH_FACTOR: usize = 12;
const GROWTH_ALLOWANCE_BYTES: usize = 8 * 1024;

/// Elements that are removed with their content.
const HIDDEN_ELEMENTS: [&str; 8] =
    ["script", "style", "template", "iframe", "noembed", "noframes", "title", "textarea"];

/// Elements inside a line of text; all others separate words.
const INLINE_ELEMENTS: [&str; 36] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time",
    "tt", "u", "var", "wbr", "blink",
];

/// Returns `html` without anything that could do harm or track readers: no scripts, styles, forms, frames or handlers;
/// links only to `http`, `https` and `mailto`; images only from `http` and `https`. Links send no referrer and are
/// marked `nofollow`; images are loaded lazily and send no referrer.
///
/// Text beyond a megabyte, and tags nested deeper than 128, are removed.
///
/// Relative links are resolved against `base`; without a base they are removed, because they would lead to this server.
#[must_use]
pub fn sanitize_html(html: &str, base: Option<&Url>) -> String {
    let base = base.filter(|base| base.as_str().len() <= MAX_BASE_BYTES);
    let safe = clean_with_attribute(&limit_html(html), base, ("img", "loading", "lazy"));
    // One attribute at a time: ammonia adds several in a random order, and the same HTML must always produce the same
    // text.
    let safe = if safe.contains("<img") {
        clean_with_attribute(&safe, base, ("img", "referrerpolicy", "no-referrer"))
    } else {
        safe
    };
    // The result grew too much, through a long base URL in many links. Only its text is kept.
    if safe.len() > (2 * MAX_HTML_BYTES).min(MAX_GROWTH_FACTOR * html.len() + GROWTH_ALLOWANCE_BYTES) {
        escape_text(&html_to_text(html))
    } else {
        safe
    }
}

/// Returns sanitised HTML with links that open in a new tab: a frame must not show other sites.
#[must_use]
pub fn open_links_in_new_tab(sanitized: &str) -> String {
    if !sanitized.contains("<a ") {
        return sanitized.to_owned();
    }
    clean_with_attribute(sanitized, None, ("a", "target", "_blank"))
}

/// Escapes `text` for HTML.
fn escape_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Sanitizes `html` and sets an attribute on every element with this name: element, attribute, value.
fn clean_with_attribute(html: &str, base: Option<&Url>, added: (&'static str, &'static str, &'static str)) -> String {
    let (element, attribute, value) = added;
    // What an earlier pass set on images is kept; what the source set on them never is.
    let kept: &[&str] = if element == "img" { &["loading"] } else { &["loading", "referrerpolicy"] };
    let mut builder = Builder::default();
    builder
        .add_tags(["address", "main", "section", "tfoot"])
        .add_tag_attributes("img", kept)
        .add_clean_content_tags(HIDDEN_ELEMENTS)
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(base.map_or(UrlRelative::Deny, |base| UrlRelative::RewriteWithBase(base.clone())))
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value(element, attribute, value)
        .attribute_filter(|element, attribute, value| {
            let picture = element == "img" && attribute == "src";
            (!picture || is_web(value)).then_some(Cow::Borrowed(value))
        });
    builder.clean(html).to_string()
}

/// Returns whether `address` is a web URL, or relative: relative URLs without a base were removed before.
fn is_web(address: &str) -> bool {
    Url::parse(address).map_or_else(
        |error| error == url::ParseError::RelativeUrlWithoutBase,
        |url| matches!(url.scheme(), "http" | "https"),
    )
}

/// Returns the text of `html`: without tags, with entities resolved and white space collapsed. Content that a page
/// never shows, such as a script, is not included.
#[must_use]
pub fn html_to_text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return fold_white_space(html);
    }
    let html = limit_html(html);
    let tokenizer = Tokenizer::new(VisibleTextSink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html.as_str()));
    // Scripts are not run, so the tokenizer never waits for one; after each return the rest is fed to it.
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
    fold_white_space(&tokenizer.sink.text.borrow())
}

fn fold_white_space(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

/// Collects the text outside of hidden elements.
#[derive(Default)]
struct VisibleTextSink {
    text: RefCell<String>,
    /// The hidden element that is open, and its nesting depth.
    unseen: RefCell<String>,
    depth: Cell<u32>,
}

impl TokenSink for VisibleTextSink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) if self.depth.get() == 0 => self.text.borrow_mut().push_str(&text),
            Token::TagToken(tag) => return self.process_tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl VisibleTextSink {
    fn process_tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        if !INLINE_ELEMENTS.contains(&name) {
            self.text.borrow_mut().push(' ');
        }
        if !HIDDEN_ELEMENTS.contains(&name) {
            return TokenSinkResult::Continue;
        }
        let opens = tag.kind == TagKind::StartTag;
        if self.depth.get() == 0 && opens {
            name.clone_into(&mut self.unseen.borrow_mut());
        }
        if *self.unseen.borrow() == name {
            self.depth.set(if opens { self.depth.get() + 1 } else { self.depth.get().saturating_sub(1) });
        }
        match (opens, name) {
            (false, _) => TokenSinkResult::Continue,
            (true, "script") => TokenSinkResult::RawData(ScriptData),
            (true, "title" | "textarea") => TokenSinkResult::RawData(Rcdata),
            (true, "style" | "iframe" | "noembed" | "noframes") => TokenSinkResult::RawData(Rawtext),
            (true, _) => TokenSinkResult::Continue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{html_to_text, sanitize_html};

    #[test]
    fn no_script_and_no_tracker_is_left() {
        let base = "https://example.org/a/".parse().expect("an address");
        let html = r#"<script>x()</script><p onclick="x()" style="x">
            Hi <a href="b">there</a><a href="javascript:x()">no</a>
            <img src="c.png" onerror="x()"><img src="data:image/png;base64,AA">
            <iframe src="x">f</iframe><form>f</form></p>"#;
        let shown = sanitize_html(html, Some(&base));
        for never in ["script", "onclick", "style", "data:", "iframe", "form>", "onerror"] {
            assert!(!shown.contains(never), "{never} in {shown}");
        }
        assert!(
            shown.contains(r#"<a href="https://example.org/a/b" rel="noopener noreferrer nofollow">there</a>"#),
            "{shown}"
        );
        assert!(
            shown.contains(r#"<img src="https://example.org/a/c.png" loading="lazy" referrerpolicy="no-referrer">"#)
        );
        assert!(!sanitize_html(html, None).contains("href=\"b\""), "a relative link would lead into our own site");
        assert_eq!(sanitize_html(&shown, None), shown, "what is safe stays as it is");
    }

    #[test]
    fn the_same_html_is_written_the_same_each_time() {
        let html = r#"<img height="2" width="3" alt="x" title="y" src="https://example.org/c.png" align="left">
            <a title="t" href="https://example.org/">a</a>"#;
        let first = sanitize_html(html, None);
        for _ in 0..50 {
            assert_eq!(sanitize_html(html, None), first);
        }
    }

    #[test]
    fn a_long_base_before_many_links_does_not_make_them_grow_without_end() {
        let base = format!("https://example.org/{}/", "b".repeat(1000)).parse().expect("an address");
        let shown = sanitize_html(&"<a href=x>&lt;</a>".repeat(20_000), Some(&base));
        assert_eq!(shown, "&lt;".repeat(20_000));
        let shown = sanitize_html(&"<a href=x>&lt;</a>".repeat(50), Some(&base));
        assert_eq!(shown, "&lt;".repeat(50), "a small text is one of many");
        assert!(sanitize_html("<a href=x>x</a>", Some(&base)).contains("/bbb"), "a few links have room for it");
        let pictures = "<img src=x>".repeat(1000);
        assert!(
            sanitize_html(&pictures, "https://example.org/a/".parse().ok().as_ref()).contains("/a/x"),
            "usual ones have room"
        );
    }

    #[test]
    fn html_is_converted_to_its_text() {
        assert_eq!(
            html_to_text("<p>One</p><p>t<b>w</b>o&nbsp;&eacute; &lt;3</p><script>no <b>x</b></script>\n\n end"),
            "One two é <3 end"
        );
        assert_eq!(html_to_text("<title>a</title><object><b>b</b></object><br><noscript>c</noscript>"), "b c");
        assert_eq!(html_to_text("plain  text"), "plain text");
        assert_eq!(html_to_text("1 < 2 & 3"), "1 < 2 & 3");
    }
}
