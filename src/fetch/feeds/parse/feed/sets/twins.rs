//! Feeds with a twin in JSON that says what should come out: mmcdole/gofeed and feed-rs/feed-rs.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::value::{Held, same_html, same_title};
use super::{End, Tally, files, shared_data, tables};
use crate::fetch::feeds::parse::charset::EncodingHints;
use crate::fetch::feeds::parse::dates;
use crate::fetch::feeds::parse::feed::{Feed, FeedEntry, parse};

/// What became of one field of a twin.
enum Field {
    Same(Held),
    Differs(String),
    NotOurs(String),
}

/// Compares `document` with its twin, field by field.
fn compared(document: &Feed, twin: &Value) -> End {
    let mut fields = Vec::new();
    let Some(object) = twin.as_object() else { return End::Fails("the twin is no object".to_owned()) };
    for (name, said) in object.iter().filter(|(_, said)| !is_empty(said)) {
        fields.push(match name.as_str() {
            "title" => text(name, &document.title, words(said), same_title),
            "link" | "home_page_url" => exact(name, document.link.as_ref(), words(said)),
            "items" | "entries" => {
                let theirs = said.as_array().map_or(&[][..], Vec::as_slice);
                if theirs.len() != document.entries.len() {
                    return End::Fails(format!("{} entries, not {}", document.entries.len(), theirs.len()));
                }
                document.entries.iter().zip(theirs).for_each(|(ours, theirs)| entry(ours, theirs, &mut fields));
                continue;
            }
            // Which reader it was, not what it says.
            "version" | "feedVersion" | "feedType" | "feed_type" | "sanitised" => continue,
            _ => Field::NotOurs(format!("feed.{name}")),
        });
    }
    let mut held = None;
    let mut not_ours = None;
    for field in fields {
        match field {
            Field::Differs(how) => return End::Fails(how),
            Field::Same(how) => held = held.max(Some(how)),
            Field::NotOurs(field) => not_ours = not_ours.or(Some(field)),
        }
    }
    match (held, not_ours) {
        (None, Some(field)) => End::NotOurs(field),
        (held, _) => End::Passes(held.unwrap_or_default()),
    }
}

fn entry(ours: &FeedEntry, theirs: &Value, fields: &mut Vec<Field>) {
    let theirs = theirs.as_object().expect("an entry is an object");
    for (name, said) in theirs.iter().filter(|(_, said)| !is_empty(said)) {
        let file = || said.get(0).unwrap_or(said)["url"].as_str();
        fields.push(match name.as_str() {
            "title" => text(name, &ours.title, words(said), same_title),
            "description" | "summary" => text(name, &ours.summary, words(said), same_html),
            "content" if said.get("src").is_some_and(|src| !src.is_null()) && words(said).is_none() => continue,
            "content" | "content_html" => text(name, &ours.content, words(said), same_html),
            // What has HTML has the same in plain text for those who cannot show it.
            "content_text" if theirs.contains_key("content_html") => continue,
            "link" | "url" => exact(name, ours.link.as_ref(), words(said)),
            "links" => match page(said) {
                Some(link) => exact(name, ours.link.as_ref(), Some(link)),
                None => Field::NotOurs("entry.links".to_owned()),
            },
            // feed-rs makes one up where there is none, and for RSS 1.0.
            "id" if is_made_up(said) => continue,
            "guid" | "id" => exact(name, ours.guid.as_ref(), words(said)),
            "author" => author(ours, std::slice::from_ref(said)),
            "authors" => author(ours, said.as_array().map_or(&[][..], Vec::as_slice)),
            "categories" | "tags" => {
                let all = said.as_array().map_or(&[][..], Vec::as_slice);
                let terms: Vec<&str> = all.iter().filter_map(words).collect();
                let all = terms.iter().all(|term| ours.categories.iter().any(|own| same_title(own, term).is_some()));
                field(name, all, &ours.categories, terms)
            }
            "publishedParsed" | "pubDateParsed" | "date_published" => time(name, ours.published, said),
            "updatedParsed" | "date_modified" => time(name, ours.updated, said),
            // The same as it is written; their values are compared where they are read.
            "published" | "pubDate" | "updated" if theirs.contains_key(&format!("{name}Parsed")) => continue,
            "published" => time(name, ours.published, said),
            // feed-rs gives an entry without one the date it was published, or that of the whole feed.
            "updated" if ours.updated.is_none() => continue,
            "updated" => time(name, ours.updated, said),
            "enclosure" | "enclosures" | "attachments" => exact(name, ours.enclosure.as_ref(), file()),
            "image" => exact(name, ours.image.as_ref(), words(said)),
            _ => Field::NotOurs(format!("entry.{name}")),
        });
    }
}

fn is_empty(said: &Value) -> bool {
    match said {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        _ => false,
    }
}

/// The words of a value that is a string, or has one in one of the fields that stand for it.
fn words(said: &Value) -> Option<&str> {
    let one = ["value", "content", "body", "label", "term", "name", "url", "uri", "href"];
    said.as_str().or_else(|| one.iter().find_map(|name| said[*name].as_str()))
}

fn page(links: &Value) -> Option<&str> {
    let all = links.as_array()?;
    let is_page = |link: &&Value| link.is_string() || matches!(link["rel"].as_str(), None | Some("alternate"));
    all.iter().find(is_page).and_then(words)
}

fn is_made_up(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.len() > 28 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
}

fn author(ours: &FeedEntry, theirs: &[Value]) -> Field {
    let names: Vec<&str> = theirs.iter().filter_map(|one| one.as_str().or_else(|| one["name"].as_str())).collect();
    if names.is_empty() {
        return Field::NotOurs("entry.author.email".to_owned());
    }
    let all = names.join(", ");
    text("author", &ours.author, Some(&all), same_title)
}

fn text(name: &str, ours: &str, theirs: Option<&str>, same: impl Fn(&str, &str) -> Option<Held>) -> Field {
    let Some(theirs) = theirs else { return Field::NotOurs(format!("entry.{name}")) };
    same(ours, theirs).map_or_else(|| Field::Differs(format!("{name}: {ours:?}, not {theirs:?}")), Field::Same)
}

fn exact(name: &str, ours: Option<&String>, theirs: Option<&str>) -> Field {
    let Some(theirs) = theirs else { return Field::NotOurs(format!("entry.{name}")) };
    field(name, ours.is_some_and(|ours| ours == theirs.trim()), ours, theirs)
}

fn time(name: &str, ours: Option<DateTime<Utc>>, theirs: &Value) -> Field {
    let theirs = theirs.as_str().and_then(dates::moment);
    field(name, ours.is_some() && ours == theirs, ours, theirs)
}

fn field(name: &str, is_same: bool, ours: impl std::fmt::Debug, theirs: impl std::fmt::Debug) -> Field {
    if is_same { Field::Same(Held::Exactly) } else { Field::Differs(format!("{name}: {ours:?}, not {theirs:?}")) }
}

fn end(feed: &Path, twin: &Path) -> End {
    let twin: Value = serde_json::from_slice(&fs::read(twin).expect("a twin")).expect("JSON");
    let base = "http://127.0.0.1/feed".parse().expect("an address");
    match parse(&fs::read(feed).expect("a file"), EncodingHints::default(), &base) {
        Ok(document) => compared(&document, &twin),
        Err(error) => End::Fails(format!("{error}")),
    }
}

/// The feeds under `folder` whose twin is named after them with `ending` in place of `ext`.
fn twins(folder: &str, ext: &str, ending: &str) -> Option<Tally> {
    let root = shared_data(folder)?;
    let mut tally = Tally::default();
    for path in files(&root, ext) {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let twin = path.with_file_name(format!("{stem}{ending}"));
        if twin.exists() && twin != path {
            let name = path.strip_prefix(&root).expect("inside").display().to_string();
            tally.count(&name, end(&path, &twin));
        }
    }
    Some(tally)
}

#[test]
fn gofeeds_rss_and_atom() {
    let Some(tally) = twins("feeds/gofeed-testdata", "xml", ".json") else { return };
    tally.is(&tables::GOFEED);
}

#[test]
fn gofeeds_json_feeds() {
    let Some(tally) = twins("feeds/gofeed-testdata", "json", "_expected.json") else { return };
    tally.is(&tables::GOFEED_JSON);
}

#[test]
fn feed_rss_fixtures() {
    let Some(mut tally) = twins("feeds/feed-rs-fixture", "xml", ".serde.json") else { return };
    tally.add(twins("feeds/feed-rs-fixture", "json", ".serde.json").unwrap_or_default());
    tally.is(&tables::FEED_RS);
}
