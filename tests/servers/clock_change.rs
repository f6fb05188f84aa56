//! The clock of the server is moved by an hour during a run: its times still follow each other, and its duration is
//! true.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::write_albums;
use crate::support::preload_library::{MOVED_CLOCK, compile_library};
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    a_clock_that_is_moved_forward_by_an_hour_changes_no_time_of_a_run,
    a_clock_that_is_moved_back_by_an_hour_changes_no_time_of_a_run,
}

fn time_of(report: &Value, field: &str) -> DateTime<Utc> {
    report[field].as_str().unwrap_or_else(|| panic!("{field}: {report}")).parse().expect("a time")
}

/// Polls a run to its end; `move_clock` is called after a second. Returns how long the run took, and its last report.
fn poll_to_end(server: &ServerProcess, id: &str, move_clock: impl FnOnce()) -> (Duration, Value) {
    let (started, mut move_clock) = (Instant::now(), Some(move_clock));
    let mut last_update = DateTime::UNIX_EPOCH;
    loop {
        let report = server.status(id);
        let (start, update) = (time_of(&report, "startTime"), time_of(&report, "lastUpdate"));
        assert!(start <= update, "{report}");
        // The two stores may be some milliseconds apart.
        assert!(update >= last_update - Duration::from_millis(2500), "{last_update}, then {report}");
        last_update = update;
        if !["pending", "running"].contains(&report["status"].as_str().expect("a status")) {
            return (started.elapsed(), report);
        }
        if started.elapsed() > Duration::from_secs(1)
            && let Some(move_clock) = move_clock.take()
        {
            move_clock();
        }
        assert!(started.elapsed() < Duration::from_secs(120), "{report}\n{}", server.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn run_while_clock_moves(db: &TestDatabase, seconds: i64) {
    let setup = ServerSetup::on_database(db);
    let library = compile_library(&setup.path(""), MOVED_CLOCK);
    let offset = setup.path("clock-offset");
    let setup = setup
        .with_setting("LD_PRELOAD", &library.display().to_string())
        .with_setting("TEST_CLOCK_OFFSET", &offset.display().to_string());
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    let csv = write_albums(&setup.path("albums.csv"), 3000, "Title");
    stub.set_reply("/albums.csv", StubReply::csv(&csv).drip(csv.len() / 20, Duration::from_millis(200)));
    setup.add_url("albums", stub.url("/albums.csv"));
    let id = server.start_sync("albums");
    let (took, report) = poll_to_end(&server, &id, || std::fs::write(&offset, seconds.to_string()).expect("written"));
    assert_eq!(report["status"], "completed", "{report}\n{}", server.log());

    let record = server.get(&format!("/api/history/{id}")).json();
    let duration = record["duration"].as_f64().unwrap_or_else(|| panic!("a duration: {record}"));
    assert!((2.0..=took.as_secs_f64() + 0.5).contains(&duration), "{duration} s instead of {took:?}: {record}");
    assert!(time_of(&record, "startTime") <= time_of(&record, "endTime"), "{record}");
    let ordered = "created_at <= started_at AND started_at <= processing_at AND processing_at <= finalizing_at \
                   AND finalizing_at <= finished_at";
    assert_eq!(db.count_rows("sync_records", ordered), 1, "the stages follow each other");
    let last = "last_update = finished_at AND finalizing_at <= last_update";
    assert_eq!(db.count_rows("sync_operations", last), 1, "the last update is the end");
    println!("moved by {seconds} s: {duration} s instead of {took:?}");

    // The next run is accepted, and it has the new time.
    let next = server.start_sync("albums");
    let moved = time_of(&server.wait_for_status(&next, "completed"), "startTime");
    if db.is_sqlite() {
        let shift = (moved - Utc::now()).num_seconds() - seconds;
        assert!(shift.abs() < 60, "{shift} s");
    }
}

fn a_clock_that_is_moved_forward_by_an_hour_changes_no_time_of_a_run(db: &TestDatabase) {
    run_while_clock_moves(db, 3600);
}

fn a_clock_that_is_moved_back_by_an_hour_changes_no_time_of_a_run(db: &TestDatabase) {
    run_while_clock_moves(db, -3600);
}
