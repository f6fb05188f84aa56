//! The schedule of a source in its settings: chosen in words, in a time zone, paused and resumed.

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::Source;

use super::site::{SiteClient, SiteResponse, TestSite};
use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, on_both_databases};

const SETTINGS: &str = "/settings/sources/books";

on_both_databases![
    a_schedule_is_chosen_in_words_and_saved_with_its_zone,
    a_wrong_schedule_keeps_what_was_typed_and_says_what_to_do,
    a_schedule_is_paused_and_resumed_by_hand,
];

/// A site with the source `books`, which has no schedule.
fn open_site(db: &TestDatabase) -> TestSite {
    let site = TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"));
    let path = site.data_dir().join("books.csv");
    std::fs::write(&path, "id,title\n1,Emma\n").expect("a file");
    site.store.add_source(&source_draft("books", "csv", SourceLocation::File(path)), None).expect("a source");
    site
}

fn find_books(site: &TestSite) -> Source {
    site.store.find_source("books").expect("an answer").expect("a source")
}

fn save(client: &SiteClient<'_>, schedule: &[(&str, &str)]) -> SiteResponse {
    let fields = [("key", "id"), ("name", "Books"), ("noun_one", "book"), ("noun_many", "books")];
    client.post_form(SETTINGS, &[&fields[..], schedule].concat())
}

fn a_schedule_is_chosen_in_words_and_saved_with_its_zone(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let weekly = [
        ("schedule_choice", "weekly"),
        ("schedule_day", "5"),
        ("schedule_time", "18:30"),
        ("schedule_zone", "berlin"),
        ("schedule", ""),
    ];
    assert_eq!(save(&admin, &weekly).status, 303);
    let stored = StoredSchedule { cron: "30 18 * * 5".to_owned(), zone: Some("Europe/Berlin".to_owned()) };
    assert_eq!(find_books(&site).schedule, Some(stored));
    let hour = "(CAST(next_run_at AS TEXT) LIKE '% 17:30:00%' OR CAST(next_run_at AS TEXT) LIKE '% 16:30:00%')";
    assert_eq!(db.count_rows("sources", hour), 1);
    let page = admin.get(SETTINGS).body;
    for shown in ["value=\"weekly\" selected", "value=\"5\" selected", "value=\"18:30\"", "value=\"Europe/Berlin\""] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(page.contains("<strong>Every Friday at 18:30 (Europe/Berlin)</strong>"), "{page}");
    assert_eq!(page.matches(", 18:30").count(), 3, "the next three times");
    assert!(admin.get("/settings/sources").body.contains("Every Friday at 18:30 (Europe/Berlin)"));
    let listed = site.add_program("robot", Role::Admin).get("/api/sources").json();
    let entry = &listed["items"][0];
    assert_eq!((&entry["schedule"], &entry["scheduleZone"]), (&"30 18 * * 5".into(), &"Europe/Berlin".into()));

    assert_eq!(save(&admin, &[("schedule_choice", ""), ("schedule", "30 18 * * 5")]).status, 303);
    assert_eq!(
        (find_books(&site).schedule, db.count_rows("sources", "slug = 'books' AND next_run_at IS NULL")),
        (None, 1)
    );
}

fn a_wrong_schedule_keeps_what_was_typed_and_says_what_to_do(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let daily = [("schedule_choice", "daily"), ("schedule_time", "soon"), ("schedule_zone", "Europe/Berlim")];
    let refused = save(&admin, &daily);
    assert_eq!(refused.status, 422);
    for shown in [
        "id=\"schedule_time-error\"",
        "Enter a time, such as 03:00.",
        "id=\"schedule_zone-error\"",
        "Did you mean Europe/Berlin?",
        "value=\"daily\" selected",
        "value=\"Europe/Berlim\"",
    ] {
        assert!(refused.body.contains(shown), "{shown}: {}", refused.body);
    }
    let refused = save(&admin, &[("schedule_choice", "cron"), ("schedule", "61 * * * *")]);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("id=\"schedule-error\"") && refused.body.contains("value=\"61 * * * *\""));
    assert!(find_books(&site).schedule.is_none());

    let preview = |query: &str| admin.get(&format!("/settings/schedule-preview?{query}")).body;
    let nightly = preview("schedule_choice=daily&schedule_time=03:00&schedule_zone=America/New_York");
    assert!(nightly.starts_with("<strong>Every day at 03:00 (America/New_York)</strong>"), "{nightly}");
    assert!(preview("schedule_choice=daily&schedule_time=").contains("Enter a time"));
    assert!(preview("schedule_choice=hourly&schedule_paused=1").contains("Paused: no scheduled sync starts"));
    assert!(preview("schedule_choice=hourly&schedule_zone=Mars").contains("<strong>Every hour</strong>"));
    assert_eq!(preview("schedule_choice="), "");
    let viewer = site.add_person("vera", Role::Viewer);
    assert_eq!(viewer.get("/settings/schedule-preview?schedule_choice=hourly").status, 403);
}

fn a_schedule_is_paused_and_resumed_by_hand(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let robot = site.add_program("robot", Role::Admin);
    assert_eq!(robot.post("/api/sources/books/pause").expect_refusal(), (409, "not_scheduled".to_owned()));
    assert!(!admin.get(SETTINGS).body.contains("Pause schedule"));
    assert_eq!(save(&admin, &[("schedule_choice", "hourly")]).status, 303);
    let page = admin.get(SETTINGS).body;
    assert!(page.contains("Next sync") && page.contains("Pause schedule") && !page.contains("Resume schedule"));

    let next = [("next", SETTINGS)];
    let paused = admin.post_form("/catalog/books/schedule/pause", &next);
    assert_eq!((paused.status, paused.header("location")), (303, Some(SETTINGS)));
    assert!(find_books(&site).has_paused_schedule());
    let page = admin.get(SETTINGS).body;
    assert!(
        page.contains("Schedule paused since") && page.contains("no scheduled sync starts until you resume it"),
        "{page}"
    );
    assert!(!page.contains("Pause schedule"));
    assert_eq!(admin.post_form("/catalog/books/schedule/resume", &next).status, 303);
    assert_eq!(db.count_rows("sources", "next_run_at IS NOT NULL AND paused_at IS NULL"), 1);

    assert_eq!(robot.post("/api/sources/books/pause").json()["status"], "paused");
    assert_eq!(robot.post("/api/sources/books/resume").json()["status"], "resumed");
    let viewer = site.add_person("vera", Role::Viewer);
    assert_eq!(viewer.post_form("/catalog/books/schedule/pause", &next).status, 403);
    assert_eq!(site.add_program("reader", Role::Viewer).post("/api/sources/books/pause").status, 403);
    assert_eq!(robot.post("/api/sources/nothing/pause").status, 404);
}
