//! The cases of kurtmckee/feedparser. A comment at the top of each has the expectation as a Python expression.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use lockstep::fetch::feeds::parse::{EncodingHints, Feed, FeedEntry, ParseHints, decode, parse};
use url::Url;

use super::expected_value::{EvaluationError, Evaluator, ExpectedValue, MatchQuality, is_truthy, struct_time};
use super::python_expression::parse_expression;
use super::{CaseOutcome, KnownOutcomes, OutcomeTally, known_outcomes, list_files};
use crate::support::data_set;

/// A case of feedparser.
struct FeedparserCase {
    /// The expectation, an expression of Python.
    expect: String,
    /// The charset that the server declares.
    charset: Option<String>,
    /// The address that relative links are resolved against.
    base: Url,
}

/// Reads the expectation and the headers in the comments of a case.
fn read_case(text: &str, name: &str) -> FeedparserCase {
    let value_after = |word: &str| {
        let at = text.find(word)? + word.len();
        let line = text[at..].lines().next().unwrap_or_default();
        Some(line.trim().trim_end_matches("-->").trim().to_owned())
    };
    let header = |name: &str| {
        text.lines().find_map(|line| {
            let line = line.trim().strip_prefix("Header:")?.trim();
            let (own, value) = line.split_once(':')?;
            own.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let charset = header("content-type").and_then(|value| {
        let value = value.to_ascii_lowercase();
        let (_, after) = value.split_once("charset=")?;
        Some(after.trim_matches(['"', '\'', ' ', ';']).to_owned())
    });
    let requested_url: Url = format!("http://127.0.0.1:8097/{name}").parse().expect("an address");
    let base = header("content-location")
        .and_then(|at| requested_url.join(&at).ok())
        .filter(|at| at.scheme() == "http")
        .unwrap_or(requested_url);
    FeedparserCase { expect: value_after("Expect:").unwrap_or_default(), charset, base }
}

/// The names that the expectations use, with their values in the parsed feed.
fn names_of(read: Option<Feed>, encoding: ExpectedValue) -> Vec<(&'static str, ExpectedValue)> {
    let bozo = read.as_ref().is_none_or(|document| !document.notes.is_empty());
    let document = read.unwrap_or_default();
    let title = ExpectedValue::Title(document.title);
    let feed = ExpectedValue::Record(
        "feed",
        vec![
            ("title", title.clone()),
            ("title_detail", ExpectedValue::Record("detail", vec![("value", title)])),
            ("link", document.link.map_or(ExpectedValue::None, ExpectedValue::Text)),
        ],
    );
    vec![
        ("bozo", ExpectedValue::Bool(bozo)),
        ("encoding", encoding),
        ("feed", feed),
        ("entries", ExpectedValue::List(document.entries.into_iter().map(entry_value).collect())),
    ]
}

fn entry_value(entry: FeedEntry) -> ExpectedValue {
    // Where an entry has only a content, feedparser uses it as the summary as well.
    let summary = if entry.summary.is_empty() { entry.content.clone() } else { entry.summary };
    let (title, summary, content) =
        (ExpectedValue::Title(entry.title), ExpectedValue::Html(summary), ExpectedValue::Html(entry.content));
    let text = |text: Option<String>| text.map_or(ExpectedValue::None, ExpectedValue::Text);
    let detail = |value: &ExpectedValue| ExpectedValue::Record("detail", vec![("value", value.clone())]);
    let time = |own: Option<DateTime<Utc>>| struct_time(own);
    let people: Vec<ExpectedValue> =
        entry.author.split(", ").map(|name| ExpectedValue::People(name.to_owned())).collect();
    let person = |name: &ExpectedValue| ExpectedValue::Record("author", vec![("name", name.clone())]);
    let tag = |term: &String| {
        let term = ExpectedValue::Title(term.clone());
        ExpectedValue::Record("tag", vec![("term", term.clone()), ("label", term)])
    };
    let enclosure = text(entry.enclosure);
    let file = ExpectedValue::Record("enclosure", vec![("href", enclosure.clone()), ("url", enclosure)]);
    let image = text(entry.image);
    let picture = ExpectedValue::Record("picture", vec![("href", image.clone()), ("url", image)]);
    ExpectedValue::Record(
        "entry",
        vec![
            ("title_detail", detail(&title)),
            ("title", title),
            ("id", text(entry.guid.clone())),
            ("guid", text(entry.guid)),
            ("link", text(entry.link)),
            ("author", ExpectedValue::People(entry.author)),
            ("author_detail", person(people.first().unwrap_or(&ExpectedValue::None))),
            ("authors", ExpectedValue::List(people.iter().map(person).collect())),
            ("published_parsed", time(entry.published)),
            ("issued_parsed", time(entry.published)),
            ("updated_parsed", time(entry.updated)),
            ("modified_parsed", time(entry.updated)),
            ("date_parsed", time(entry.updated)),
            ("summary_detail", detail(&summary)),
            ("summary", summary.clone()),
            ("description", summary),
            ("content", ExpectedValue::First("contents", detail(&content).into())),
            (
                "category",
                entry.categories.first().map_or(ExpectedValue::None, |term| ExpectedValue::Title(term.clone())),
            ),
            ("tags", ExpectedValue::List(entry.categories.iter().map(tag).collect())),
            ("enclosures", ExpectedValue::First("enclosures", file.into())),
            ("image", picture.clone()),
            ("media_thumbnail", ExpectedValue::First("pictures", picture.into())),
        ],
    )
}

/// Whether the HTML of `document` contains nothing that a browser would run.
fn check_harmless(document: &Feed) -> Result<(), String> {
    for html in document.entries.iter().flat_map(|entry| [&entry.summary, &entry.content]) {
        for tag in html.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap_or_default().to_ascii_lowercase();
            let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
            let never = [
                "script", "style", "iframe", "object", "embed", "form", "input", "base", "meta", "link", "svg", "math",
            ];
            let runs =
                [" on", " style=", "javascript:", "data:", "vbscript:"].into_iter().find(|word| tag.contains(word));
            // Such a word in a title or an alternative text is harmless.
            let in_text = tag.contains("title=") || tag.contains("alt=");
            if never.contains(&name) || runs.is_some() && !in_text {
                return Err(format!("<{tag}> is not removed"));
            }
        }
    }
    Ok(())
}

fn run_case(path: &Path, name: &str) -> CaseOutcome {
    let bytes = fs::read(path).expect("a file");
    let decoded = decode(&bytes, EncodingHints::default());
    let mut case = read_case(&decoded.text, name);
    if case.expect.is_empty() {
        // Cases in wide encodings have no expectation of their own; they have to be read.
        "not bozo".clone_into(&mut case.expect);
    }
    let hints = EncodingHints { configured: None, declared: case.charset.as_deref() };
    let encoding = decode(&bytes, hints).encoding;
    let encoding = ExpectedValue::Encoding(encoding, bytes.is_ascii());
    let read = parse(&bytes, ParseHints { base: &case.base, encoding: hints });
    let parsed = format!("{read:?}");
    if let Err(why) = read.as_ref().map_or(Ok(()), check_harmless) {
        return CaseOutcome::Fails(why);
    }
    let expression = match parse_expression(&case.expect) {
        Ok(expression) => expression,
        Err(why) => return CaseOutcome::Fails(format!("unsupported expression: {why}")),
    };
    let names = names_of(read.ok(), encoding);
    let mut evaluator = Evaluator { names: &names, quality: MatchQuality::default() };
    match evaluator.evaluate(&expression) {
        Ok(value) if is_truthy(&value) => CaseOutcome::Passes(evaluator.quality),
        Ok(_) => CaseOutcome::Fails(format!("{}\n    {parsed}", case.expect)),
        Err(EvaluationError::FieldNotKept(field)) => CaseOutcome::FieldNotKept(field),
        Err(EvaluationError::Unsupported(why)) => CaseOutcome::Fails(format!("{why}: {}\n    {parsed}", case.expect)),
    }
}

/// Runs the cases in `folders` of the set and compares their outcomes with the known ones.
fn check_folders(folders: &[&str], known: &KnownOutcomes) {
    let Some(set) = data_set("feeds/feedparser-tests") else { return };
    let mut tally = OutcomeTally::default();
    for folder in folders {
        for path in list_files(&set.path.join(folder), "xml") {
            let name = path.strip_prefix(&set.path).expect("inside").display().to_string();
            tally.add_case(&name, run_case(&path, &name));
        }
    }
    tally.assert_known(known, set.is_complete);
}

#[test]
fn feedparser_entities() {
    check_folders(&["entities"], &known_outcomes::ENTITY_CASES);
}

#[test]
fn feedparser_encodings() {
    check_folders(&["encoding"], &known_outcomes::ENCODING_CASES);
}

#[test]
fn feedparser_ill_formed_feeds() {
    check_folders(&["illformed"], &known_outcomes::ILL_FORMED_CASES);
}

#[test]
fn feedparser_sanitizing() {
    check_folders(&["wellformed/sanitize"], &known_outcomes::SANITIZER_CASES);
}

#[test]
fn feedparser_rss() {
    check_folders(&["wellformed/rss"], &known_outcomes::RSS_CASES);
}

#[test]
fn feedparser_atom_03() {
    check_folders(&["wellformed/atom"], &known_outcomes::ATOM_03_CASES);
}

#[test]
fn feedparser_atom_10() {
    check_folders(&["wellformed/atom10"], &known_outcomes::ATOM_10_CASES);
}

#[test]
fn feedparser_relative_links() {
    check_folders(&["wellformed/base"], &known_outcomes::RELATIVE_LINK_CASES);
}

#[test]
fn feedparser_other_vocabularies() {
    let folders = [
        "psc",
        "amp",
        "cdf",
        "feedburner",
        "geo",
        "http",
        "itunes",
        "lang",
        "media-rss",
        "namespace",
        "node_precedence",
        "rdf",
        "sgml",
        "xml",
    ]
    .map(|folder| format!("wellformed/{folder}"));
    check_folders(&folders.each_ref().map(String::as_str), &known_outcomes::OTHER_CASES);
}
