//! The filters of the history page, and the plot of the runs of one source.

use chrono::{TimeDelta, Utc};
use lockstep::domain::account::Role;
use lockstep::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use lockstep::store::admission::{AdmissionRequest, StartOutcome};

use super::history::{latest_run, sync_again};
use super::site::{SiteClient, TestSite};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    filters_combine_and_stay_in_the_address,
    unknown_values_are_named_and_select_everything,
    the_plot_shows_the_runs_of_one_source,
];

fn open_site(db: &TestDatabase) -> TestSite {
    TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"))
}

/// Runs a sync of `albums` in the name of what starts runs by itself.
fn sync_by(site: &TestSite, requested_by: &str) {
    let request = StartRequest {
        kind: OperationKind::Sync,
        mode: Mode::Incremental,
        options: StartOptions::default(),
        priority: RunPriority::Scheduled,
        requested_by: requested_by.to_owned(),
    };
    let admission = AdmissionRequest {
        source: site.albums.id,
        request: &request,
        message: "Waiting…",
        cooldown: std::time::Duration::ZERO,
        due: None,
        condition: None,
    };
    let StartOutcome::Accepted(id) = site.store.admit_run(&admission).expect("an answer") else { panic!("refused") };
    site.run_queued(&id.to_string());
}

fn count_runs(reader: &SiteClient<'_>, query: &str) -> usize {
    reader.get(&format!("/history?{query}")).body.matches("<h2><a href=\"/history/").count()
}

fn filters_combine_and_stay_in_the_address(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", "id,title\na,One\n");
    sync_again(&site, &source, "title\nOne\n");
    sync_by(&site, "schedule");
    sync_by(&site, "command line");
    let admin = site.add_person("bea", Role::Admin);
    admin.post_form("/catalog/albums/sync", &[("action", "preview")]);
    site.run_queued(&latest_run(&site, &site.albums));
    let count = |query: &str| count_runs(&admin, query);
    // ada: two of books, one of which failed; the schedule, the command line and bea: albums.
    assert_eq!((count(""), count("kind=sync"), count("kind=preview"), count("kind=undo")), (5, 4, 1, 0));
    assert_eq!((count("person=ada"), count("person=schedule"), count("person=command+line")), (2, 1, 1));
    assert_eq!((count("person=bea&kind=preview&status=completed"), count("person=bea&kind=sync")), (1, 0));
    assert_eq!((count("source=books&person=ada&status=failed"), count("source=albums&person=ada")), (1, 0));
    let day = |days: i64| (Utc::now() + TimeDelta::days(days)).format("%Y-%m-%d").to_string();
    assert_eq!((count("time=24h"), count("time=7d&kind=preview"), count("time=30d&status=failed")), (5, 1, 1));
    assert_eq!(count(&format!("from={}&to={}", day(-1), day(1))), 5);
    assert_eq!((count(&format!("from={}", day(2))), count(&format!("to={}", day(-2)))), (0, 0));

    let page = admin.get("/history?person=schedule&kind=sync&time=7d&from=2020-01-31").body;
    for text in [
        "<option value=\"schedule\" selected>The schedule</option>",
        "<option value=\"command line\">The command line</option>",
        "<option value=\"sync\" selected>Sync</option>",
        "<option value=\"7d\" selected>Last 7 days</option>",
        "name=\"from\" value=\"2020-01-31\"",
        "class=\"history-dates\" open",
        "Clear filters",
        "hx-get=\"/history?kind=sync&#38;person=schedule&#38;time=7d&#38;from=2020-01-31\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!admin.get("/history").body.contains("history-dates\" open"));

    // An active run has no outcome and no end yet.
    site.begin_sync(&site.drafts);
    assert_eq!((count("person=ada"), count("person=bea"), count("kind=sync&time=24h")), (3, 1, 5));
    assert_eq!((count("person=ada&status=completed"), count("kind=preview")), (1, 1));
    assert_eq!((count(&format!("to={}", day(-2))), count(&format!("from={}", day(2)))), (0, 0));
}

fn unknown_values_are_named_and_select_everything(db: &TestDatabase) {
    let site = open_site(db);
    site.sync_source(&site.albums);
    let reader = site.add_person("bob", Role::Viewer);
    for (query, value, choices) in [
        ("kind=backup", "backup", "sync, preview, undo or removal"),
        ("status=running", "running", "completed, failed, cancelled or interrupted"),
        ("person=Bob%3Cb%3E", "Bob&#60;b&#62;", "a person in the list"),
        ("time=1y", "1y", "24h, 7d or 30d"),
        ("from=2026-02-30", "2026-02-30", "a date such as 2026-11-30"),
        ("to=never", "never", "a date such as 2026-11-30"),
    ] {
        let page = reader.get(&format!("/history?{query}&utm_source=mail"));
        let notice = format!("The filter “{value}” was not applied. Choose {choices}.");
        assert!(page.status == 200 && page.body.contains(&notice), "{query}: {}", page.body);
        assert!(page.body.contains("1–1 of 1") && !page.body.contains("Clear filters"), "{query}: {}", page.body);
    }
    let page = reader.get("/history?kind=x&time=y&status=completed").body;
    assert_eq!(page.matches("notice-filter").count(), 2, "{page}");
}

fn the_plot_shows_the_runs_of_one_source(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", "id,title\na,One\nb,Two\n");
    let changed = sync_again(&site, &source, "id,title\na,Other\nb,Two\nc,Three\n");
    let failed = sync_again(&site, &source, "title\nOne\n");
    site.sync_source(&site.albums);
    let reader = site.add_person("bob", Role::Viewer);
    let page = reader.get("/history?source=books").body;
    let (_, plot) = page.split_once("<section class=\"run-plot\"").expect("a plot");
    let (plot, _) = plot.split_once("</section>").expect("its end");
    assert!(plot.contains("Last 3 runs: 2 completed, 1 failed. The longest took "), "{plot}");
    assert!(plot.contains("2 with changes.\"") && plot.contains("role=\"img\""), "{plot}");
    let titles: Vec<&str> = plot.split("<g><title>").skip(1).filter_map(|run| run.split("</title>").next()).collect();
    let begins = ["Sync completed, took ", "Sync completed, took ", "Sync failed, took "];
    assert!(
        titles.len() == 3 && titles.iter().zip(begins).all(|(title, begin)| title.starts_with(begin)),
        "{titles:?}"
    );
    assert!(titles[1].contains(", 1 added, 1 updated, ") && titles[2].contains(", no changes, "), "{titles:?}");
    assert_eq!((plot.matches("<path class=\"run-plot-bad\"").count(), plot.matches("<path").count()), (1, 1), "{plot}");
    // The table has the same, newest first, with links.
    let rows: Vec<&str> = plot.split("<tr role=").skip(2).collect();
    assert!(rows.len() == 3 && rows[0].contains(&failed) && rows[1].contains(&changed), "{plot}");
    assert!(rows[1].contains("<td role=\"cell\">1 added, 1 updated</td>"), "{plot}");

    let narrowed = reader.get("/history?source=books&status=failed").body;
    assert!(narrowed.contains("Last matching run: 1 failed."), "{narrowed}");
    for query in ["", "?status=failed", "?source=nothing", "?source=drafts", "?source=books&kind=undo"] {
        assert!(!reader.get(&format!("/history{query}")).body.contains("run-plot\""), "{query}");
    }
    assert_eq!(reader.post("/settings/sources/books/remove").status, 403);
    assert_eq!(site.add_person("ada", Role::Admin).post("/settings/sources/books/remove").status, 303);
    assert!(reader.get("/history?source=books").body.contains("Last 3 runs: "), "also of a removed source");
}
