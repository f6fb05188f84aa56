//! A server that is killed during a run, and one that is shut down.

use std::time::Duration;

use serde_json::{Value, json};

use super::mid_run::{EndedTooSoon, check_mid_run, repeat_until_mid_run, wait_for_percent};
use super::{INTERRUPTION_LIMIT, count_albums, write_albums};
use crate::support::load_clock::LoadClock;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::waiting::wait_for_value;
use crate::support::{TestDatabase, on_both_databases};

const ALBUM_COUNT: usize = 100_000;

on_both_databases! {
    a_run_whose_server_was_killed_is_interrupted_within_half_a_minute_and_completed_by_its_successor,
    a_server_shuts_down_within_five_seconds_and_its_run_continues_at_the_next_start,
}

/// A server whose run has written a part of its items.
fn start_mid_run(setup: &ServerSetup, albums: usize) -> Result<(ServerProcess, String), EndedTooSoon> {
    let server = setup.start();
    setup.add_admin_and_token();
    let file = setup.path("albums.csv");
    write_albums(&file, albums, "Old");
    setup.add_file("albums", &file);
    let id = server.start_sync("albums");
    wait_for_percent(&server, &id, 25)?;
    Ok((server, id))
}

/// Waits for the end of the successor of an interrupted run; returns its status report.
fn wait_for_successor(server: &ServerProcess, interrupted: &Value) -> Value {
    let successor = interrupted["successor"].as_str().expect("a successor");
    server.wait_for_status(successor, "completed");
    server.status(successor)
}

fn a_run_whose_server_was_killed_is_interrupted_within_half_a_minute_and_completed_by_its_successor(db: &TestDatabase) {
    repeat_until_mid_run(db, ALBUM_COUNT, try_kill);
}

fn try_kill(db: &TestDatabase, albums: usize) -> Result<(), EndedTooSoon> {
    let setup = ServerSetup::on_database(db);
    let (mut server, id) = start_mid_run(&setup, albums)?;
    server.kill();
    let killed = LoadClock::start();
    check_mid_run(&setup, &id)?;
    let some = count_albums(db, &setup, "Old").1;
    assert!(some > 0, "nothing was kept");
    if some == albums as u64 {
        return Err(EndedTooSoon);
    }
    write_albums(&setup.path("albums.csv"), albums, "New");

    let server = setup.start_at("data", server.address().port());
    // `status` accepts nothing but a report: no 404, no 500, from the first moment on.
    let observe = || {
        let report = server.status(&id);
        assert!(["running", "interrupted"].contains(&report["status"].as_str().expect("a status")), "{report}");
        assert!(report["progress"].as_u64() >= Some(25), "{report}");
        report
    };
    let last = wait_for_value("the interruption", observe, |report| report["status"] == "interrupted");
    println!("interrupted {:?} after the kill", killed.elapsed());
    assert!(killed.elapsed() < INTERRUPTION_LIMIT);
    let done = wait_for_successor(&server, &last);
    assert_eq!((&done["attempt"], &done["retryOf"]), (&json!(2), &json!(id)));
    assert_eq!(count_albums(db, &setup, "New"), (albums as i64, albums as u64));
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 2);
    assert_eq!(server.status(&id)["status"], "interrupted");
    Ok(())
}

fn a_server_shuts_down_within_five_seconds_and_its_run_continues_at_the_next_start(db: &TestDatabase) {
    repeat_until_mid_run(db, ALBUM_COUNT, try_shutdown);
}

fn try_shutdown(db: &TestDatabase, albums: usize) -> Result<(), EndedTooSoon> {
    let setup = ServerSetup::on_database(db);
    let (mut server, id) = start_mid_run(&setup, albums)?;
    let took = server.stop();
    assert!(took < Duration::from_secs(5), "{took:?}");
    if db.count_rows("sync_operations", &format!("id = '{id}' AND status = 'completed'")) == 1 {
        return Err(EndedTooSoon);
    }
    assert_eq!(db.count_rows("sync_operations", &format!("id = '{id}' AND status = 'interrupted'")), 1);
    assert_eq!(
        db.count_rows("sync_operations", &format!("retry_of = '{id}' AND status = 'pending' AND attempt = 1")),
        1
    );
    assert_eq!(db.count_rows("items", "removed_at IS NULL AND fields NOT LIKE '%Old%'"), 0);
    write_albums(&setup.path("albums.csv"), albums, "New");

    let server = setup.start_at("data", server.address().port());
    let interrupted = server.status(&id);
    assert_eq!(interrupted["status"], "interrupted");
    let done = wait_for_successor(&server, &interrupted);
    assert_eq!((&done["attempt"], &done["retryOf"]), (&json!(1), &json!(id)), "a stop is not a crash");
    assert_eq!(count_albums(db, &setup, "New"), (albums as i64, albums as u64));
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 2);
    Ok(())
}
