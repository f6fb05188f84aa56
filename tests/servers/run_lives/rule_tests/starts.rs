//! Overlapping runs, refused starts, and runs that are unknown.

use serde_json::json;

use super::history_builder::{HistoryBuilder, report};
use crate::servers::run_lives::checker::LifeRule;
use crate::servers::run_lives::history::CallRequest;

/// Two runs of one source, the second one accepted from 5.0 s to 5.1 s.
fn two_runs() -> HistoryBuilder {
    HistoryBuilder::default().start((1000, 1100), 202, "a").start((5000, 5100), 202, "b")
}

#[test]
fn a_run_that_was_accepted_while_another_one_was_active_is_found() {
    // This answer may be ten seconds old, and no older.
    two_runs().poll((15_100, 15_200), "a", "running", 40).breaks(LifeRule::RunsOverlap);
    two_runs().poll((15_099, 15_200), "a", "running", 40).is_legal();
    // A record is read from the database.
    let record = |begin| {
        let body = report("a", "running", 40);
        two_runs().call((begin, begin + 100), CallRequest::Record { run: "a".to_owned() }, 200, body)
    };
    record(5100).breaks(LifeRule::RunsOverlap);
    record(5099).is_legal();
    // So is a refused start.
    two_runs().start((5100, 5200), 409, "a").breaks(LifeRule::RunsOverlap);
    two_runs().start((5099, 5200), 409, "a").is_legal();
}

#[test]
fn two_runs_that_were_both_active_after_both_had_been_created_are_found() {
    let both = |end| {
        HistoryBuilder::default()
            .start((1000, 2000), 202, "a")
            .start((1500, 2500), 202, "b")
            .start((2600, 2700), 409, "a")
            .start((end, 2900), 409, "b")
    };
    both(2650).breaks(LifeRule::RunsOverlap);
    // By then the second one may have ended before the first one began.
    HistoryBuilder::default()
        .start((1000, 2000), 202, "a")
        .start((1500, 2500), 202, "b")
        .start((2600, 2700), 409, "a")
        .start((1900, 2100), 409, "b")
        .is_legal();
}

#[test]
fn runs_of_two_sources_may_overlap() {
    let start = CallRequest::Start { source: "songs".to_owned(), action: "sync".to_owned(), form: true };
    let other = json!({ "syncId": "b", "source": "songs", "status": "pending", "progress": 0 });
    HistoryBuilder::default()
        .start((1000, 1100), 202, "a")
        .call((5000, 5100), start, 202, other)
        .start((5200, 5300), 409, "a")
        .is_legal();
}

#[test]
fn a_refused_start_that_names_an_ended_run_is_found() {
    let refused = |begin| {
        HistoryBuilder::default().start((1000, 1100), 202, "a").poll((2000, 2100), "a", "completed", 100).start(
            (begin, 2300),
            409,
            "a",
        )
    };
    refused(2100).breaks(LifeRule::ConflictNamesEndedRun);
    refused(2099).is_legal();
}

#[test]
fn an_accepted_cancel_of_an_ended_run_is_found() {
    let cancelled = |begin| {
        HistoryBuilder::default()
            .start((1000, 1100), 202, "a")
            .cancel((2000, 2100), "a", 409, json!({ "code": "already_ended" }))
            .cancel((begin, 2300), "a", 202, json!({ "status": "cancelling" }))
    };
    cancelled(2100).breaks(LifeRule::ConflictNamesEndedRun);
    cancelled(2050).is_legal();
}

#[test]
fn an_accepted_run_that_is_unknown_is_found() {
    let missed = |begin| HistoryBuilder::default().start((1000, 1100), 202, "a").missed_poll((begin, 1300), "a");
    missed(1100).breaks(LifeRule::KnownRunIsMissing);
    missed(1099).is_legal();
    HistoryBuilder::default().missed_poll((1000, 1100), "a").is_legal();
    HistoryBuilder::default()
        .start((900, 950), 409, "a")
        .missed_poll((1000, 1100), "a")
        .breaks(LifeRule::KnownRunIsMissing);
}
