//! JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1).

use serde_json::Value;
use url::Url;

use super::articles::clipped;
use super::dates;
use super::document::{Document, ENTRIES, Entry};
use super::values::{address, escaped, folded};
use crate::domain::markup;
use crate::fetch::FetchError;

/// Reads a JSON Feed.
///
/// # Errors
/// When it is no JSON, or JSON that is no feed.
pub(super) fn parse(text: &str, base: &Url) -> Result<Document, FetchError> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| FetchError::failed("bad_feed", format!("It cannot be read as JSON: {error}.")))?;
    let version = value["version"].as_str().unwrap_or_default();
    if !version.contains("jsonfeed.org/version/") && !value["items"].is_array() {
        return Err(FetchError::failed("not_a_feed", "It is no feed: it is JSON, but not a JSON Feed."));
    }
    let all = value["items"].as_array().map_or(&[][..], Vec::as_slice);
    // It stands in every entry, so it is cut before.
    let by = clipped(&authors(&value));
    let entries = all.iter().take(ENTRIES).filter(|item| item.is_object()).map(|item| entry(item, &by, base)).collect();
    let left_out = all.len().saturating_sub(ENTRIES);
    let notes = (left_out > 0).then(|| {
        format!("It has {left_out} entries more than the {ENTRIES} that are read of one feed; they were left out.")
    });
    Ok(Document {
        title: said(&value, "title"),
        link: link(&value, "home_page_url", base),
        entries,
        notes: notes.into_iter().collect(),
    })
}

fn entry(item: &Value, by: &str, base: &Url) -> Entry {
    let attachments = item["attachments"].as_array().map_or(&[][..], Vec::as_slice);
    let content = match (item["content_html"].as_str(), item["content_text"].as_str()) {
        (Some(html), _) => markup::safe(html, Some(base)),
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
    Entry {
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
    let names: Vec<String> = many.iter().chain([&value["author"]]).map(|author| said(author, "name")).collect();
    let mut known: Vec<String> = Vec::new();
    for name in names {
        if !name.is_empty() && !known.contains(&name) {
            known.push(name);
        }
    }
    known.join(", ")
}
