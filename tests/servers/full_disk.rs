//! The disk is filled to the last byte: by something else, while Lockstep has a reserve for what must be written.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::mid_run::{EndedTooSoon, is_active, repeat_until_mid_run, wait_mid_run};
use super::write_albums;
use crate::support::TestDatabase;
use crate::support::http_client::TestHttpClient;
use crate::support::server_process::{ADMIN_LOGIN, ServerProcess, ServerSetup};
use crate::support::unwritable_folder::{SmallFileSystem, report_not_tried};
use crate::support::waiting::wait_for_value;

/// The reserve on a disk of 32 MiB.
const RESERVE_BYTES: u64 = 4 * 1024 * 1024;

/// A setup whose data folder is a disk of its own; `None` where that is not allowed.
fn setup_on_small_disk(setup: ServerSetup, mebibytes: u32) -> Option<(SmallFileSystem, ServerSetup)> {
    let disk = SmallFileSystem::mount(&setup.path("data"), mebibytes * 1024);
    if disk.is_none() {
        report_not_tried("a full disk");
    }
    disk.map(|disk| (disk, setup))
}

fn reserve_bytes(setup: &ServerSetup) -> u64 {
    fs::metadata(setup.path("data/lockstep.db-reserve")).map_or(0, |file| file.len())
}

/// A CSV file on the disk of the tests, and a source that reads it.
fn add_albums(setup: &ServerSetup, count: usize) -> PathBuf {
    let csv = setup.path("albums.csv");
    write_albums(&csv, count, "First");
    setup.add_file("albums", &csv);
    csv
}

/// Waits until the run has ended; returns its last report. A report *running* without a worker fails the test.
fn wait_for_end(server: &ServerProcess, id: &str) -> Value {
    wait_for_value("the end of the run", || server.status(id), |report| !is_active(report))
}

fn log_in(server: &ServerProcess) -> u16 {
    let form = format!("username={}&password={}", ADMIN_LOGIN.0, ADMIN_LOGIN.1.replace(' ', "+"));
    TestHttpClient::anonymous(server.address()).submit_form("/login", &form).expect("an answer").status
}

#[test]
fn with_a_full_disk_a_start_is_refused_and_everything_else_works() {
    let Some((disk, setup)) = setup_on_small_disk(ServerSetup::new(), 32) else { return };
    let server = setup.start();
    setup.add_admin_and_token();
    let csv = add_albums(&setup, 20);
    let admin = TestHttpClient::logged_in_admin(server.address());
    let id = server.start_sync("albums");
    server.wait_for_status(&id, "completed");
    assert_eq!(reserve_bytes(&setup), RESERVE_BYTES);

    // The first start finds some space in the log of the database, which it shortens.
    let (refused, took) = wait_for_value(
        "a start that is refused",
        || {
            disk.fill();
            let asked = Instant::now();
            let answer = server.post("/api/sync", &json!({ "source": "albums", "type": "full" }));
            let took = asked.elapsed();
            if answer.status == 202 {
                wait_for_end(&server, answer.json()["syncId"].as_str().expect("an id"));
            }
            (answer, took)
        },
        |(answer, _)| answer.status != 202,
    );
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(refused.json()["code"], "disk_full");
    assert_eq!(refused.retry_after.as_deref(), Some("60"));
    let message = refused.json()["error"].as_str().expect("a message").to_owned();
    assert!(message.contains("The disk of the database is full. Nothing was changed."), "{message}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    let clicked = admin.submit_form("/catalog/albums/sync", "action=sync").expect("an answer");
    assert!(clicked.status == 503 && clicked.body.contains("disk of the database is full"), "{}", clicked.body);
    let command = setup.build_command("data").args(["sync", "albums"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&command.stderr).into_owned();
    assert!(command.status.code() == Some(1) && said.contains("the disk of the database is full"), "{said}");

    // Logins write, and use the reserve.
    for _ in 0..20 {
        assert_eq!(log_in(&server), 303);
    }
    assert!(reserve_bytes(&setup) < RESERVE_BYTES, "some of it was given back");
    for path in ["/", "/catalog/albums", "/catalog/albums?q=first", "/history", "/settings/sources", "/settings/about"]
    {
        let page = admin.get(path).expect("an answer");
        assert_eq!(page.status, 200, "{path}: {}", page.body);
    }
    assert_eq!(server.status(&id)["status"], "completed");
    // A server that is started on the full disk works, too.
    let second = setup.start();
    assert_eq!(second.status(&id)["status"], "completed");
    drop(second);
    let doctor = setup.build_command("data").args(["doctor"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.code() == Some(1) && said.contains("error    disk: "), "{said}");

    disk.free_space();
    write_albums(&csv, 20, "Second");
    let id = server.start_sync("albums");
    assert_eq!(server.wait_for_status(&id, "completed")["stats"]["updated"], 20);
    assert_eq!(reserve_bytes(&setup), RESERVE_BYTES, "it is taken up again");
}

/// Fills the disk in the middle of a run of this many albums; what happens then is up to `after`.
fn fill_mid_run(
    albums: usize,
    after: impl FnOnce(&mut ServerProcess, &ServerSetup, &SmallFileSystem, &str),
) -> Result<(), EndedTooSoon> {
    let Some((disk, setup)) = setup_on_small_disk(ServerSetup::new(), 96) else { return Ok(()) };
    let mut server = setup.start();
    setup.add_admin_and_token();
    add_albums(&setup, albums);
    let id = server.start_sync("albums");
    wait_mid_run(&server, &id, |status| status["stats"]["added"].as_u64() >= Some(1))?;
    disk.fill();
    after(&mut server, &setup, &disk, &id);
    Ok(())
}

#[test]
fn a_run_that_fills_the_disk_fails_and_keeps_what_it_committed() {
    repeat_until_mid_run(&TestDatabase::sqlite(), 20_000, |_, albums| {
        let mut was_mid_run = true;
        fill_mid_run(albums, |server, setup, disk, id| {
            let report = wait_for_end(server, id);
            was_mid_run = report["status"] != "completed";
            if !was_mid_run {
                return;
            }
            assert_eq!((&report["status"], &report["code"]), (&json!("failed"), &json!("disk_full")), "{report}");
            let record = server.get(&format!("/api/history/{id}")).json();
            assert_eq!(record["status"], "failed");
            let stored = setup.store();
            let source = stored.find_source("albums").expect("readable").expect("the source");
            let kept = stored.find_catalog(source.id).expect("readable").expect("the catalog").item_count;
            assert_eq!(report["stats"]["added"].as_u64(), Some(kept), "{report}");
            assert_eq!(log_in(server), 303);
            disk.free_space();
            let id = server.start_sync("albums");
            let report = server.wait_for_status(&id, "completed");
            assert_eq!(report["stats"]["added"].as_u64(), Some(albums as u64 - kept));
        })?;
        if was_mid_run { Ok(()) } else { Err(EndedTooSoon) }
    });
}

#[test]
fn a_run_whose_server_died_on_a_full_disk_does_not_stay_running() {
    repeat_until_mid_run(&TestDatabase::sqlite(), 20_000, |_, albums| {
        fill_mid_run(albums, |server, setup, disk, id| {
            server.kill();
            let again = setup.start();
            let report = wait_for_end(&again, id);
            assert_ne!(report["status"], "completed", "{report}");
            assert_eq!(log_in(&again), 303);
            disk.free_space();
            wait_for_value(
                "a start that is accepted",
                || again.post("/api/sync", &json!({ "source": "albums", "type": "full" })).status,
                |status| *status == 202,
            );
        })
    });
}

/// Takes what the reserve gives back, `times` times.
fn take_what_is_given_back(setup: &ServerSetup, disk: &SmallFileSystem, times: usize) {
    for _ in 0..times {
        let held = reserve_bytes(setup);
        wait_for_value("a step of the reserve", || reserve_bytes(setup), |now| *now < held);
        disk.fill();
    }
}

#[test]
fn a_program_that_takes_what_the_reserve_gives_back_leaves_enough_for_the_end_of_a_run() {
    repeat_until_mid_run(&TestDatabase::sqlite(), 20_000, |_, albums| {
        fill_mid_run(albums, |server, setup, disk, id| {
            server.kill();
            disk.fill();
            thread::scope(|scope| {
                scope.spawn(|| take_what_is_given_back(setup, disk, 3));
                let again = setup.start();
                let report = wait_for_end(&again, id);
                assert_ne!(report["status"], "completed", "{report}");
                assert_eq!(log_in(&again), 303);
            });
            assert_eq!(log_in(&setup.start()), 303);
        })
    });
}

#[test]
fn with_a_full_data_folder_and_a_database_elsewhere_a_run_fails_and_says_why() {
    let db = TestDatabase::postgres();
    let Some((disk, setup)) = setup_on_small_disk(ServerSetup::on_database(&db), 8) else { return };
    let server = setup.start();
    setup.add_admin_and_token();
    add_albums(&setup, 20_000);
    disk.fill();
    let id = server.start_sync("albums");
    let report = wait_for_end(&server, &id);
    assert_eq!((&report["status"], &report["code"]), (&json!("failed"), &json!("disk")), "{report}");
    let message = report["message"].as_str().expect("a message");
    assert!(message.contains("disk") || message.contains("space"), "{message}");
    assert_eq!(log_in(&server), 303);
    disk.free_space();
    let id = server.start_sync("albums");
    server.wait_for_status(&id, "completed");
}
