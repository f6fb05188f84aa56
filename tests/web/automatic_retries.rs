//! Automatic retries on the pages and in the JSON of the history.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::SourceId;
use lockstep::store::admission::{AdmissionRequest, StartOutcome};

use super::history::latest_run;
use super::site::{SiteClient, TestSite};
use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryKind, MemoryTable};
use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    the_page_of_a_run_links_its_automatic_retries,
    a_retry_that_has_not_ended_is_linked_from_the_failed_run_and_links_back,
];

/// A request of the schedule for the first retry.
fn first_retry() -> StartRequest {
    StartRequest {
        kind: OperationKind::Sync,
        mode: Mode::Incremental,
        options: StartOptions { retries_before: Some(1), ..StartOptions::default() },
        priority: RunPriority::Retry,
        requested_by: "schedule".to_owned(),
    }
}

/// Queues the first retry of a source.
fn queue_retry(site: &TestSite, source: SourceId) -> String {
    let request = first_retry();
    let admission = AdmissionRequest {
        source,
        request: &request,
        message: "Waiting…",
        cooldown: Duration::ZERO,
        due: None,
        condition: None,
    };
    match site.store.admit_run(&admission).expect("an answer") {
        StartOutcome::Accepted(id) => id.to_string(),
        refused => panic!("{refused:?}"),
    }
}

/// The list of attempts on the page of a run; empty if it has none.
fn find_attempts(reader: &SiteClient<'_>, run: &str) -> String {
    let page = reader.get(&format!("/history/{run}")).body;
    page.split_once("<ol class=\"run-attempts\">")
        .map_or(String::new(), |(_, rest)| rest.split_once("</ol>").expect("its end").0.to_owned())
}

fn a_retry_that_has_not_ended_is_linked_from_the_failed_run_and_links_back(db: &TestDatabase) {
    let site = TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"));
    site.sync_source(&site.albums);
    let failed = latest_run(&site, &site.albums);
    let plan = |at: &str| {
        db.run_sql(&format!(
            "UPDATE sync_records SET retries_before = 0, status = 'failed', retry_at = {at} WHERE id = '{failed}'"
        ));
    };
    plan("finished_at");
    let reader = site.add_person("bob", Role::Viewer);
    assert_eq!(find_attempts(&reader, &failed), "", "nothing repeats it yet");
    let retry = queue_retry(&site, site.albums.id);
    let list = find_attempts(&reader, &failed);
    for text in [&format!("href=\"/history/{retry}\">Retry 1 of 3<"), "Queued, 0 %", "retry of this run"] {
        assert!(list.contains(text), "{text}: {list}");
    }
    let page = reader.get(&format!("/history/{failed}")).body;
    assert!(page.contains("runs:changed from:body, retry\" hx-select=\"#run\""), "it shows the end: {page}");
    let list = find_attempts(&reader, &retry);
    for text in [&format!("href=\"/history/{failed}\">Scheduled sync<"), "retried by this run", "this run"] {
        assert!(list.contains(text), "{text}: {list}");
    }
    // A run that was queued before the time of the retry is another one.
    plan("'2999-01-01 00:00:00'");
    assert_eq!(find_attempts(&reader, &failed), "");
    plan("finished_at");
    site.run_queued(&retry);
    let list = find_attempts(&reader, &failed);
    assert!(list.contains(&format!("/history/{retry}")) && list.contains("Completed"), "{list}");
    // A sync that a person has started meanwhile is no retry.
    let waiting = site.begin_sync(&site.albums);
    assert!(!find_attempts(&reader, &failed).contains(&waiting.to_string()));
}

fn the_page_of_a_run_links_its_automatic_retries(db: &TestDatabase) {
    let site = TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"));
    let runs: Vec<String> = (0..4)
        .map(|_| {
            site.sync_source(&site.albums);
            latest_run(&site, &site.albums)
        })
        .collect();
    // A scheduled sync that failed, its first retry, a sync of a person, and the second retry.
    for (run, retries, status, planned) in [
        (0, "0", "failed", true),
        (1, "1", "failed", true),
        (2, "NULL", "completed", false),
        (3, "2", "completed", false),
    ] {
        let retry_at = if planned { "finished_at" } else { "NULL" };
        db.run_sql(&format!(
            "UPDATE sync_records SET retries_before = {retries}, status = '{status}', retry_at = {retry_at} WHERE id = '{}'",
            runs[run]
        ));
    }
    let reader = site.add_person("bob", Role::Viewer);
    let attempts = |run: usize| find_attempts(&reader, &runs[run]);
    for shown in [0, 1, 3] {
        let list = attempts(shown);
        let names = ["Scheduled sync", "Retry 1 of 3", "Retry 2 of 3"];
        let places = names.map(|name| list.find(name));
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{list}");
        assert_eq!(list.matches("<li").count(), 3, "{list}");
        for other in [0, 1, 3] {
            let is_linked = list.contains(&format!("href=\"/history/{}\"", runs[other]));
            assert_eq!(is_linked, other != shown, "{shown}, {other}: {list}");
        }
    }
    assert!(attempts(0).contains("retry of this run") && attempts(3).contains("retried by this run"));
    assert_eq!(attempts(2), "");
}

#[test]
fn a_retry_that_waits_is_shown_with_its_time_until_a_sync_replaces_it() {
    let memory = MemoryKind::default();
    let failing = MemoryTable::albums(3, "Title").with_fault(FaultMoment::Fetch, MemoryFault::FailWith("timeout"));
    memory.set_table("labels", failing);
    let site = TestSite::with_kind(Box::new(memory.clone()));
    let mut draft = source_draft("labels", MemoryKind::KIND, SourceLocation::Url("labels".to_owned()));
    draft.schedule = Some(StoredSchedule::in_utc("0 0 1 1 *"));
    let next_year = (Utc::now() + TimeDelta::days(200)).naive_utc();
    let source = site.store.add_source(&draft, Some(next_year)).expect("a source");
    let id = queue_retry(&site, source.id);
    site.run_queued(&id);

    let (program, person) = (site.add_program("robot", Role::Admin), site.add_person("ada", Role::Admin));
    let entry = program.get(&format!("/api/history/{id}")).json();
    assert_eq!((&entry["retriesBefore"], &entry["attempt"]), (&1.into(), &1.into()), "{entry}");
    let planned = entry["retryAt"].as_str().expect("a time");
    let pages = ["/catalog/labels".to_owned(), format!("/history/{id}")];
    for page in &pages {
        let body = person.get(page).body;
        assert!(body.contains("retry 1 of 3") && body.contains("retries <relative-time"), "{page}: {body}");
        assert!(body.contains(&planned[..16]), "{page}: {body}");
    }
    assert!(person.get("/history").body.contains("retry 1 of 3"));

    memory.set_table("labels", MemoryTable::albums(3, "Title"));
    site.sync_source(&source);
    let body = person.get(&pages[1]).body;
    assert!(body.contains("retry 1 of 3") && !body.contains("retries <relative-time"), "{body}");
}
