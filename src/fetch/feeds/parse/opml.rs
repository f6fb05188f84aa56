//! A list of feeds: OPML 1 and 2 (opml.org/spec2.opml).
//!
//! It is not read as XML, but outline by outline: lists are put together by hand and by programs that escape nothing,
//! and a quotation mark or a link in a description is no reason to lose the feeds that follow. Well-formed lists come
//! out as from an XML reader; the crate `opml` wants all of them to be that.

use std::borrow::Cow;
use std::collections::HashSet;

use super::charset;
use super::charset::EncodingHints;
use super::values::folded;
use super::xml_names::{refuse_entities, unescaped};
use crate::domain::location::web_address;
use crate::domain::text::counts::grouped;
use crate::fetch::FetchError;

/// How many feeds of a list are read.
const FEEDS: usize = 10_000;

/// How much of an outline is looked at, in bytes, and how many of its attributes.
const OUTLINE: usize = 64 * 1024;
const ATTRIBUTES: usize = 100;

/// A list of feeds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::fetch) struct FeedList {
    /// Each address once, in the order of the list.
    pub(in crate::fetch) feeds: Vec<ListedFeed>,
    /// What was mended or passed over, in sentences for people.
    pub(in crate::fetch) notes: Vec<String>,
    /// Whether it ends in the middle.
    pub(in crate::fetch) is_cut: bool,
}

/// A feed in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::fetch) struct ListedFeed {
    /// As the list has it, but for `feed:`, which is an address of the web.
    pub(in crate::fetch) address: String,
    /// What the list calls it; empty if it does not.
    pub(in crate::fetch) title: String,
}

/// Reads a list of feeds. `hints` say what is known of its encoding. Outlines without `xmlUrl` are folders or
/// links to pages and are passed over; folders in folders are read to any depth.
///
/// # Errors
/// When it is no list (`not_a_list`), cannot be read as far as its first feed (`bad_list`), or declares entities of its
/// own (`entities_declared`).
pub(in crate::fetch) fn addresses(bytes: &[u8], hints: EncodingHints<'_>) -> Result<FeedList, FetchError> {
    let written = charset::decode(bytes, hints);
    let text = without_comments(&written.text);
    let Some(begins) = text.match_indices('<').find_map(|(at, _)| name(&text[at + 1..]).map(|name| (at, name))) else {
        refuse_entities(&text)?;
        return Err(FetchError::failed("not_a_list", "It is no list of feeds: there is no <opml> in it."));
    };
    refuse_entities(&text[..begins.0])?;
    if !["opml", "outlinedocument"].contains(&begins.1.as_str()) {
        let name: String = begins.1.chars().take(40).collect();
        let message = format!("It is no list of feeds: it begins with <{name}>, not with <opml>.");
        return Err(FetchError::failed("not_a_list", message));
    }
    let (mut list, mut known) = (FeedList::default(), HashSet::new());
    let (mut more, mut twice) = (0_u64, 0_u64);
    for feed in outlines(&text[begins.0..]).filter_map(listed) {
        if known.contains(&feed.address) {
            twice += 1;
        } else if list.feeds.len() < FEEDS {
            known.insert(feed.address.clone());
            list.feeds.push(feed);
        } else {
            more += 1;
        }
    }
    let is_cut = !text.trim_end().ends_with('>');
    if is_cut && list.feeds.is_empty() {
        return Err(FetchError::failed("bad_list", "It cannot be read: it ends in the middle."));
    }
    list.is_cut = is_cut;
    list.notes.extend(written.note);
    list.notes.extend(is_cut.then(|| "It ends in the middle. What is there was taken.".to_owned()));
    list.notes.extend(
        (twice > 0).then(|| format!("{} of its feeds are in it more than once; each was taken once.", grouped(twice))),
    );
    list.notes.extend((more > 0).then(|| {
        format!("It has {} feeds more than the {} that are read of one list.", grouped(more), grouped(FEEDS as u64))
    }));
    Ok(list)
}

/// What is commented out is not in the list.
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
fn name(text: &str) -> Option<String> {
    let whole: String = text.chars().take(80).take_while(|c| !c.is_whitespace() && !matches!(c, '>' | '/')).collect();
    whole
        .starts_with(|c: char| c.is_ascii_alphabetic())
        .then(|| whole.rsplit(':').next().unwrap_or_default().to_ascii_lowercase())
}

/// What stands in each outline, up to where the next begins or it ends.
fn outlines(text: &str) -> impl Iterator<Item = &str> {
    let is_mark = |at: usize| {
        let rest = &text[at + 1..];
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        name(rest).filter(|name| matches!(name.as_str(), "outline" | "body" | "opml" | "head"))
    };
    let mut marks = text.match_indices('<').filter_map(move |(at, _)| Some((at, is_mark(at)?))).peekable();
    std::iter::from_fn(move || {
        loop {
            let (at, name) = marks.next()?;
            let end = marks.peek().map_or(text.len(), |(next, _)| *next);
            if name == "outline" && !text[at..].starts_with("</") {
                let outline = &text[at..end];
                return Some(&outline[..outline.floor_char_boundary(OUTLINE)]);
            }
        }
    })
}

/// The feed that an outline stands for. The specification writes `xmlUrl`; names are read in any case.
fn listed(outline: &str) -> Option<ListedFeed> {
    let attributes = attributes(outline.trim_end());
    let attribute = |name: &str| {
        let found = attributes.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| folded(&unescaped(value))).filter(|value| !value.is_empty())
    };
    // A list within the list, in the words of Liferea.
    if attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("source")) {
        return None;
    }
    let address = web_address(&attribute("xmlurl")?).into_owned();
    Some(ListedFeed { address, title: attribute("text").or_else(|| attribute("title")).unwrap_or_default() })
}

fn attributes(outline: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(equals) = outline[at..].find('=').map(|equals| at + equals) {
        let name = outline[at..equals].trim_end();
        let name = &name[name.rfind(|c: char| c.is_whitespace()).map_or(0, |space| space + 1)..];
        let value = outline[equals + 1..].trim_start();
        let begins = outline.len() - value.len();
        at = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let end = end_of_value(outline, begins + 1, quote);
                found.push((name, &outline[begins + 1..end]));
                (end + 1).min(outline.len())
            }
            _ => equals + 1,
        };
        if found.len() == ATTRIBUTES {
            break;
        }
    }
    found
}

/// Where the value ends that begins at `from`: at the quotation mark after which another attribute or the end of the
/// tag comes, as one that nobody escaped is part of the value; where there is none, at the first.
fn end_of_value(outline: &str, from: usize, quote: char) -> usize {
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
    use super::{EncodingHints, addresses};

    #[test]
    fn what_nobody_escaped_costs_no_feed() {
        let list = br#"<?xml version="1.0"?><!-- <outline xmlUrl="http://a.example/no"/> --><OPML><body><outline text="Folder">
            <outline text="He said "it's = so" and left" description="See <a href="http://x.example/">X</a>." XMLURL='http://a.example/?a=1&amp;b=2'/>
            <outline xmlUrl="http://b.example/" title="b &eacute;"></outline><outline text="no feed" url="http://c.example/"/>
            <outline xmlUrl = "http://a.example/?a=1&amp;b=2" text=""/></outline></body></OPML>"#;
        let list = addresses(list, EncodingHints::default()).expect("a list");
        let feeds: Vec<_> = list.feeds.iter().map(|feed| (feed.address.as_str(), feed.title.as_str())).collect();
        let said = "He said \"it's = so\" and left";
        assert_eq!(feeds, [("http://a.example/?a=1&b=2", said), ("http://b.example/", "b é")]);
        assert_eq!(list.notes, ["1 of its feeds are in it more than once; each was taken once."]);
    }

    #[test]
    fn what_is_no_list_is_refused_by_a_sentence() {
        for (text, told) in [
            ("<html><opml>", "It is no list of feeds: it begins with <html>, not with <opml>."),
            ("", "It is no list of feeds: there is no <opml> in it."),
            ("<opml><body><outl", "It cannot be read: it ends in the middle."),
        ] {
            assert_eq!(addresses(text.as_bytes(), EncodingHints::default()).expect_err(text).to_string(), told);
        }
    }
}
