//! Tests that interfere with a run before it ends, and repeat when the run was too fast.

use lockstep::domain::operation::{Stage, Status};
use serde_json::Value;

use crate::support::TestDatabase;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::waiting::wait_for;

/// The run had ended before the test could interfere: this machine is fast, or the test was paused.
pub(super) struct EndedTooSoon;

/// How often a test is tried.
const MAX_TRIES: usize = 4;

/// Tries a test with a number of albums. Where its run ended too soon, tries again on another fresh database with twice
/// as many.
pub(super) fn repeat_until_mid_run(
    db: &TestDatabase,
    albums: usize,
    fixture: impl Fn(&TestDatabase, usize) -> Result<(), EndedTooSoon>,
) {
    let mut outcome = fixture(db, albums);
    for again in 1..MAX_TRIES {
        if outcome.is_ok() {
            return;
        }
        let more = albums << again;
        println!("too quick: again with {more} albums");
        let fresh = if db.is_sqlite() { TestDatabase::sqlite() } else { TestDatabase::postgres() };
        outcome = fixture(&fresh, more);
    }
    assert!(outcome.is_ok(), "it was too quick {MAX_TRIES} times");
}

/// Whether the run of this status report has not ended.
pub(super) fn is_active(status: &Value) -> bool {
    ["pending", "running"].contains(&status["status"].as_str().expect("a status"))
}

/// Waits until `is_wanted` accepts the status report of a run that is still active.
pub(super) fn wait_mid_run(
    server: &ServerProcess,
    id: &str,
    is_wanted: impl Fn(&Value) -> bool,
) -> Result<(), EndedTooSoon> {
    let mut goes_on = true;
    wait_for("the middle of the run", || {
        let status = server.status(id);
        assert_eq!(status["error"], Value::Null, "{status}");
        goes_on = is_active(&status);
        !goes_on || is_wanted(&status)
    });
    if goes_on { Ok(()) } else { Err(EndedTooSoon) }
}

/// Waits until a run has reached this percentage.
pub(super) fn wait_for_percent(server: &ServerProcess, id: &str, percent: u64) -> Result<(), EndedTooSoon> {
    wait_mid_run(server, id, |status| status["progress"].as_u64() >= Some(percent))
}

/// Checks, after a test interfered, that by the database the run was still writing items.
pub(super) fn check_mid_run(setup: &ServerSetup, id: &str) -> Result<(), EndedTooSoon> {
    let status = setup.store().operation_status(id.parse().expect("an id")).expect("an answer").expect("a status");
    let works = status.summary.status == Status::Running && status.summary.stage == Some(Stage::Processing);
    if works { Ok(()) } else { Err(EndedTooSoon) }
}
