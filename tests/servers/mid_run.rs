//! Runs that something is done to in their middle.

use lockstep::domain::operation::{Stage, Status};
use serde_json::Value;

use crate::support::TestDatabase;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::waiting::wait_for;

/// A run had ended before its middle was hit: this machine is quick, or stood still at the wrong moment.
pub(super) struct EndedTooSoon;

/// How often a scene is played at most.
const TRIES: usize = 4;

/// Plays a scene with so many albums; and again, on another fresh database and with twice as many, where its run had
/// ended before its middle was hit.
pub(super) fn in_the_middle(
    db: &TestDatabase,
    albums: usize,
    scene: impl Fn(&TestDatabase, usize) -> Result<(), EndedTooSoon>,
) {
    let mut played = scene(db, albums);
    for again in 1..TRIES {
        if played.is_ok() {
            return;
        }
        let more = albums << again;
        println!("too quick: again with {more} albums");
        let fresh = if db.is_sqlite() { TestDatabase::sqlite() } else { TestDatabase::postgres() };
        played = scene(&fresh, more);
    }
    assert!(played.is_ok(), "it was too quick {TRIES} times");
}

/// Whether this status is that of a run that has not ended.
pub(super) fn is_active(status: &Value) -> bool {
    ["pending", "running"].contains(&status["status"].as_str().expect("a status"))
}

/// Waits until something is so of the status of a run that goes on.
pub(super) fn reach(server: &ServerProcess, id: &str, so: impl Fn(&Value) -> bool) -> Result<(), EndedTooSoon> {
    let mut goes_on = true;
    wait_for("the middle of the run", || {
        let status = server.status(id);
        assert_eq!(status["error"], Value::Null, "{status}");
        goes_on = is_active(&status);
        !goes_on || so(&status)
    });
    if goes_on { Ok(()) } else { Err(EndedTooSoon) }
}

/// Waits until a run has come to so many percent.
pub(super) fn reach_percent(server: &ServerProcess, id: &str, percent: u64) -> Result<(), EndedTooSoon> {
    reach(server, id, |status| status["progress"].as_u64() >= Some(percent))
}

/// After something was done to a run: whether it hit it while it had items to write, as the database has it.
pub(super) fn was_hit(home: &ServerSetup, id: &str) -> Result<(), EndedTooSoon> {
    let status = home.store().operation_status(id.parse().expect("an id")).expect("an answer").expect("a status");
    let works = status.status == Status::Running && status.stage == Some(Stage::Processing);
    if works { Ok(()) } else { Err(EndedTooSoon) }
}
