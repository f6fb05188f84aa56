//! Reads lists of feeds: OPML 1 and 2 (opml.org/spec2.opml).
//!
//! A list is not read as XML but outline by outline. Many lists are written by hand or by programs that do not escape
//! text, and an unescaped quotation mark or link in a description must not lose the feeds after it. From well-formed
//! lists the result is the same as that of an XML reader. The crate `opml` accepts only well-formed lists.

use std::borrow::Cow;
use std::collections::HashSet;

use super::charset;
use super::error::{ParseError, ParseErrorKind};
use super::hints::EncodingHints;
use super::values::collapse_whitespace;
use super::xml::references::{refuse_entities, resolve_references};
use crate::domain::location::web_address;
use crate::domain::text::counts::group_digits;

/// How many feeds of one list are read.
const MAX_FEEDS: usize = 10_000;

/// How many bytes of one outline are read.
const MAX_OUTLINE_BYTES: usize = 64 * 1024;
/// How many attributes of one outline are read.
const MAX_ATTRIBUTES: usize = 100;

/// The longest name of an element that is read, in characters.
const MAX_NAME_CHARS: usize = 80;
/// The longest name of an element that an error quotes, in characters.
const MAX_QUOTED_NAME_CHARS: usize = 40;

/// A list of feeds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FeedList {
    /// The feeds in the order of the list, without duplicates.
    pub feeds: Vec<ListedFeed>,
    /// Messages for people about what was repaired or skipped.
    pub notes: Vec<String>,
    /// Whether the end of the list is cut off.
    pub is_cut: bool,
}

/// A feed that a list names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedFeed {
    /// The address as written in the list, with `feed:` addresses converted to web addresses.
    pub address: String,
    /// The title in the list; empty if there is none.
    pub title: String,
}

/// Parses a list of feeds. Feeds in folders are read at any depth. Outlines without `xmlUrl` are folders or links to
/// pages and are not returned.
///
/// # Errors
/// [`ParseErrorKind::NotAList`] when the content is not OPML, [`ParseErrorKind::MalformedList`] when it is cut off
/// before its first feed, and [`ParseErrorKind::EntitiesDeclared`] when it declares entities.
pub fn parse_feed_list(bytes: &[u8], hints: EncodingHints<'_>) -> Result<FeedList, ParseError> {
    let decoded = charset::decode(bytes, hints);
    let text = without_comments(&decoded.text);
    let first_tag = text.match_indices('<').find_map(|(at, _)| tag_name(&text[at + 1..]).map(|name| (at, name)));
    let Some((root, root_name)) = first_tag else {
        refuse_entities(&text)?;
        return Err(ParseError::new(ParseErrorKind::NotAList, "Not a list of feeds (OPML)."));
    };
    refuse_entities(&text[..root])?;
    if !["opml", "outlinedocument"].contains(&root_name.as_str()) {
        let name: String = root_name.chars().take(MAX_QUOTED_NAME_CHARS).collect();
        let message = format!("Not a list of feeds (OPML): the file begins with <{name}>.");
        return Err(ParseError::new(ParseErrorKind::NotAList, message));
    }
    let (mut list, mut known) = (FeedList::default(), HashSet::new());
    let (mut skipped, mut repeated) = (0_u64, 0_u64);
    for feed in outlines(&text[root..]).filter_map(read_outline) {
        if known.contains(&feed.address) {
            repeated += 1;
        } else if list.feeds.len() < MAX_FEEDS {
            known.insert(feed.address.clone());
            list.feeds.push(feed);
        } else {
            skipped += 1;
        }
    }
    let is_cut = !text.trim_end().ends_with('>');
    if is_cut && list.feeds.is_empty() {
        return Err(ParseError::new(
            ParseErrorKind::MalformedList,
            "The list is cut off before its first feed. Export it again.",
        ));
    }
    list.is_cut = is_cut;
    list.notes.extend(decoded.note);
    list.notes.extend(is_cut.then(|| {
        "The end of the list is missing. The feeds before that point were read. Export the list again.".to_owned()
    }));
    list.notes.extend((repeated > 0).then(|| match repeated {
        1 => "1 feed is listed more than once.".to_owned(),
        _ => format!("{} feeds are listed more than once.", group_digits(repeated)),
    }));
    list.notes.extend((skipped > 0).then(|| {
        let max = group_digits(MAX_FEEDS as u64);
        format!("The list has more than {max} feeds; the last {} were skipped.", group_digits(skipped))
    }));
    Ok(list)
}

/// `text` without its comments.
fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains("<!--") {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    Cow::Owned(kept + rest)
}

/// The name of the tag whose `<` comes before `text`, without its prefix and in lower case.
fn tag_name(text: &str) -> Option<String> {
    let whole: String =
        text.chars().take(MAX_NAME_CHARS).take_while(|c| !c.is_whitespace() && !matches!(c, '>' | '/')).collect();
    whole
        .starts_with(|c: char| c.is_ascii_alphabetic())
        .then(|| whole.rsplit(':').next().unwrap_or_default().to_ascii_lowercase())
}

/// The text of each outline, up to its end or the beginning of the next outline.
fn outlines(text: &str) -> impl Iterator<Item = &str> {
    let is_mark = |at: usize| {
        let rest = &text[at + 1..];
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        tag_name(rest).filter(|name| matches!(name.as_str(), "outline" | "body" | "opml" | "head"))
    };
    let mut marks = text.match_indices('<').filter_map(move |(at, _)| Some((at, is_mark(at)?))).peekable();
    std::iter::from_fn(move || {
        loop {
            let (at, name) = marks.next()?;
            let end = marks.peek().map_or(text.len(), |(next, _)| *next);
            if name == "outline" && !text[at..].starts_with("</") {
                let outline = &text[at..end];
                return Some(&outline[..outline.floor_char_boundary(MAX_OUTLINE_BYTES)]);
            }
        }
    })
}

/// The feed that an outline names, if any. Attribute names are matched in any case.
fn read_outline(outline: &str) -> Option<ListedFeed> {
    let attributes = read_attributes(outline.trim_end());
    let attribute = |name: &str| {
        let found = attributes.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| collapse_whitespace(&resolve_references(value))).filter(|value| !value.is_empty())
    };
    // Liferea writes a list inside a list as an outline of this type.
    if attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("source")) {
        return None;
    }
    let address = web_address(&attribute("xmlurl")?).into_owned();
    Some(ListedFeed { address, title: attribute("text").or_else(|| attribute("title")).unwrap_or_default() })
}

fn read_attributes(outline: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(equals) = outline[at..].find('=').map(|equals| at + equals) {
        let name = outline[at..equals].trim_end();
        let name = name.rsplit(char::is_whitespace).next().unwrap_or(name);
        let value = outline[equals + 1..].trim_start();
        let begins = outline.len() - value.len();
        at = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let end = find_value_end(outline, begins + 1, quote);
                found.push((name, &outline[begins + 1..end]));
                (end + 1).min(outline.len())
            }
            _ => equals + 1,
        };
        if found.len() == MAX_ATTRIBUTES {
            break;
        }
    }
    found
}

/// The end of the value that begins at `from`: the first quotation mark that another attribute or the end of the tag
/// follows. Other quotation marks are unescaped parts of the value. If there is no such mark, the first one ends the
/// value.
fn find_value_end(outline: &str, from: usize, quote: char) -> usize {
    let mut marks = outline[from..].match_indices(quote).map(|(at, _)| from + at);
    let ends = |at: &usize| {
        let rest = &outline[at + 1..];
        let next = rest.trim_start();
        if next.starts_with('/') || next.starts_with('>') {
            return next.trim_start_matches('/').trim_start() == ">";
        }
        let name =
            next.bytes().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || b"_-:.".contains(byte)).count();
        next.len() < rest.len() && name > 0 && next[name..].trim_start().starts_with('=')
    };
    let first = marks.clone().next().unwrap_or(outline.len());
    marks.find(ends).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::{EncodingHints, parse_feed_list};

    #[test]
    fn unescaped_characters_lose_no_feed() {
        let list = br#"<?xml version="1.0"?><!-- <outline xmlUrl="http://a.example/no"/> --><OPML><body><outline text="Folder">
            <outline text="He said "it's = so" and left" description="See <a href="http://x.example/">X</a>." XMLURL='http://a.example/?a=1&amp;b=2'/>
            <outline xmlUrl="http://b.example/" title="b &eacute;"></outline><outline text="no feed" url="http://c.example/"/>
            <outline xmlUrl = "http://a.example/?a=1&amp;b=2" text=""/></outline></body></OPML>"#;
        let list = parse_feed_list(list, EncodingHints::default()).expect("a list");
        let feeds: Vec<_> = list.feeds.iter().map(|feed| (feed.address.as_str(), feed.title.as_str())).collect();
        let title = "He said \"it's = so\" and left";
        assert_eq!(feeds, [("http://a.example/?a=1&b=2", title), ("http://b.example/", "b é")]);
        assert_eq!(list.notes, ["1 feed is listed more than once."]);
    }

    #[test]
    fn other_content_is_refused_with_a_message() {
        for (text, message) in [
            ("<html><opml>", "Not a list of feeds (OPML): the file begins with <html>."),
            ("", "Not a list of feeds (OPML)."),
            ("<opml><body><outl", "The list is cut off before its first feed. Export it again."),
        ] {
            assert_eq!(
                parse_feed_list(text.as_bytes(), EncodingHints::default()).expect_err(text).to_string(),
                message
            );
        }
    }
}
