//! Previews that keep only the first of their changes: pages, files and JSON say so.

use lockstep::domain::account::Role;

use super::site::{SiteClient, SiteResponse, TestSite};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_preview_of_very_many_changes_says_that_it_keeps_the_first_ones,
    a_preview_that_would_withhold_very_many_items_lists_the_first_ones,
];

/// A CSV file of `numbers` of books.
fn format_books(numbers: impl Iterator<Item = usize>) -> String {
    let lines: String = numbers.map(|number| format!("b{number},Book {number}\n")).collect();
    format!("id,title\n{lines}")
}

/// Previews a source after its file was replaced. Returns the id of the preview.
fn preview_books(site: &TestSite, admin: &SiteClient<'_>, text: &str) -> String {
    std::fs::write(site.data_dir().join("books.csv"), text).expect("a file");
    let started = admin.post_json("/api/sync", r#"{"source":"books","options":{"preview":true}}"#).json();
    let id = started["syncId"].as_str().expect("an id").to_owned();
    site.run_queued(&id);
    id
}

#[track_caller]
fn assert_file(file: &SiteResponse, name: &str, total: Option<&str>, lines: usize) {
    let disposition = format!("attachment; filename=\"{name}\"");
    assert_eq!(file.header("content-disposition"), Some(disposition.as_str()), "{}", file.body);
    assert_eq!((file.header("x-total-count"), file.body.lines().count()), (total, lines), "{name}");
}

fn a_preview_of_very_many_changes_says_that_it_keeps_the_first_ones(db: &TestDatabase) {
    let site = TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"));
    site.fill_csv("books", &format_books(1..=60));
    let (admin, reader) = (site.add_program("robot", Role::Admin), site.add_person("bob", Role::Viewer));
    let preview = preview_books(&site, &admin, &format_books(11..=10_100));
    let path = format!("/history/{preview}");
    let page = |query: &str| reader.get(&format!("{path}{query}")).body;
    let file = |query: &str| reader.get(&format!("{path}/changes.{query}"));
    let name = |rest: &str| format!("books-changes-{preview}{rest}");

    let all = page("");
    for text in ["Download the first 10,010 changes as CSV", "first 10,010 changes as JSON", "40 more without details"]
    {
        assert!(all.contains(text), "{text}: {all}");
    }
    assert_file(&file("csv"), &name("-first-10010.csv"), Some("10050"), 1 + 2 * 10_010);
    assert_file(&file("json"), &name("-first-10010.json"), Some("10050"), 10_010 + 2);
    assert_file(&file("csv?kind=added"), &name("-first-10000.csv"), Some("10040"), 1 + 2 * 10_000);
    let found = page("?q=77");
    assert!(found.contains("found for “77” in the first 10,010"), "{found}");
    assert!(found.contains("Download what was found in the first 10,010 changes as CSV"), "{found}");
    assert_file(&file("csv?q=b7777"), &name("-first-10010.csv"), Some("10050"), 3);

    // The removals are all kept.
    let removed = page("?kind=removed");
    assert!(removed.contains(" Download CSV</a>") && !removed.contains("the first"), "{removed}");
    assert_file(&file("csv?kind=removed"), &name(".csv"), Some("10"), 1 + 2 * 10);
    let list = |query: &str| admin.get(&format!("/api/history/{preview}/changes{query}")).json();
    for (query, kept, total) in [("", 10_010, 10_050), ("?kind=added", 10_000, 10_040), ("?kind=removed", 10, 10)] {
        assert_eq!((&list(query)["total"], &list(query)["changesTotal"]), (&kept.into(), &total.into()), "{query}");
    }

    // A sync keeps all of its changes.
    let started = admin.post_json("/api/sync", r#"{"source":"books"}"#).json();
    let sync = started["syncId"].as_str().expect("an id");
    site.run_queued(sync);
    let page = reader.get(&format!("/history/{sync}")).body;
    assert!(page.contains(" Download CSV</a>") && !page.contains("the first"), "{page}");
    let csv = reader.get(&format!("/history/{sync}/changes.csv?kind=removed"));
    assert_file(&csv, &format!("books-changes-{sync}.csv"), None, 1 + 2 * 10);
}

fn a_preview_that_would_withhold_very_many_items_lists_the_first_ones(db: &TestDatabase) {
    let site = TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"));
    site.fill_csv("books", &format_books(1..=10_020));
    let (robot, admin) = (site.add_program("robot", Role::Admin), site.add_person("ada", Role::Admin));
    let preview = preview_books(&site, &robot, &format_books(1..=10));
    let list = format!("/catalog/books/sync/removals?sync={preview}");
    let page = admin.get(&list).body;
    let message = "10,010 albums are not in the source. A sync would keep them. The first 10,000 are listed.";
    for text in [message, "Download the first 10,000 albums as CSV", "1–50 of 10,000"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let csv = admin.get(&list.replace("removals?", "removals.csv?"));
    assert_file(&csv, &format!("books-removals-{preview}-first-10000.csv"), None, 1 + 10_000);
    let listed = robot.get(&format!("/api/history/{preview}/changes?kind=withheld")).json();
    assert_eq!((&listed["total"], &listed["changesTotal"]), (&10_000.into(), &10_010.into()));
}
