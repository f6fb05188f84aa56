//! The feeds of a catalog, read as a feed reader would: Atom and JSON Feed.

mod access;
mod contents;
mod entries;

use lockstep::domain::source::{Source, SourceDraft};
use lockstep::fetch::feeds::parse::{Feed, FeedEntry, ParseHints, parse};

use super::site::{SiteClient, TestSite};
use crate::support::TestDatabase;

/// The ends of the addresses of both formats.
const FORMATS: [&str; 2] = ["atom", "feed.json"];

fn open_site(db: &TestDatabase) -> TestSite {
    TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"))
}

/// Reads the feed of the catalog `books` in both formats, which must say the same.
fn read_feed(client: &SiteClient<'_>) -> Feed {
    let base = "http://reader.example/".parse().expect("a URL");
    let [atom, json] = FORMATS.map(|extension| {
        let reply = client.get(&format!("/catalog/books.{extension}"));
        assert_eq!(reply.status, 200, "{}", reply.body);
        let feed = parse(reply.body.as_bytes(), ParseHints::at(&base)).expect("a feed");
        assert!(feed.notes.is_empty() && !feed.is_incomplete, "{:?}", feed.notes);
        feed
    });
    assert_eq!((&atom.title, &atom.link), (&json.title, &json.link));
    let common = |entry: &FeedEntry| {
        let time = entry.published.or(entry.updated).expect("a time");
        (entry.guid.clone(), entry.link.clone(), entry.title.clone(), time, entry.categories.clone())
    };
    let [one, other] = [&atom, &json].map(|feed| feed.entries.iter().map(common).collect::<Vec<_>>());
    assert_eq!(one, other);
    assert!(atom.entries.iter().zip(&json.entries).all(|(one, other)| one.content == other.content));
    atom
}

fn titles(feed: &Feed) -> Vec<&str> {
    feed.entries.iter().map(|entry| entry.title.as_str()).collect()
}

fn guids(feed: &Feed) -> Vec<&str> {
    feed.entries.iter().map(|entry| entry.guid.as_deref().expect("an id")).collect()
}

/// A CSV file of books with these numbers.
fn format_books(numbers: impl Iterator<Item = usize>, title: &str) -> String {
    let lines: String = numbers.map(|number| format!("b{number},{title} {number}\n")).collect();
    format!("id,title\n{lines}")
}

fn draft_of(source: &Source) -> SourceDraft {
    SourceDraft {
        slug: source.slug.clone(),
        name: source.name.clone(),
        noun: source.noun.clone(),
        kind: source.kind.clone(),
        location: source.location.clone(),
        key_column: source.key_column.clone(),
        schedule: source.schedule.clone(),
        public: source.public,
        read_options: source.read_options.clone(),
        stale_after: source.stale_after,
    }
}
