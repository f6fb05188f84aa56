//! JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1).

use std::cell::Cell;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::{Map, Value};
use url::Url;

use super::dates;
use super::feed::{ENTRIES, Feed, FeedEntry, too_many_entries};
use super::values::{address, escaped, folded};
use crate::domain::bounded_json;
use crate::domain::bounded_json::BoundedJson;
use crate::domain::text::html;
use crate::fetch::FetchError;
use crate::fetch::feeds::articles::clipped;

/// How many authors of one thing are read.
const AUTHORS: usize = 100;

/// Reads a JSON Feed.
///
/// # Errors
/// When it is no JSON, or JSON that is no feed.
pub(super) fn parse(text: &str, base: &Url) -> Result<Feed, FetchError> {
    let left_out = Cell::new(0);
    let value = read(text, &left_out)
        .map_err(|error| FetchError::failed("bad_feed", format!("It cannot be read as JSON: {error}.")))?;
    let left_out = left_out.get();
    let version = value["version"].as_str().unwrap_or_default();
    if !version.contains("jsonfeed.org/version/") && !value["items"].is_array() {
        return Err(FetchError::failed("not_a_feed", "It is no feed: it is JSON, but not a JSON Feed."));
    }
    let items = value["items"].as_array().map_or(&[][..], Vec::as_slice);
    // It stands in every entry, so it is cut before.
    let by = clipped(&authors(&value));
    let entries = items.iter().filter(|item| item.is_object()).map(|item| entry(item, &by, base)).collect();
    let notes = (left_out > 0).then(|| too_many_entries(left_out));
    Ok(Feed {
        title: said(&value, "title"),
        link: link(&value, "home_page_url", base),
        entries,
        notes: notes.into_iter().collect(),
        is_broken: false,
    })
}

/// The object that a feed is, with as many of its items as are read.
fn read(text: &str, left_out: &Cell<u64>) -> serde_json::Result<Value> {
    let left = Cell::new(bounded_json::MAX_VALUES);
    let mut json = serde_json::Deserializer::from_str(text);
    let value = json.deserialize_map(JsonFeedVisitor { value: BoundedJson::new(&left), left_out })?;
    json.end().map(|()| value)
}

/// Reads `{"items": […], …}`.
struct JsonFeedVisitor<'a> {
    value: BoundedJson<'a>,
    left_out: &'a Cell<u64>,
}

impl<'de> Visitor<'de> for JsonFeedVisitor<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let seed = if name == "items" { self.value.with_list_limit(ENTRIES, self.left_out) } else { self.value };
            members.insert(name, object.next_value_seed(seed)?);
        }
        Ok(Value::Object(members))
    }
}

fn entry(item: &Value, by: &str, base: &Url) -> FeedEntry {
    let attachments = item["attachments"].as_array().map_or(&[][..], Vec::as_slice);
    let content = match (item["content_html"].as_str(), item["content_text"].as_str()) {
        (Some(html), _) => html::safe(html, Some(base)),
        (None, Some(text)) => escaped(text),
        (None, None) => String::new(),
    };
    let own = authors(item);
    let guid = match &item["id"] {
        Value::String(id) => Some(id.trim().to_owned()).filter(|id| !id.is_empty()),
        // Version 1 asks to take numbers as well.
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    let tags = item["tags"].as_array().map_or(&[][..], Vec::as_slice);
    let mut categories: Vec<String> = Vec::new();
    for tag in tags.iter().filter_map(Value::as_str).map(folded).take(100) {
        if !tag.is_empty() && !categories.contains(&tag) {
            categories.push(tag);
        }
    }
    FeedEntry {
        guid,
        link: link(item, "url", base).or_else(|| link(item, "external_url", base)),
        title: said(item, "title"),
        author: if own.is_empty() { by.to_owned() } else { own },
        published: item["date_published"].as_str().and_then(dates::moment),
        updated: item["date_modified"].as_str().and_then(dates::moment),
        summary: item["summary"].as_str().map(escaped).unwrap_or_default(),
        content,
        categories,
        image: link(item, "image", base).or_else(|| link(item, "banner_image", base)),
        enclosure: attachments.iter().find_map(|attachment| link(attachment, "url", base)),
    }
}

fn said(value: &Value, name: &str) -> String {
    value[name].as_str().map(folded).unwrap_or_default()
}

fn link(value: &Value, name: &str, base: &Url) -> Option<String> {
    value[name].as_str().and_then(|text| address(text, base))
}

/// `authors` of version 1.1, or `author` of 1.0.
fn authors(value: &Value) -> String {
    let many = value["authors"].as_array().map_or(&[][..], Vec::as_slice);
    let names = many.iter().chain([&value["author"]]).take(AUTHORS).map(|author| said(author, "name"));
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

    use super::{AUTHORS, ENTRIES, Feed, parse};
    use crate::domain::bounded_json;
    use crate::domain::text::counts::grouped;
    use crate::fetch::FetchError;

    fn read(text: &str) -> Result<Feed, FetchError> {
        parse(text, &"https://h.example/".parse().expect("an address"))
    }

    #[test]
    fn so_many_authors_are_read() {
        let authors: Vec<_> = (0..1000).map(|n| json!({"name": format!("n{n}")})).collect();
        let feed = read(&json!({"items": [{"authors": authors}]}).to_string()).expect("a feed");
        assert_eq!(feed.entries[0].author.split(", ").count(), AUTHORS);
    }

    #[test]
    fn items_beyond_the_last_that_is_read_are_counted_and_take_no_room() {
        // Each of them has three values.
        let more = bounded_json::MAX_VALUES / 3;
        let items = vec!["[0,0]"; ENTRIES + more].join(",");
        let feed = read(&format!("{{\"items\":[{items}],\"title\":\"T\"}}")).expect("a feed");
        assert_eq!(feed.title, "T");
        assert_eq!(
            feed.notes,
            [format!(
                "It has {} entries more than the 20,000 that are read of one feed; they were left out.",
                grouped(more as u64)
            )]
        );
        let wide = format!("{{\"items\":[{{\"tags\":[{}0]}}]}}", "0,".repeat(bounded_json::MAX_VALUES));
        let error = read(&wide).expect_err("too many values").to_string();
        assert!(error.contains("it holds more than 1000000 values"), "{error}");
    }
}
