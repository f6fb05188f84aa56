//! A server that is frozen past its lease in the middle of a run, while another one is up.

use std::time::Duration;

use diesel::connection::SimpleConnection;

use super::mid_run::{EndedTooSoon, check_mid_run, repeat_until_mid_run, wait_for_percent};
use super::{INTERRUPTION_LIMIT, count_albums, start_two_servers, write_albums};
use crate::support::load_clock::LoadClock;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::test_database::RawConnection;
use crate::support::waiting::{wait_for, wait_for_value};
use crate::support::{TestDatabase, on_both_databases};

const ALBUM_COUNT: usize = 100_000;

on_both_databases! { a_run_of_a_frozen_server_is_taken_over_and_its_later_writes_are_refused }

/// Freezes the server during its run. A process frozen inside a write on SQLite blocks all other writers; that is
/// documented and not tested here.
fn freeze_mid_run(
    db: &TestDatabase,
    setup: &ServerSetup,
    server: &ServerProcess,
    id: &str,
) -> Result<(), EndedTooSoon> {
    let may_write = || match db.raw_connection() {
        RawConnection::Sqlite(mut conn) => {
            conn.batch_execute("PRAGMA busy_timeout = 100; BEGIN IMMEDIATE; ROLLBACK").is_ok()
        }
        RawConnection::Postgres(_) => true,
    };
    wait_for_percent(server, id, 15)?;
    loop {
        server.freeze();
        if may_write() {
            return check_mid_run(setup, id);
        }
        server.thaw();
    }
}

fn a_run_of_a_frozen_server_is_taken_over_and_its_later_writes_are_refused(db: &TestDatabase) {
    repeat_until_mid_run(db, ALBUM_COUNT, try_freeze);
}

fn try_freeze(db: &TestDatabase, albums: usize) -> Result<(), EndedTooSoon> {
    let all = (albums as i64, albums as u64);
    let setup = ServerSetup::on_database(db);
    let [first, second] = start_two_servers(db, &setup);
    setup.add_admin_and_token();
    let file = setup.path("albums.csv");
    write_albums(&file, albums, "Frozen");
    setup.add_file("albums", &file);
    // The first server must get the run, so the second one is stopped until then.
    second.freeze();
    let id = first.start_sync("albums");
    freeze_mid_run(db, &setup, &first, &id)?;
    let frozen = LoadClock::start();
    write_albums(&file, albums, "New");
    second.thaw();

    let observe = || {
        let report = second.status(&id);
        assert_ne!(report["status"], "completed", "its server is frozen");
        report
    };
    let interrupted = wait_for_value("the interruption", observe, |report| report["status"] == "interrupted");
    let took = frozen.elapsed();
    assert!(took < INTERRUPTION_LIMIT, "{took:?}");
    assert!(interrupted["progress"].as_u64().is_some_and(|percent| (15..100).contains(&percent)), "{interrupted}");
    let successor = interrupted["successor"].as_str().expect("a successor").to_owned();
    second.wait_for_status(&successor, "completed");
    assert_eq!(
        (&second.status(&successor)["attempt"], &second.status(&successor)["retryOf"]),
        (&2.into(), &id.clone().into())
    );
    assert_eq!(count_albums(db, &setup, "New"), all);
    let written = db.items_as_written();

    first.thaw();
    wait_for("the frozen one learns of it", || {
        let log = first.log();
        log.contains(&id) && (log.contains("lease") || log.contains("not accepted"))
    });
    // By then its last writes would have arrived.
    for _ in 0..20 {
        for server in [&first, &second] {
            let now = server.status(&id);
            assert_eq!(now["status"], "interrupted", "after {took:?}: {now}");
            assert_eq!(now["progress"], interrupted["progress"], "{now}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(db.items_as_written(), written, "it wrote items");
    assert_eq!(count_albums(db, &setup, "New"), all);
    let records = db.select_texts("SELECT id || ' ' || status AS value FROM sync_records ORDER BY id");
    assert_eq!(records, [Some(format!("{id} interrupted")), Some(format!("{successor} completed"))]);
    assert_eq!(first.get("/catalog/albums").status, 200);
    println!("interrupted {took:?} after it was frozen");
    Ok(())
}
