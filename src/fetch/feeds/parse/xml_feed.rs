//! Reads a feed written in XML: RSS or Atom of any version.

use std::borrow::Cow;

use url::Url;

use super::error::{ParseError, ParseErrorKind};
use super::feed::{Feed, MAX_ENTRIES, skipped_entries_note};
use super::xml::{XmlStep, XmlWalker};
use super::xml_entry::{EntryDraft, read_entry};
use crate::domain::text::shortening::clip_name;

/// Elements that contain the feed and its entries, alone or inside one another.
const CONTAINER_ELEMENTS: [&str; 4] = ["rss", "rdf", "channel", "feed"];

/// The longest name of an element that an error quotes, in characters.
const MAX_QUOTED_NAME_CHARS: usize = 40;

/// Parses `text` as RSS or Atom.
///
/// # Errors
/// As [`super::parse`].
pub(super) fn parse_xml_feed(text: &str, base: &Url) -> Result<Feed, ParseError> {
    // There may be blank lines or warnings of the server's scripts before the first tag.
    let text = &text[text.find('<').unwrap_or(text.len())..];
    let completed = complete_last_tag(text);
    let mut walker = XmlWalker::new(&completed, base);
    let mut feed_draft = EntryDraft::default();
    let mut container_link = None;
    let mut is_feed = false;
    let mut entries = Vec::new();
    let mut skipped = 0_u64;
    while let Some(step) = walker.next_step()? {
        let XmlStep::Open(element) = step else { continue };
        match element.name.as_str() {
            name if CONTAINER_ELEMENTS.contains(&name) => {
                is_feed = true;
                container_link = container_link
                    .or_else(|| ["about", "href"].iter().find_map(|name| element.attribute(name)).map(str::to_owned));
            }
            "item" | "entry" => {
                is_feed |= element.name == "entry";
                let element = walker.read_element(element)?;
                if entries.len() < MAX_ENTRIES {
                    entries.push(read_entry(&element));
                } else {
                    skipped += 1;
                }
            }
            _ if !is_feed => return Err(not_a_feed(&element.name)),
            _ => feed_draft.add_element(&walker.read_element(element)?),
        }
    }
    let defect = if text.len() < completed.len() {
        Some("the last tag is cut off".to_owned())
    } else {
        walker.first_defect.take()
    };
    let is_unreadable = !is_feed || (entries.is_empty() && walker.is_cut);
    match &defect {
        Some(defect) if is_unreadable => {
            let message = format!("The feed is not valid XML: {defect}.");
            return Err(ParseError::new(ParseErrorKind::MalformedFeed, message));
        }
        None if !is_feed => return Err(ParseError::new(ParseErrorKind::NotAFeed, "Not an RSS, Atom or JSON feed.")),
        _ => {}
    }
    // Clipped because every entry gets a copy.
    let feed_author = clip_name(&feed_draft.authors());
    for entry in entries.iter_mut().filter(|entry| entry.author.is_empty()) {
        entry.author.clone_from(&feed_author);
    }
    let (title, link) = feed_draft.into_title_and_link();
    let mut feed =
        Feed { title, link: link.or(container_link), entries, notes: Vec::new(), is_incomplete: defect.is_some() };
    feed.notes
        .extend(defect.map(|defect| format!("Invalid XML: {defect}. Everything that could be read was imported.")));
    feed.notes.extend((skipped > 0).then(|| skipped_entries_note(skipped)));
    Ok(feed)
}

/// `text` with a `>` added if its last end tag lacks one.
fn complete_last_tag(text: &str) -> Cow<'_, str> {
    let last = text.rfind('<').map_or("", |at| &text[at..]);
    let is_cut = last.starts_with("</") && !last.contains('>');
    if is_cut { Cow::Owned(format!("{text}>")) } else { Cow::Borrowed(text) }
}

fn not_a_feed(name: &str) -> ParseError {
    let name: String = name.chars().take(MAX_QUOTED_NAME_CHARS).collect();
    ParseError::new(ParseErrorKind::NotAFeed, format!("Not an RSS, Atom or JSON feed: the file begins with <{name}>."))
}
