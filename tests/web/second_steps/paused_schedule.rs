//! A paused schedule in the settings of its source: it stays paused until an admin resumes it, and the page says so.

use super::{Role, assert_lacks, assert_shows, fill_scheduled, format_books, open_site};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![a_form_with_errors_still_says_that_the_schedule_is_paused,];

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
