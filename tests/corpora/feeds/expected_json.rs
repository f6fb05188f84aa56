//! Feeds with the expected outcome in a JSON file beside them: mmcdole/gofeed and feed-rs/feed-rs.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use lockstep::fetch::feeds::parse::{Feed, FeedEntry, ParseHints, parse, parse_date};
use serde_json::Value;

use super::expected_value::{MatchQuality, match_html, match_title};
use super::{CaseOutcome, OutcomeTally, known_outcomes, list_files};
use crate::support::data_set;

/// The outcome of one expected field.
enum FieldOutcome {
    /// The field is as expected, more or less exactly.
    Same(MatchQuality),
    /// The field has another value, with a description of both.
    Differs(String),
    /// Lockstep does not keep the field of this name.
    NotKept(String),
}

/// Compares a parsed feed with the expected one, field by field.
fn compare_feed(feed: &Feed, expected: &Value) -> CaseOutcome {
    let mut fields = Vec::new();
    let Some(object) = expected.as_object() else {
        return CaseOutcome::Fails("the expected feed is no object".to_owned());
    };
    for (name, expected) in object.iter().filter(|(_, expected)| !is_empty(expected)) {
        fields.push(match name.as_str() {
            "title" => compare_text(name, &feed.title, text_of(expected), match_title),
            "link" | "home_page_url" => compare_exact(name, feed.link.as_ref(), text_of(expected)),
            "items" | "entries" => {
                let theirs = expected.as_array().map_or(&[][..], Vec::as_slice);
                if theirs.len() != feed.entries.len() {
                    return CaseOutcome::Fails(format!("{} entries, not {}", feed.entries.len(), theirs.len()));
                }
                feed.entries.iter().zip(theirs).for_each(|(ours, theirs)| compare_entry(ours, theirs, &mut fields));
                continue;
            }
            // These describe the format, not the content.
            "version" | "feedVersion" | "feedType" | "feed_type" | "sanitised" => continue,
            _ => FieldOutcome::NotKept(format!("feed.{name}")),
        });
    }
    let mut quality = None;
    let mut not_kept = None;
    for field in fields {
        match field {
            FieldOutcome::Differs(how) => return CaseOutcome::Fails(how),
            FieldOutcome::Same(how) => quality = quality.max(Some(how)),
            FieldOutcome::NotKept(field) => not_kept = not_kept.or(Some(field)),
        }
    }
    match (quality, not_kept) {
        (None, Some(field)) => CaseOutcome::FieldNotKept(field),
        (quality, _) => CaseOutcome::Passes(quality.unwrap_or_default()),
    }
}

fn compare_entry(ours: &FeedEntry, theirs: &Value, fields: &mut Vec<FieldOutcome>) {
    let theirs = theirs.as_object().expect("an entry is an object");
    for (name, expected) in theirs.iter().filter(|(_, expected)| !is_empty(expected)) {
        let file = || expected.get(0).unwrap_or(expected)["url"].as_str();
        fields.push(match name.as_str() {
            "title" => compare_text(name, &ours.title, text_of(expected), match_title),
            "description" | "summary" => compare_text(name, &ours.summary, text_of(expected), match_html),
            "content" if expected.get("src").is_some_and(|src| !src.is_null()) && text_of(expected).is_none() => {
                continue;
            }
            "content" | "content_html" => compare_text(name, &ours.content, text_of(expected), match_html),
            // The same content as plain text, for programs that cannot show HTML.
            "content_text" if theirs.contains_key("content_html") => continue,
            "link" | "url" => compare_exact(name, ours.link.as_ref(), text_of(expected)),
            "links" => match web_page_link(expected) {
                Some(link) => compare_exact(name, ours.link.as_ref(), Some(link)),
                None => FieldOutcome::NotKept("entry.links".to_owned()),
            },
            // feed-rs generates an id where there is none, and for RSS 1.0.
            "id" if is_generated(expected) => continue,
            "guid" | "id" => compare_exact(name, ours.guid.as_ref(), text_of(expected)),
            "author" => compare_authors(ours, std::slice::from_ref(expected)),
            "authors" => compare_authors(ours, expected.as_array().map_or(&[][..], Vec::as_slice)),
            "categories" | "tags" => {
                let all = expected.as_array().map_or(&[][..], Vec::as_slice);
                let timeouts: Vec<&str> = all.iter().filter_map(text_of).collect();
                let all =
                    timeouts.iter().all(|term| ours.categories.iter().any(|own| match_title(own, term).is_some()));
                field_outcome(name, all, &ours.categories, timeouts)
            }
            "publishedParsed" | "pubDateParsed" | "date_published" => compare_date(name, ours.published, expected),
            "updatedParsed" | "date_modified" => compare_date(name, ours.updated, expected),
            // The same date as text; the parsed one is compared.
            "published" | "pubDate" | "updated" if theirs.contains_key(&format!("{name}Parsed")) => continue,
            "published" => compare_date(name, ours.published, expected),
            // feed-rs gives an entry without one its date of publication, or the date of the whole feed.
            "updated" if ours.updated.is_none() => continue,
            "updated" => compare_date(name, ours.updated, expected),
            "enclosure" | "enclosures" | "attachments" => compare_exact(name, ours.enclosure.as_ref(), file()),
            "image" => compare_exact(name, ours.image.as_ref(), text_of(expected)),
            _ => FieldOutcome::NotKept(format!("entry.{name}")),
        });
    }
}

fn is_empty(expected: &Value) -> bool {
    match expected {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        _ => false,
    }
}

/// The text of a value that is a string, or an object with the text in one of these fields.
fn text_of(expected: &Value) -> Option<&str> {
    let one = ["value", "content", "body", "label", "term", "name", "url", "uri", "href"];
    expected.as_str().or_else(|| one.iter().find_map(|name| expected[*name].as_str()))
}

fn web_page_link(links: &Value) -> Option<&str> {
    let all = links.as_array()?;
    let is_page = |link: &&Value| link.is_string() || matches!(link["rel"].as_str(), None | Some("alternate"));
    all.iter().find(is_page).and_then(text_of)
}

fn is_generated(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.len() > 28 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
}

fn compare_authors(ours: &FeedEntry, theirs: &[Value]) -> FieldOutcome {
    let names: Vec<&str> = theirs.iter().filter_map(|one| one.as_str().or_else(|| one["name"].as_str())).collect();
    if names.is_empty() {
        return FieldOutcome::NotKept("entry.author.email".to_owned());
    }
    let all = names.join(", ");
    compare_text("author", &ours.author, Some(&all), match_title)
}

fn compare_text(
    name: &str,
    ours: &str,
    theirs: Option<&str>,
    compare: impl Fn(&str, &str) -> Option<MatchQuality>,
) -> FieldOutcome {
    let Some(theirs) = theirs else { return FieldOutcome::NotKept(format!("entry.{name}")) };
    compare(ours, theirs)
        .map_or_else(|| FieldOutcome::Differs(format!("{name}: {ours:?}, not {theirs:?}")), FieldOutcome::Same)
}

fn compare_exact(name: &str, ours: Option<&String>, theirs: Option<&str>) -> FieldOutcome {
    let Some(theirs) = theirs else { return FieldOutcome::NotKept(format!("entry.{name}")) };
    field_outcome(name, ours.is_some_and(|ours| ours == theirs.trim()), ours, theirs)
}

fn compare_date(name: &str, ours: Option<DateTime<Utc>>, theirs: &Value) -> FieldOutcome {
    let theirs = theirs.as_str().and_then(parse_date);
    field_outcome(name, ours.is_some() && ours == theirs, ours, theirs)
}

fn field_outcome(name: &str, is_same: bool, ours: impl std::fmt::Debug, theirs: impl std::fmt::Debug) -> FieldOutcome {
    if is_same {
        FieldOutcome::Same(MatchQuality::Exact)
    } else {
        FieldOutcome::Differs(format!("{name}: {ours:?}, not {theirs:?}"))
    }
}

fn run_case(feed: &Path, expected: &Path) -> CaseOutcome {
    let expected: Value = serde_json::from_slice(&fs::read(expected).expect("a file")).expect("JSON");
    let base = "http://127.0.0.1/feed".parse().expect("an address");
    match parse(&fs::read(feed).expect("a file"), ParseHints::at(&base)) {
        Ok(feed) => compare_feed(&feed, &expected),
        Err(error) => CaseOutcome::Fails(format!("{error}")),
    }
}

/// Runs the feeds below `folder` with the extension `ext` that have an expected outcome beside them: a file with
/// `ending` in place of the extension. Also returns whether the set is complete.
fn run_cases(folder: &str, ext: &str, ending: &str) -> Option<(OutcomeTally, bool)> {
    let set = data_set(folder)?;
    let mut tally = OutcomeTally::default();
    for path in list_files(&set.path, ext) {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let expected = path.with_file_name(format!("{stem}{ending}"));
        if expected.exists() && expected != path {
            let name = path.strip_prefix(&set.path).expect("inside").display().to_string();
            tally.add_case(&name, run_case(&path, &expected));
        }
    }
    Some((tally, set.is_complete))
}

#[test]
fn gofeed_rss_and_atom() {
    let Some((tally, is_complete)) = run_cases("feeds/gofeed-testdata", "xml", ".json") else { return };
    tally.assert_known(&known_outcomes::GOFEED_XML_CASES, is_complete);
}

#[test]
fn gofeed_json_feeds() {
    let Some((tally, is_complete)) = run_cases("feeds/gofeed-testdata", "json", "_expected.json") else { return };
    tally.assert_known(&known_outcomes::GOFEED_JSON_CASES, is_complete);
}

#[test]
fn feed_rs_fixtures() {
    let Some((mut tally, is_complete)) = run_cases("feeds/feed-rs-fixture", "xml", ".serde.json") else { return };
    let json = run_cases("feeds/feed-rs-fixture", "json", ".serde.json");
    tally.add_tally(json.expect("the same set").0);
    tally.assert_known(&known_outcomes::FEED_RS_CASES, is_complete);
}
