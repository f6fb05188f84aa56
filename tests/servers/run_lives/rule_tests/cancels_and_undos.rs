//! Cancels and undos.

use serde_json::{Value, json};

use super::history_builder::{HistoryBuilder, report, with_fields};
use crate::servers::run_lives::checker::LifeRule;
use crate::servers::run_lives::history::CallRequest;

fn cancelled(status: u16, body: Value) -> HistoryBuilder {
    HistoryBuilder::default().start((1000, 1100), 202, "a").cancel((2000, 2100), "a", status, body)
}

#[test]
fn a_run_that_completes_although_its_cancel_was_accepted_is_found() {
    let accepted = || cancelled(202, json!({ "status": "cancelling" }));
    accepted().poll((3000, 3100), "a", "completed", 100).breaks(LifeRule::CancelIsIgnored);
    for end in ["cancelled", "failed", "interrupted"] {
        accepted().poll((3000, 3100), "a", end, 40).is_legal();
    }
    let too_late = cancelled(409, json!({ "code": "already_finishing" }));
    too_late.poll((3000, 3100), "a", "completed", 100).is_legal();
}

#[test]
fn a_run_that_goes_on_as_another_one_although_it_was_cancelled_is_found() {
    let body = |successor: Value| with_fields(report("a", "interrupted", 40), &json!({ "successor": successor }));
    let poll = CallRequest::Status { run: "a".to_owned() };
    let accepted = || cancelled(202, json!({ "status": "cancelling" }));
    accepted().call((3000, 3100), poll.clone(), 200, body(json!("b"))).breaks(LifeRule::CancelIsIgnored);
    accepted().call((3000, 3100), poll, 200, body(Value::Null)).is_legal();
}

#[test]
fn a_pending_run_that_was_cancelled_has_no_other_end() {
    let done = || cancelled(202, json!({ "status": "cancelled" }));
    done().poll((3000, 3100), "a", "failed", 0).breaks(LifeRule::CancelIsIgnored);
    done().poll((3000, 3100), "a", "cancelled", 0).is_legal();
}

#[test]
fn a_run_that_nobody_cancelled_is_found_cancelled() {
    let start = || HistoryBuilder::default().start((1000, 1100), 202, "a");
    start().poll((3000, 3100), "a", "cancelled", 40).breaks(LifeRule::CancelledByNobody);
    // A cancel without an answer may have been accepted, but not before it was sent.
    let lost = |begin| {
        let cancel = CallRequest::Cancel { run: "a".to_owned() };
        start().call_process("A1", (begin, 4000), cancel, None).poll((3000, 3100), "a", "cancelled", 40)
    };
    lost(3050).is_legal();
    lost(3101).breaks(LifeRule::CancelledByNobody);
}

/// A run, and its first undo, which ended like this.
fn undone(end: &str) -> HistoryBuilder {
    HistoryBuilder::default()
        .start((1000, 1100), 202, "a")
        .poll((2000, 2100), "a", "completed", 100)
        .undo((3000, 3100), "a", "u")
        .poll((4000, 4100), "u", end, if end == "completed" { 100 } else { 40 })
}

#[test]
fn a_second_undo_that_is_accepted_is_found() {
    undone("completed").undo((4100, 4200), "a", "v").breaks(LifeRule::UndoneTwice);
    undone("completed").undo((4099, 4200), "a", "v").is_legal();
    // Another undo goes on where this one stopped.
    undone("failed").undo((4100, 4200), "a", "v").is_legal();
    // An undo can be undone.
    undone("completed").undo((4100, 4200), "u", "v").is_legal();
}

/// Items of edition 1, a run that changes them to edition 2, and its undo.
fn items_around_undo(edition: u64) -> HistoryBuilder {
    HistoryBuilder::default()
        .sheet((0, 1), 1, 100)
        .sheet((0, 1), 2, 100)
        .items((500, 600), 1, 100)
        .start((1000, 1100), 202, "a")
        .poll((2000, 2100), "a", "completed", 100)
        .undo((3000, 3100), "a", "u")
        .poll((4000, 4100), "u", "completed", 100)
        .items((5000, 5100), edition, 100)
}

#[test]
fn an_undo_after_which_the_items_are_not_as_before_is_found() {
    items_around_undo(1).is_legal();
    items_around_undo(2).breaks(LifeRule::UndoRestoresOtherItems);
    // A start without an answer may have changed them meanwhile, if there is a run that may come from it.
    let disturbed = items_around_undo(2).lost_start((4500, 4600));
    disturbed.poll((6000, 6100), "c", "completed", 100).is_legal();
}
