//! Automatic retries on the pages and in the JSON of the history.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use lockstep::store::admission::{AdmissionRequest, StartOutcome};

use super::site::TestSite;
use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryKind, MemoryTable};
use crate::support::test_engine::source_draft;

#[test]
fn a_retry_that_waits_is_shown_with_its_time_until_a_sync_replaces_it() {
    let memory = MemoryKind::default();
    let failing = MemoryTable::albums(3, "Title").with_fault(FaultMoment::Fetch, MemoryFault::FailWith("timeout"));
    memory.set_table("labels", failing);
    let site = TestSite::with_kind(Box::new(memory.clone()));
    let mut draft = source_draft("labels", MemoryKind::KIND, SourceLocation::Url("labels".to_owned()));
    draft.schedule = Some("0 0 1 1 *".to_owned());
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
