//! A paused schedule in the settings of its source: it stays paused until an admin resumes it, and the page says so.

use super::{Role, TestSite, assert_lacks, assert_shows, fill_scheduled, format_books, open_site};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_form_with_errors_still_says_that_the_schedule_is_paused,
    a_schedule_that_is_removed_and_set_again_stays_paused_until_it_is_resumed,
];

const SETTINGS: &str = "/settings/sources/books";
const NOTICE: [&str; 3] = ["Schedule paused since", "It stays paused until you resume it", "Resume schedule"];

/// The fields of the settings form.
fn form_fields<'a>(schedule: &'a str, noun_many: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("key", "id"),
        ("name", "Books"),
        ("noun_one", "book"),
        ("noun_many", noun_many),
        ("public", "1"),
        ("schedule", schedule),
    ]
}

fn find_books(site: &TestSite) -> lockstep::domain::source::Source {
    site.store.find_source("books").expect("an answer").expect("a source")
}

fn a_form_with_errors_still_says_that_the_schedule_is_paused(db: &TestDatabase) {
    let site = open_site(db);
    let source = fill_scheduled(&site, "books", &format_books(1..4));
    let admin = site.add_person("ada", Role::Admin);
    assert_lacks(&admin.get(SETTINGS).body, &NOTICE);
    site.store.pause_schedule(source.id).expect("paused");
    assert_shows(&admin.get(SETTINGS).body, &NOTICE);
    let refused = admin.post_form(SETTINGS, &form_fields("whenever", "books"));
    assert_eq!(refused.status, 422);
    assert_shows(&refused.body, &NOTICE);
    assert_shows(&refused.body, &["id=\"schedule-error\"", "value=\"whenever\""]);
    let checked = [&form_fields("0 6 * * *", "books")[..], &[("again", "1")]].concat();
    let checked = admin.post_form(SETTINGS, &checked);
    assert_eq!(checked.status, 200);
    assert_shows(&checked.body, &NOTICE);
    site.begin_sync(&source);
    let busy = admin.post_form(SETTINGS, &form_fields("0 6 * * *", "books"));
    assert_eq!(busy.status, 409);
    assert_shows(&busy.body, &NOTICE);
}

fn a_schedule_that_is_removed_and_set_again_stays_paused_until_it_is_resumed(db: &TestDatabase) {
    let site = open_site(db);
    let source = fill_scheduled(&site, "books", &format_books(1..4));
    site.store.pause_schedule(source.id).expect("paused");
    let admin = site.add_person("ada", Role::Admin);
    let save = |schedule: &str| {
        let reply = admin.post_form(SETTINGS, &form_fields(schedule, "books"));
        assert_eq!(reply.status, 303, "{}", reply.body);
        admin.get(reply.header("location").expect("a page")).body
    };
    assert_shows(&save(""), &["Source saved. Sync to apply the changes."]);
    assert!(find_books(&site).schedule.is_none());
    assert_lacks(&admin.get("/").body, &["Schedule paused"]);
    assert_shows(&admin.get(SETTINGS).body, &NOTICE);

    let scheduled_starts = || db.count_rows("sources", "slug = 'books' AND next_run_at IS NOT NULL");
    let saved = save("*/5 * * * *");
    assert_shows(
        &saved,
        &["Its schedule stays paused until you resume it.", "Schedule paused since", "Resume schedule"],
    );
    assert!(find_books(&site).has_paused_schedule());
    assert_eq!(scheduled_starts(), 0);

    let resume = [("next", "/settings/sources")];
    assert_eq!(admin.post_form("/catalog/books/schedule/resume", &resume).status, 303);
    assert_eq!((find_books(&site).paused_at, scheduled_starts()), (None, 1));
    assert_lacks(&admin.get(SETTINGS).body, &NOTICE);
    assert_shows(&save("0 6 * * *"), &["Source saved. Sync to apply the changes."]);
    assert_eq!(scheduled_starts(), 1);
}
