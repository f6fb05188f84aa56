//! Automatic retries on the pages and in the JSON of the history.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use lockstep::domain::schedule::StoredSchedule;
use lockstep::store::admission::{AdmissionRequest, StartOutcome};

use super::history::latest_run;
use super::site::TestSite;
use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryKind, MemoryTable};
use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![the_page_of_a_run_links_its_automatic_retries];

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
    let attempts = |run: usize| {
        let page = reader.get(&format!("/history/{}", runs[run])).body;
        page.split_once("<ol class=\"run-attempts\">")
            .map_or(String::new(), |(_, rest)| rest.split_once("</ol>").expect("its end").0.to_owned())
    };
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
    let request = StartRequest {
        kind: OperationKind::Sync,
        mode: Mode::Incremental,
        options: StartOptions { retries_before: Some(1), ..StartOptions::default() },
        priority: RunPriority::Retry,
        requested_by: "schedule".to_owned(),
    };
    let admission = AdmissionRequest {
        source: source.id,
        request: &request,
        message: "Waiting…",
        cooldown: Duration::ZERO,
        due: None,
        condition: None,
    };
    let StartOutcome::Accepted(id) = site.store.admit_run(&admission).expect("an answer") else { panic!("refused") };
    site.run_queued(&id.to_string());

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
