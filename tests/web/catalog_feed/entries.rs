//! Which changes are entries of a feed: kinds, order, undo, previews, many changes, ids.

use lockstep::domain::account::Role;
use lockstep::domain::source::SourceDraft;

use super::{FORMATS, draft_of, format_books, guids, open_site, read_feed, titles};
use crate::support::{TestDatabase, on_both_databases};
use crate::web::history::{latest_run, sync_again};
use crate::web::site::{SiteClient, TestSite};

on_both_databases![
    added_updated_and_removed_items_are_entries_newest_first,
    an_undo_has_entries_and_a_preview_has_none,
    a_run_with_many_changes_has_one_entry,
    a_feed_has_the_fifty_newest_entries,
    ids_never_change,
];

/// Starts a run of `books` through the API and runs it to its end.
fn run(site: &TestSite, admin: &SiteClient<'_>, path: &str, body: &str) {
    let started = admin.post_json(path, body);
    assert_eq!(started.status, 202, "{}", started.body);
    site.run_queued(started.json()["syncId"].as_str().expect("an id"));
}

fn added_updated_and_removed_items_are_entries_newest_first(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", "id,title,year\n1,One,1991\n2,Two,\n3,Three,1993\n");
    let first = latest_run(&site, &source);
    let second =
        sync_again(&site, &source, "id,title,year\n1,One,2001\n3,Three,1993\n4,Four,http://four.example/?a=1&b=2\n");
    let visitor = site.visitor();
    let feed = read_feed(&visitor);
    assert_eq!(feed.title, "The books");
    assert_eq!(titles(&feed), ["Four", "Updated: One", "Removed: Two", "One", "Two", "Three"]);
    let categories: Vec<&str> = feed.entries.iter().map(|entry| entry.categories[0].as_str()).collect();
    assert_eq!(categories, ["added", "updated", "removed", "added", "added", "added"]);
    let content = |at: usize| feed.entries[at].content.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(content(1).contains("<strong>year</strong>: <del>1991</del> → <ins>2001</ins>"), "{}", content(1));
    assert!(!content(1).contains("title"), "only the field that differs: {}", content(1));
    assert!(content(2).contains("<strong>title</strong>: Two") && !content(2).contains("year"), "{}", content(2));
    assert!(content(3).contains("1991"), "the fields at that time: {}", content(3));
    assert!(content(0).contains("href=\"http://four.example/?a=1&amp;b=2\""), "{}", content(0));
    // The links lead to the catalog and to the items that are still there.
    let origin = feed.link.as_deref().and_then(|link| link.strip_suffix("/catalog/books")).expect("an address");
    assert!(origin.starts_with("http://127.0.0.1:"), "{origin}");
    for (at, title) in [(0, Some("Four")), (1, Some("One")), (2, None), (4, None), (5, Some("Three"))] {
        let page = feed.entries[at].link.as_ref().map(|link| visitor.get(link.strip_prefix(origin).expect("a path")));
        assert_eq!(page.is_some(), title.is_some(), "{at}");
        assert!(page.is_none_or(|page| page.status == 200 && page.body.contains(title.unwrap_or_default())), "{at}");
    }
    // Visitors do not learn who syncs and how.
    for extension in FORMATS {
        let body = visitor.get(&format!("/catalog/books.{extension}")).body;
        assert!(![&*first, &*second, "sync_"].iter().any(|word| body.contains(word)), "{body}");
        assert!(body.split(|c: char| !c.is_alphanumeric()).all(|word| word != "ada"), "{body}");
    }
}

fn an_undo_has_entries_and_a_preview_has_none(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..=3, "Book"));
    let undone = sync_again(&site, &source, &format_books(2..=4, "Book"));
    let before = read_feed(&site.visitor());
    let admin = site.add_program("robot", Role::Admin);
    std::fs::write(site.data_dir().join("books.csv"), format_books(1..=9, "Other")).expect("a file");
    run(&site, &admin, "/api/sync", r#"{"source":"books","options":{"preview":true}}"#);
    let changes = admin.get(&format!("/api/history/{}/changes", latest_run(&site, &source))).json();
    assert_eq!(changes["total"], 9, "what the preview found");
    assert_eq!(read_feed(&site.visitor()), before);
    run(&site, &admin, &format!("/api/sync/{undone}/undo"), "");
    let after = read_feed(&site.visitor());
    assert_eq!(titles(&after)[..4], ["Book 1", "Removed: Book 4", "Book 4", "Removed: Book 1"]);
    assert_eq!(guids(&after)[2..], guids(&before));
}

fn a_run_with_many_changes_has_one_entry(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..=12_000, "Book"));
    let feed = read_feed(&site.visitor());
    assert_eq!(titles(&feed), ["12,000 albums added"]);
    assert_eq!((&feed.entries[0].link, &*feed.entries[0].categories), (&feed.link, &["added".to_owned()][..]));
    let text = format_books(1..=12_000, "Book").replace("Book 1\n", "Book one\n");
    sync_again(&site, &source, &text);
    sync_again(&site, &source, &text.replace("Book 77", "Book seven-seven").replace("b9,Book 9\n", ""));
    let feed = read_feed(&site.visitor());
    let updated = text.matches("Book 77").count();
    assert_eq!(
        titles(&feed),
        [&*format!("{updated} albums updated, 1 removed"), "Updated: Book one", "12,000 albums added"]
    );
    assert_eq!(feed.entries[0].categories, ["updated", "removed"]);
}

fn a_feed_has_the_fifty_newest_entries(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..=20, "First"));
    sync_again(&site, &source, &format_books(1..=20, "Second"));
    sync_again(&site, &source, &format_books(1..=20, "Third"));
    let feed = read_feed(&site.visitor());
    let count = |start: &str| titles(&feed).iter().filter(|title| title.starts_with(start)).count();
    assert_eq!([count("Updated: Third"), count("Updated: Second"), count("First")], [20, 20, 10]);
}

/// The id of the Atom feed.
fn feed_id(client: &SiteClient<'_>, slug: &str) -> String {
    let body = client.get(&format!("/catalog/{slug}.atom")).body;
    body.split_once("<id>").and_then(|(_, rest)| rest.split_once("</id>")).expect("an id").0.to_owned()
}

fn ids_never_change(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..=5, "Book"));
    let visitor = site.visitor();
    let first = read_feed(&visitor);
    let id = feed_id(&visitor, "books");
    assert!(id.starts_with("urn:uuid:"), "{id}");
    assert_eq!(read_feed(&visitor), first);
    sync_again(&site, &source, &format_books(2..=8, "Other"));
    let second = read_feed(&visitor);
    assert_eq!(second.entries.len(), 13);
    assert_eq!(guids(&second)[8..], guids(&first), "though the items are changed and removed now");
    let mut unique = guids(&second);
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), 13);
    // The source gets another slug and name.
    let draft = SourceDraft { slug: "novels".parse().expect("a slug"), ..draft_of(&source) };
    site.store.change_source(source.id, &draft, None).expect("changed");
    assert_eq!(feed_id(&visitor, "novels"), id);
    assert_ne!(feed_id(&visitor, "albums"), id);
    let body = visitor.get("/catalog/novels.feed.json").body;
    assert!(guids(&second).iter().all(|guid| body.contains(guid)), "{body}");
}
