//! Progress, phases and ends.

use serde_json::json;

use super::history_builder::{HistoryBuilder, report, with_fields};
use crate::servers::run_lives::checker::{LifeRule, check_history};
use crate::servers::run_lives::history::{CallAnswer, CallRequest, FaultKind, RunHistory};

fn builder() -> HistoryBuilder {
    HistoryBuilder::default()
}

#[test]
fn progress_that_goes_back_is_found_and_answers_to_concurrent_calls_have_no_order() {
    builder()
        .poll((1000, 1100), "a", "running", 40)
        .poll((1101, 1200), "a", "running", 39)
        .breaks(LifeRule::ProgressGoesBack);
    builder().poll((1000, 1100), "a", "running", 40).poll((1099, 1200), "a", "running", 39).is_legal();
    builder().poll((1000, 1100), "a", "running", 40).poll((1101, 1200), "b", "running", 39).is_legal();
}

#[test]
fn another_process_may_be_a_moment_behind_and_not_longer() {
    let late = |begin| {
        builder().poll_process("A1", (1000, 1100), "a", "running", 40).poll_process(
            "B1",
            (begin, begin + 100),
            "a",
            "running",
            39,
        )
    };
    late(11_000).is_legal();
    late(11_101).breaks(LifeRule::ProgressGoesBack);
}

#[test]
fn a_record_is_never_behind_what_another_process_answered() {
    let record = |begin| {
        let answer = CallAnswer { status: 200, body: report("a", "running", 39) };
        let request = CallRequest::Record { run: "a".to_owned() };
        builder().poll_process("A1", (1000, 1100), "a", "running", 40).call_process(
            "B1",
            (begin, begin + 100),
            request,
            Some(answer),
        )
    };
    record(1099).is_legal();
    record(1100).breaks(LifeRule::ProgressGoesBack);
}

#[test]
fn progress_that_goes_back_is_found_in_panels_and_records_too() {
    let panel = CallRequest::Panel { source: "albums".to_owned(), run: Some("a".to_owned()) };
    let record = CallRequest::Record { run: "a".to_owned() };
    for request in [panel, record] {
        let body = report("a", "running", 39);
        builder()
            .poll((1000, 1100), "a", "running", 40)
            .call((1101, 1200), request, 200, body)
            .breaks(LifeRule::ProgressGoesBack);
    }
}

#[test]
fn an_ended_run_that_is_active_again_is_found() {
    builder()
        .poll((1000, 1100), "a", "failed", 40)
        .poll((1101, 1200), "a", "running", 40)
        .breaks(LifeRule::EndedRunIsActive);
    builder()
        .poll((1000, 1100), "a", "running", 0)
        .poll((1101, 1200), "a", "pending", 0)
        .breaks(LifeRule::EndedRunIsActive);
    builder().poll((1000, 1100), "a", "failed", 40).poll((1000, 1200), "a", "running", 40).is_legal();
    let behind = |begin| {
        builder().poll_process("A1", (1000, 1100), "a", "failed", 40).poll_process(
            "B1",
            (begin, begin + 100),
            "a",
            "running",
            40,
        )
    };
    behind(11_000).is_legal();
    behind(11_101).breaks(LifeRule::EndedRunIsActive);
}

#[test]
fn two_ends_of_a_run_are_found_in_any_order() {
    let two = |second: &str| {
        builder().poll_process("A1", (1000, 2000), "a", "failed", 40).poll_process("B1", (1500, 1900), "a", second, 40)
    };
    two("interrupted").breaks(LifeRule::EndChanges);
    two("failed").is_legal();
}

#[test]
fn a_hundred_percent_without_completed_is_found_and_completed_without_a_hundred() {
    builder().poll((1000, 1100), "a", "running", 100).breaks(LifeRule::HundredWithoutCompleted);
    builder().poll((1000, 1100), "a", "completed", 99).breaks(LifeRule::HundredWithoutCompleted);
    builder().poll((1000, 1100), "a", "running", 99).poll((1200, 1300), "a", "completed", 100).is_legal();
}

#[test]
fn a_fault_of_the_server_is_found_and_an_unavailable_database_is_none() {
    let poll = CallRequest::Status { run: "a".to_owned() };
    builder().call((1000, 1100), poll.clone(), 500, json!({ "code": "internal" })).breaks(LifeRule::ServerFails);
    builder().call((1000, 1100), poll, 503, json!({ "code": "database_away" })).is_legal();
}

#[test]
fn an_explanation_has_the_rule_both_calls_and_the_faults_between_them() {
    let history = builder()
        .poll((1000, 1100), "a", "running", 40)
        .poll((1101, 1200), "a", "running", 39)
        .fault(FaultKind::Freeze, "B1", (900, 1150))
        .fault(FaultKind::Kill, "B1", (2000, 2001))
        .into_history();
    let found = check_history(&history);
    assert_eq!(found.len(), 1);
    let text = found[0].explain(&history);
    for part in ["never goes back", "at 40 %", "1.000 s–1.100 s", "\"progress\":39", "Freeze of B1"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("Kill"), "{text}");
}

#[test]
fn a_history_is_the_same_after_it_was_written_and_read() {
    let answer = CallAnswer { status: 200, body: with_fields(report("a", "running", 3), &json!({ "code": null })) };
    let request = CallRequest::Panel { source: "albums".to_owned(), run: None };
    let history = builder()
        .on_sqlite()
        .start((100, 200), 202, "a")
        .lost_start((150, 260))
        .call_process("A1", (300, 400), request, Some(answer))
        .sheet((10, 20), 1, 100)
        .process("A1", (0, 50), Some(900))
        .fault(FaultKind::ClockBack, "A1", (500, 600))
        .into_history();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("histories/one.jsonl");
    history.write_file(&file).expect("written");
    assert_eq!(RunHistory::read_file(&file).expect("read"), history);
}
