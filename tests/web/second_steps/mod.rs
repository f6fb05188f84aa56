//! The second steps of a run on the pages: apply a preview, decide about withheld removals, undo, resume a schedule.

mod access;
mod paused_schedule;
mod preview;
mod removals;
mod undo;

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::{Source, SourceDraft};

use super::history::latest_run;
use super::site::{SiteClient, SiteResponse, TestSite};
use crate::support::TestDatabase;
use crate::support::test_engine::source_draft;

/// A site without a cooldown.
fn open_site(db: &TestDatabase) -> TestSite {
    TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"))
}

/// A file of books with these numbers.
fn format_books(numbers: impl Iterator<Item = u32>) -> String {
    let mut text = "id,title\n".to_owned();
    numbers.for_each(|number| text.push_str(&format!("b{number},Book {number}\n")));
    text
}

/// Adds a public source with a schedule, and syncs it.
fn fill_scheduled(site: &TestSite, slug: &str, text: &str) -> Source {
    let path = site.data_dir().join(format!("{slug}.csv"));
    std::fs::write(&path, text).expect("a file");
    let schedule = Some(StoredSchedule::in_utc("0 6 * * *"));
    let draft = SourceDraft { schedule, public: true, ..source_draft(slug, "csv", SourceLocation::File(path)) };
    let source = site.store.add_source(&draft, None).expect("a source");
    site.sync_source(&source);
    source
}

/// Sends a form as HTMX does.
fn send_form(client: &SiteClient<'_>, path: &str, fields: &[(&str, &str)]) -> SiteResponse {
    client.with_header("HX-Request", "true").post_form(path, fields)
}

/// The run that a panel shows.
fn shown_run(panel: &str) -> &str {
    let (_, rest) = panel.split_once("data-sync=\"").expect("a panel");
    rest.split_once('"').expect("an id").0
}

/// Sends a form as HTMX does; the start must be accepted. Runs it, and returns its id and the panel with its end.
fn run_form(site: &TestSite, client: &SiteClient<'_>, path: &str, fields: &[(&str, &str)]) -> (String, String) {
    let started = send_form(client, path, fields);
    assert_eq!(started.status, 202, "{}", started.body);
    let id = shown_run(&started.body).to_owned();
    site.run_queued(&id);
    let slug = started.body.split_once("data-slug=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a slug").0;
    let panel = client.get(&format!("/catalog/{slug}/sync-status?sync={id}"));
    assert_eq!(panel.status, 200, "{}", panel.body);
    (id, panel.body)
}

/// The number of live items of a source.
fn count_items(site: &TestSite, source: &Source) -> u64 {
    site.store.find_catalog(source.id).expect("an answer").expect("a catalog").item_count
}

#[track_caller]
fn assert_shows(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[track_caller]
fn assert_lacks(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(!page.contains(text), "{text}: {page}");
    }
}
