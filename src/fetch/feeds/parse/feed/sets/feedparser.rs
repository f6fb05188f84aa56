//! kurtmckee/feedparser: what it says of a feed stands in a comment at the top, as a Python expression.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use url::Url;

use super::python;
use super::value::{Answering, Held, Silent, Value, moment, truth};
use super::{End, Tally, files, shared_data, tables};
use crate::fetch::feeds::parse::charset;
use crate::fetch::feeds::parse::charset::EncodingHints;
use crate::fetch::feeds::parse::feed::{Feed, FeedEntry, parse};

/// What a case is about.
struct Case {
    expect: String,
    charset: Option<String>,
    base: Url,
}

fn case(text: &str, name: &str) -> Case {
    let said = |word: &str| {
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
    let asked: Url = format!("http://127.0.0.1:8097/{name}").parse().expect("an address");
    let base = header("content-location")
        .and_then(|at| asked.join(&at).ok())
        .filter(|at| at.scheme() == "http")
        .unwrap_or(asked);
    Case { expect: said("Expect:").unwrap_or_default(), charset, base }
}

fn names(read: Option<Feed>, encoding: Value) -> Vec<(&'static str, Value)> {
    let bozo = read.as_ref().is_none_or(|document| !document.notes.is_empty());
    let document = read.unwrap_or_default();
    let title = Value::Title(document.title);
    let feed = Value::Kept(
        "feed",
        vec![
            ("title", title.clone()),
            ("title_detail", Value::Kept("detail", vec![("value", title)])),
            ("link", document.link.map_or(Value::None, Value::Text)),
        ],
    );
    vec![
        ("bozo", Value::Truth(bozo)),
        ("encoding", encoding),
        ("feed", feed),
        ("entries", Value::Row(document.entries.into_iter().map(entry).collect())),
    ]
}

fn entry(entry: FeedEntry) -> Value {
    // Where an entry has a content alone, feedparser takes it for its summary, too.
    let summary = if entry.summary.is_empty() { entry.content.clone() } else { entry.summary };
    let (title, summary, content) = (Value::Title(entry.title), Value::Html(summary), Value::Html(entry.content));
    let text = |text: Option<String>| text.map_or(Value::None, Value::Text);
    let detail = |value: &Value| Value::Kept("detail", vec![("value", value.clone())]);
    let time = |own: Option<DateTime<Utc>>| moment(own);
    let people: Vec<Value> = entry.author.split(", ").map(|name| Value::People(name.to_owned())).collect();
    let person = |name: &Value| Value::Kept("author", vec![("name", name.clone())]);
    let tag = |term: &String| {
        let term = Value::Title(term.clone());
        Value::Kept("tag", vec![("term", term.clone()), ("label", term)])
    };
    let enclosure = text(entry.enclosure);
    let file = Value::Kept("enclosure", vec![("href", enclosure.clone()), ("url", enclosure)]);
    let image = text(entry.image);
    let picture = Value::Kept("picture", vec![("href", image.clone()), ("url", image)]);
    Value::Kept(
        "entry",
        vec![
            ("title_detail", detail(&title)),
            ("title", title),
            ("id", text(entry.guid.clone())),
            ("guid", text(entry.guid)),
            ("link", text(entry.link)),
            ("author", Value::People(entry.author)),
            ("author_detail", person(people.first().unwrap_or(&Value::None))),
            ("authors", Value::Row(people.iter().map(person).collect())),
            ("published_parsed", time(entry.published)),
            ("issued_parsed", time(entry.published)),
            ("updated_parsed", time(entry.updated)),
            ("modified_parsed", time(entry.updated)),
            ("date_parsed", time(entry.updated)),
            ("summary_detail", detail(&summary)),
            ("summary", summary.clone()),
            ("description", summary),
            ("content", Value::First("contents", detail(&content).into())),
            ("category", entry.categories.first().map_or(Value::None, |term| Value::Title(term.clone()))),
            ("tags", Value::Row(entry.categories.iter().map(tag).collect())),
            ("enclosures", Value::First("enclosures", file.into())),
            ("image", picture.clone()),
            ("media_thumbnail", Value::First("pictures", picture.into())),
        ],
    )
}

/// Whether nothing that could run is in what is shown of `document`.
fn harmless(document: &Feed) -> Result<(), String> {
    for html in document.entries.iter().flat_map(|entry| [&entry.summary, &entry.content]) {
        for tag in html.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap_or_default().to_ascii_lowercase();
            let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
            let never = [
                "script", "style", "iframe", "object", "embed", "form", "input", "base", "meta", "link", "svg", "math",
            ];
            let runs =
                [" on", " style=", "javascript:", "data:", "vbscript:"].into_iter().find(|word| tag.contains(word));
            // A word in a title or an alternative text does nothing.
            let in_text = tag.contains("title=") || tag.contains("alt=");
            if never.contains(&name) || runs.is_some() && !in_text {
                return Err(format!("<{tag}> is shown"));
            }
        }
    }
    Ok(())
}

fn end(path: &Path, name: &str) -> End {
    let bytes = fs::read(path).expect("a file");
    let written = charset::decode(&bytes, EncodingHints::default());
    let mut case = case(&written.text, name);
    if case.expect.is_empty() {
        // Those in wide encodings say nothing by themselves but to be read.
        "not bozo".clone_into(&mut case.expect);
    }
    let hints = EncodingHints::of_server(case.charset.as_deref());
    let encoding = charset::decode(&bytes, hints).encoding;
    let encoding = Value::Encoding(encoding, bytes.is_ascii());
    let read = parse(&bytes, hints, &case.base);
    let told = format!("{read:?}");
    if let Err(why) = read.as_ref().map_or(Ok(()), harmless) {
        return End::Fails(why);
    }
    let expression = match python::read(&case.expect) {
        Ok(expression) => expression,
        Err(why) => return End::Fails(format!("not understood: {why}")),
    };
    let names = names(read.ok(), encoding);
    let mut answering = Answering { names: &names, held: Held::default() };
    match answering.value(&expression) {
        Ok(value) if truth(&value) => End::Passes(answering.held),
        Ok(_) => End::Fails(format!("{}\n    {told}", case.expect)),
        Err(Silent::NotOurs(field)) => End::NotOurs(field),
        Err(Silent::Odd(why)) => End::Fails(format!("{why}: {}\n    {told}", case.expect)),
    }
}

fn tally(folder: &str) -> Option<Tally> {
    let root = shared_data("feeds/feedparser-tests")?;
    let mut tally = Tally::default();
    for path in files(&root.join(folder), "xml") {
        let name = path.strip_prefix(&root).expect("inside").display().to_string();
        tally.count(&name, end(&path, &name));
    }
    Some(tally)
}

#[test]
fn feedparsers_entities() {
    let Some(tally) = tally("entities") else { return };
    tally.is(&tables::ENTITIES);
}

#[test]
fn feedparsers_encodings() {
    let Some(tally) = tally("encoding") else { return };
    tally.is(&tables::ENCODINGS);
}

#[test]
fn feedparsers_ill_formed_feeds() {
    let Some(tally) = tally("illformed") else { return };
    tally.is(&tables::ILL_FORMED);
}

#[test]
fn feedparsers_sanitizing() {
    let Some(tally) = tally("wellformed/sanitize") else { return };
    tally.is(&tables::SANITIZING);
}

#[test]
fn feedparsers_rss() {
    let Some(tally) = tally("wellformed/rss") else { return };
    tally.is(&tables::RSS);
}

#[test]
fn feedparsers_atom_03() {
    let Some(tally) = tally("wellformed/atom") else { return };
    tally.is(&tables::ATOM_03);
}

#[test]
fn feedparsers_atom_10() {
    let Some(tally) = tally("wellformed/atom10") else { return };
    tally.is(&tables::ATOM_10);
}

#[test]
fn feedparsers_relative_links() {
    let Some(tally) = tally("wellformed/base") else { return };
    tally.is(&tables::RELATIVE_LINKS);
}

#[test]
fn feedparsers_other_vocabularies() {
    let folders =
        ["amp", "cdf", "feedburner", "geo", "http", "itunes", "lang", "media-rss", "namespace", "node_precedence"];
    let Some(mut tally) = tally("wellformed/psc") else { return };
    for folder in folders.into_iter().chain(["rdf", "sgml", "xml"]) {
        tally.add(self::tally(&format!("wellformed/{folder}")).unwrap_or_default());
    }
    tally.is(&tables::OTHER);
}
