//! When the database is asked about a report of the primary, and which of the two answers is used.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use lockstep::domain::operation::Status;
use lockstep::domain::run_summary::RunSummary;
use lockstep::domain::status_report::StatusReport;
use lockstep::status::StatusBoard;

use super::store_fixture::FixtureRun;
use super::{StatusFixture, StoreKind};
use crate::store::worker_steps;
use crate::support::TestDatabase;

/// How long the database is not asked again about a running run.
const CONFIRMATION_LIFETIME: Duration = Duration::from_secs(1);

/// How long the database is not asked again after it did not answer.
const DATABASE_BACKOFF: Duration = Duration::from_secs(5);

/// How often it is tried to show within that time what holds for that time only.
const MAX_TRIES: u32 = 20;

fn new_place() -> StatusFixture {
    StatusFixture::new(StoreKind::File, TestDatabase::sqlite())
}

fn get(board: &StatusBoard, run: &FixtureRun) -> RunSummary {
    board.get(run.id()).expect("an answer").expect("a status").summary
}

/// Writes a report at 30 % with this message and age.
fn put_message(place: &StatusFixture, run: &FixtureRun, message: &str, age: TimeDelta) {
    let report = run.build_report(&worker_steps::progress_at(30));
    let summary = RunSummary { message: message.to_owned(), ..report.summary };
    place.open_store().put(&StatusReport { summary, last_update: Utc::now() - age, ..report }).expect("put");
}

fn end_in_database(place: &StatusFixture, run: &FixtureRun) {
    place.db.store().finish_run(run.lease, &worker_steps::run_ending(Status::Failed)).expect("an end");
}

#[test]
fn a_confirmed_run_is_answered_without_the_database_for_a_second() {
    let was_shown = (0..MAX_TRIES).any(|at| show_confirmation(&format!("albums-{at}")));
    assert!(was_shown, "the machine is too slow for this test");
}

/// Returns whether it was shown within the second.
fn show_confirmation(slug: &str) -> bool {
    let place = new_place();
    let (run, board) = (place.begin_run(slug), place.open_board());
    run.publish_progress(&place, &*place.open_store(), 30).expect("put");
    get(&board, &run);
    let asked_at = Instant::now();
    get(&board, &run);
    end_in_database(&place, &run);
    put_message(&place, &run, "later", TimeDelta::zero());
    let summary = get(&board, &run);
    let is_in_time = asked_at.elapsed() < CONFIRMATION_LIFETIME;
    if is_in_time {
        assert_eq!((summary.status, summary.message.as_str()), (Status::Running, "later"));
    }
    assert_eq!(get(&place.open_board(), &run).status, Status::Failed, "another board asks");
    std::thread::sleep(CONFIRMATION_LIFETIME);
    put_message(&place, &run, "later", TimeDelta::zero());
    assert_eq!(get(&board, &run).status, Status::Failed, "the confirmation has ended");
    is_in_time
}

#[test]
fn at_the_same_percentage_a_fresh_report_is_used_and_an_older_one_is_not() {
    let place = new_place();
    let run = place.begin_run("albums");
    let stored = run.publish_progress(&place, &*place.open_store(), 30).expect("put").summary.message;
    put_message(&place, &run, "older", TimeDelta::milliseconds(2500));
    assert_eq!(get(&place.open_board(), &run).message, stored);
    put_message(&place, &run, "newer", TimeDelta::zero());
    assert_eq!(get(&place.open_board(), &run).message, "newer");
}

#[test]
fn what_a_page_has_read_from_the_database_is_not_lowered_when_the_database_becomes_unavailable() {
    let place = new_place();
    let (run, board) = (place.begin_run("albums"), place.open_board());
    run.publish_progress(&place, &*place.open_store(), 30).expect("put");
    let read = get(&board, &run);
    // The history shows more than the file has, because the run has just written it.
    board.record_shown(&RunSummary { progress: 35, ..read });
    place.db.run_sql("ALTER TABLE sync_operations RENAME TO hidden");
    assert!(board.get(run.id()).is_err(), "30 % would be less than what was shown");
    assert_eq!(get(&place.open_board(), &run).progress, 30, "another board has shown nothing");
}

#[test]
fn a_database_that_did_not_answer_is_not_asked_again_for_five_seconds() {
    let was_shown = (0..MAX_TRIES).any(|at| show_backoff(&format!("albums-{at}")));
    assert!(was_shown, "the machine is too slow for this test");
}

/// Returns whether it was shown within the five seconds.
fn show_backoff(slug: &str) -> bool {
    let place = new_place();
    let (run, board) = (place.begin_run(slug), place.open_board());
    run.publish_progress(&place, &*place.open_store(), 30).expect("put");
    place.db.run_sql("ALTER TABLE sync_operations RENAME TO hidden");
    let asked_at = Instant::now();
    get(&board, &run);
    place.db.run_sql("ALTER TABLE hidden RENAME TO sync_operations");
    end_in_database(&place, &run);
    put_message(&place, &run, "later", TimeDelta::zero());
    let summary = get(&board, &run);
    let is_in_time = asked_at.elapsed() < DATABASE_BACKOFF;
    if is_in_time {
        assert_eq!((summary.status, summary.message.as_str()), (Status::Running, "later"));
    }
    std::thread::sleep(DATABASE_BACKOFF);
    put_message(&place, &run, "later", TimeDelta::zero());
    assert_eq!(get(&board, &run).status, Status::Failed, "the database is asked again");
    is_in_time
}
