//! Reads JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1).

use std::cell::Cell;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::{Map, Value};
use url::Url;

use super::dates::parse_date;
use super::error::{ParseError, ParseErrorKind};
use super::feed::{Feed, FeedEntry, MAX_ENTRIES, skipped_entries_note};
use super::values::{collapse_whitespace, escape_html, resolve_address};
use crate::domain::bounded_json::{BoundedJson, MAX_VALUES};
use crate::domain::text::html;
use crate::domain::text::shortening::clip_name;

/// How many authors, and how many categories, of one feed or entry are read.
const MAX_NAMES: usize = 100;

/// Parses `text` as a JSON Feed.
///
/// # Errors
/// [`ParseErrorKind::MalformedFeed`] when the text is not JSON or has too many values, and [`ParseErrorKind::NotAFeed`]
/// when it is other JSON.
pub(super) fn parse_json_feed(text: &str, base: &Url) -> Result<Feed, ParseError> {
    let skipped = Cell::new(0);
    let value = read_object(text, &skipped).map_err(|error| {
        ParseError::new(ParseErrorKind::MalformedFeed, format!("The feed is not valid JSON: {error}."))
    })?;
    let skipped = skipped.get();
    let version = value["version"].as_str().unwrap_or_default();
    if !version.contains("jsonfeed.org/version/") && !value["items"].is_array() {
        let message = "Not an RSS, Atom or JSON feed: this is other JSON.";
        return Err(ParseError::new(ParseErrorKind::NotAFeed, message));
    }
    let items = value["items"].as_array().map_or(&[][..], Vec::as_slice);
    // Clipped because every entry gets a copy.
    let feed_author = clip_name(&read_authors(&value));
    let entries =
        items.iter().filter(|item| item.is_object()).map(|item| read_entry(item, &feed_author, base)).collect();
    let notes = (skipped > 0).then(|| skipped_entries_note(skipped));
    Ok(Feed {
        title: read_line(&value, "title"),
        link: read_link(&value, "home_page_url", base),
        entries,
        notes: notes.into_iter().collect(),
        is_incomplete: false,
    })
}

/// Reads the object of a feed with at most [`MAX_ENTRIES`] items. `skipped` counts the others.
fn read_object(text: &str, skipped: &Cell<u64>) -> serde_json::Result<Value> {
    let budget = Cell::new(MAX_VALUES);
    let mut json = serde_json::Deserializer::from_str(text);
    let value = json.deserialize_map(JsonFeedVisitor { value: BoundedJson::new(&budget), skipped })?;
    json.end().map(|()| value)
}

/// Reads `{"items": […], …}`.
struct JsonFeedVisitor<'a> {
    value: BoundedJson<'a>,
    skipped: &'a Cell<u64>,
}

impl<'de> Visitor<'de> for JsonFeedVisitor<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let seed = if name == "items" { self.value.with_list_limit(MAX_ENTRIES, self.skipped) } else { self.value };
            members.insert(name, object.next_value_seed(seed)?);
        }
        Ok(Value::Object(members))
    }
}

fn read_entry(item: &Value, feed_author: &str, base: &Url) -> FeedEntry {
    let attachments = item["attachments"].as_array().map_or(&[][..], Vec::as_slice);
    let content = match (item["content_html"].as_str(), item["content_text"].as_str()) {
        (Some(html), _) => html::sanitize_html(html, Some(base)),
        (None, Some(text)) => escape_html(text),
        (None, None) => String::new(),
    };
    let own_author = read_authors(item);
    let guid = match &item["id"] {
        Value::String(id) => Some(id.trim().to_owned()).filter(|id| !id.is_empty()),
        // Version 1.0 requires readers to accept numbers.
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    let tags = item["tags"].as_array().map_or(&[][..], Vec::as_slice);
    let mut categories: Vec<String> = Vec::new();
    for tag in tags.iter().filter_map(Value::as_str).map(collapse_whitespace).take(MAX_NAMES) {
        if !tag.is_empty() && !categories.contains(&tag) {
            categories.push(tag);
        }
    }
    FeedEntry {
        guid,
        link: read_link(item, "url", base).or_else(|| read_link(item, "external_url", base)),
        title: read_line(item, "title"),
        author: if own_author.is_empty() { feed_author.to_owned() } else { own_author },
        published: item["date_published"].as_str().and_then(parse_date),
        updated: item["date_modified"].as_str().and_then(parse_date),
        summary: item["summary"].as_str().map(escape_html).unwrap_or_default(),
        content,
        categories,
        image: read_link(item, "image", base).or_else(|| read_link(item, "banner_image", base)),
        enclosure: attachments.iter().find_map(|attachment| read_link(attachment, "url", base)),
    }
}

fn read_line(value: &Value, name: &str) -> String {
    value[name].as_str().map(collapse_whitespace).unwrap_or_default()
}

fn read_link(value: &Value, name: &str, base: &Url) -> Option<String> {
    value[name].as_str().and_then(|text| resolve_address(text, base))
}

/// The names in `authors` (version 1.1) or `author` (1.0), separated by commas.
fn read_authors(value: &Value) -> String {
    let many = value["authors"].as_array().map_or(&[][..], Vec::as_slice);
    let names = many.iter().chain([&value["author"]]).take(MAX_NAMES).map(|author| read_line(author, "name"));
    let mut known: Vec<String> = Vec::new();
    for name in names {
        if !name.is_empty() && !known.contains(&name) {
            known.push(name);
        }
    }
    known.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Feed, MAX_ENTRIES, MAX_NAMES, MAX_VALUES, ParseError, parse_json_feed};
    use crate::domain::text::counts::group_digits;

    fn parse_text(text: &str) -> Result<Feed, ParseError> {
        parse_json_feed(text, &"https://h.example/".parse().expect("an address"))
    }

    #[test]
    fn the_number_of_authors_is_bounded() {
        let authors: Vec<_> = (0..1000).map(|n| json!({"name": format!("n{n}")})).collect();
        let feed = parse_text(&json!({"items": [{"authors": authors}]}).to_string()).expect("a feed");
        assert_eq!(feed.entries[0].author.split(", ").count(), MAX_NAMES);
    }

    #[test]
    fn skipped_items_are_counted_and_take_no_memory() {
        // Each of these items has three values.
        let more = MAX_VALUES / 3;
        let items = vec!["[0,0]"; MAX_ENTRIES + more].join(",");
        let feed = parse_text(&format!("{{\"items\":[{items}],\"title\":\"T\"}}")).expect("a feed");
        assert_eq!(feed.title, "T");
        assert_eq!(
            feed.notes,
            [format!(
                "The feed has more than 20,000 entries; the last {} entries were skipped.",
                group_digits(more as u64)
            )]
        );
        let wide = format!("{{\"items\":[{{\"tags\":[{}0]}}]}}", "0,".repeat(MAX_VALUES));
        let error = parse_text(&wide).expect_err("too many values").to_string();
        assert!(error.contains("it contains more than 1000000 values"), "{error}");
    }
}
