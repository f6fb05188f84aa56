//! Records after the end, and chains of interrupted runs.

use serde_json::{Value, json};

use super::history_builder::{HistoryBuilder, report, with_fields};
use crate::servers::run_lives::checker::LifeRule;

fn accepted(runs: &[&str]) -> HistoryBuilder {
    let mut history = HistoryBuilder::default();
    for (number, run) in runs.iter().enumerate() {
        let begin = 1000 * (number as u64 + 1);
        history = history.start((begin, begin + 100), 202, run);
    }
    history
}

/// The end of an interrupted run and its successor, which completed.
fn chain(first: &Value, second: &Value) -> [Value; 2] {
    let interrupted = with_fields(report("a", "interrupted", 40), &json!({ "successor": "b", "retryOf": null }));
    let completed = with_fields(report("b", "completed", 100), &json!({ "retryOf": "a", "attempt": 2 }));
    [with_fields(interrupted, first), with_fields(completed, second)]
}

#[test]
fn an_accepted_start_without_a_record_is_found() {
    let completed = [report("a", "completed", 100)];
    accepted(&["a", "b"]).final_records((9000, 9100), &completed).breaks(LifeRule::RecordMissing);
    accepted(&["a"]).final_records((9000, 9100), &completed).is_legal();
    // A history that was cut off says nothing about records.
    accepted(&["a", "b"]).is_legal();
    // A start without an answer may have had no effect.
    accepted(&["a"]).lost_start((5000, 6000)).final_records((9000, 9100), &completed).is_legal();
}

#[test]
fn a_refused_start_that_names_a_run_that_never_was_is_found() {
    let named = HistoryBuilder::default().start((1000, 1100), 409, "a");
    named.final_records((9000, 9100), &[]).breaks(LifeRule::RecordMissing);
    let named = HistoryBuilder::default().lost_start((900, 950)).start((1000, 1100), 409, "a");
    named.final_records((9000, 9100), &[report("a", "completed", 100)]).is_legal();
}

#[test]
fn two_records_of_a_run_are_found() {
    let completed = report("a", "completed", 100);
    accepted(&["a"]).final_records((9000, 9100), &[completed.clone(), completed]).breaks(LifeRule::RecordTwice);
}

#[test]
fn a_record_of_a_run_that_goes_on_is_found() {
    accepted(&["a"]).final_records((9000, 9100), &[report("a", "running", 40)]).breaks(LifeRule::RecordNotEnded);
}

#[test]
fn an_interrupted_run_and_its_successor_have_a_record_each() {
    let both = chain(&json!({}), &json!({}));
    accepted(&["a"]).final_records((9000, 9100), &both).is_legal();
    accepted(&["a"]).final_records((9000, 9100), &both[..1]).breaks(LifeRule::RecordMissing);
}

#[test]
fn a_chain_whose_links_do_not_fit_is_found() {
    for (first, second) in [
        (json!({ "status": "failed" }), json!({})),
        (json!({}), json!({ "attempt": 3 })),
        (json!({}), json!({ "retryOf": null })),
        (json!({ "successor": null }), json!({})),
    ] {
        accepted(&["a"]).final_records((9000, 9100), &chain(&first, &second)).breaks(LifeRule::ChainIsBroken);
    }
    // A shutdown is no failed attempt.
    let same_attempt = chain(&json!({}), &json!({ "attempt": 1 }));
    accepted(&["a"]).final_records((9000, 9100), &same_attempt).is_legal();
}

#[test]
fn a_run_with_two_successors_is_found() {
    let [interrupted, completed] = chain(&json!({}), &json!({}));
    let other = with_fields(interrupted.clone(), &json!({ "successor": "c" }));
    let third = report("c", "completed", 100);
    let poll = |body: Value| {
        use crate::servers::run_lives::history::CallRequest;
        accepted(&["a"])
            .call((8000, 8100), CallRequest::Status { run: "a".to_owned() }, 200, body)
            .final_records((9000, 9100), &[interrupted.clone(), completed.clone(), third.clone()])
    };
    poll(other).breaks(LifeRule::ChainIsBroken);
    poll(interrupted.clone()).is_legal();
}
