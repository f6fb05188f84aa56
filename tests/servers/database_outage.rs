//! A database that becomes unavailable during a run: PostgreSQL is restarted, or another program locks the SQLite file.
//! The run waits and continues; the pages show the problem and recover.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use lockstep::store::DatabaseAddress;
use serde_json::{Value, json};

use super::{count_albums, write_albums};
use crate::support::TestDatabase;
use crate::support::load_clock::LoadClock;
use crate::support::postgres_server::PostgresServer;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::waiting::wait_for;

const ALBUM_COUNT: usize = 150_000;

/// A server during a run: some of its items are committed, most are not.
fn start_mid_run(setup: &ServerSetup) -> (ServerProcess, String) {
    let (server, id) = start_run(setup);
    wait_for("the middle of the run", || server.status(&id)["progress"].as_u64() >= Some(20));
    (server, id)
}

/// A server that has just accepted a run.
fn start_run(setup: &ServerSetup) -> (ServerProcess, String) {
    let server = setup.start();
    setup.add_admin_and_token();
    let file = setup.path("albums.csv");
    write_albums(&file, ALBUM_COUNT, "Old");
    setup.add_file("albums", &file);
    let id = server.start_sync("albums");
    (server, id)
}

/// Polls a run to its end; returns its last status report and the answers of the polls that got none. Progress must not
/// go back.
fn poll_to_end(server: &ServerProcess, id: &str) -> (Value, Vec<Value>) {
    let (mut last, mut refused, mut seen) = (Value::Null, Vec::new(), 0);
    wait_for("the end of the run", || {
        let answer = server.get(&format!("/api/sync/status/{id}"));
        if answer.status != 200 {
            refused.push(json!({ "status": answer.status, "body": answer.json() }));
            return false;
        }
        last = answer.json();
        let progress = last["progress"].as_u64().expect("a percent");
        assert!(progress >= seen, "from {seen} % back to {last}");
        seen = progress;
        !["pending", "running"].contains(&last["status"].as_str().expect("a status"))
    });
    (last, refused)
}

fn assert_database_errors(refused: &[Value]) {
    for answer in refused {
        assert_eq!((&answer["status"], &answer["body"]["code"]), (&json!(503), &json!("database_away")), "{answer}");
    }
}

fn assert_completed(server: &ServerProcess, db_count: i64, setup: &ServerSetup, last: &Value) {
    assert_eq!((&last["status"], &last["attempt"]), (&json!("completed"), &json!(1)), "{last}\n{}", server.log());
    assert_eq!(last["stats"]["added"], ALBUM_COUNT, "every item was counted once");
    let store = setup.store();
    let source = store.find_source("albums").expect("an answer").expect("the source");
    assert_eq!(store.find_catalog(source.id).expect("an answer").expect("a catalog").item_count, ALBUM_COUNT as u64);
    assert_eq!(db_count, i64::try_from(ALBUM_COUNT).expect("a number"), "items");
    assert_eq!(store.recent_records(None, 10).expect("records").len(), 1);
}

/// A PostgreSQL server for this test alone, and a setup on it.
fn start_own_postgres() -> (PostgresServer, ServerSetup, String) {
    let note = std::env::temp_dir().join(format!("lockstep-note-{}", uuid::Uuid::new_v4()));
    let postgres = PostgresServer::start(std::process::id(), &note);
    let mut conn = PgConnection::establish(&format!("{}/postgres", postgres.address())).expect("a connection");
    conn.batch_execute("CREATE DATABASE lockstep").expect("a database");
    let url = format!("{}/lockstep", postgres.address());
    let setup = ServerSetup::at_address(DatabaseAddress::Postgres(url.clone()));
    (postgres, setup, url)
}

fn count_items(url: &str) -> i64 {
    use diesel::RunQueryDsl;
    use diesel::sql_types::BigInt;
    let mut conn = PgConnection::establish(url).expect("a connection");
    diesel::select(diesel::dsl::sql::<BigInt>("(SELECT count(*) FROM items)")).get_result(&mut conn).expect("a number")
}

/// Stops PostgreSQL during a run for the time `unavailable`.
fn continue_after_stop(how: &str, unavailable: Duration) {
    let (postgres, setup, url) = start_own_postgres();
    let (server, id) = start_mid_run(&setup);
    postgres.stop(how);
    let stopped_at = Instant::now();
    let clock = LoadClock::start();
    let page = server.get("/catalog/albums");
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.body.contains("Database not responding"), "{}", page.body);
    assert!(clock.elapsed() < Duration::from_secs(6), "the page took {:?}", clock.elapsed());
    let health = server.get("/api/health");
    assert_eq!((health.status, &health.json()["database"]), (503, &json!("away")));
    std::thread::sleep(unavailable.saturating_sub(stopped_at.elapsed()));
    postgres.start_again();

    assert_continues(&server, &id, &url, &setup);
    assert_eq!(server.get("/catalog/albums").status, 200);
    assert_eq!(server.get("/api/health").status, 200);
    let lines = server.log().lines().filter(|line| line.contains(&id) && line.contains("WARN")).count();
    assert!((1..=6).contains(&lines), "{lines} warnings about the run:\n{}", server.log());
}

#[test]
fn a_run_continues_after_postgresql_was_restarted() {
    continue_after_stop("fast", Duration::from_secs(3));
}

#[test]
fn a_run_continues_after_postgresql_crashed_and_recovered() {
    continue_after_stop("immediate", Duration::from_secs(1));
}

#[test]
fn a_run_continues_after_postgresql_was_down_for_longer_than_its_lease() {
    continue_after_stop("fast", Duration::from_secs(19));
}

/// Waits for the end of a run and checks that there was one run and every item exists once.
fn assert_continues(server: &ServerProcess, id: &str, url: &str, setup: &ServerSetup) {
    let (last, refused) = poll_to_end(server, id);
    assert_database_errors(&refused);
    assert_completed(server, count_items(url), setup, &last);
}

#[test]
fn a_run_continues_after_postgresql_was_frozen_for_longer_than_its_lease() {
    let (postgres, setup, url) = start_own_postgres();
    let (server, id) = start_mid_run(&setup);
    postgres.freeze();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(25) {
        let clock = LoadClock::start();
        let page = server.get("/catalog/albums");
        assert_eq!(page.status, 503, "{}", page.body);
        assert!(clock.elapsed() < Duration::from_secs(14), "the page took {:?}", clock.elapsed());
    }
    postgres.thaw();
    assert_continues(&server, &id, &url, &setup);
}

#[test]
fn a_run_continues_after_a_table_was_locked_for_longer_than_its_lease() {
    for table in ["sources", "items", "sync_operations"] {
        let (_postgres, setup, url) = start_own_postgres();
        let (server, id) = start_mid_run(&setup);
        let mut other = PgConnection::establish(&url).expect("a connection");
        other.batch_execute(&format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).expect("a lock");
        std::thread::sleep(Duration::from_secs(22));
        other.batch_execute("COMMIT").expect("a released lock");
        assert_continues(&server, &id, &url, &setup);
    }
}

#[test]
fn a_run_continues_after_another_program_locked_the_sqlite_file_for_20_seconds() {
    let db = TestDatabase::sqlite();
    let setup = ServerSetup::on_database(&db);
    let (server, id) = start_mid_run(&setup);
    let mut other = db.raw_connection();
    other.run_sql("BEGIN EXCLUSIVE");
    let started = Instant::now();
    let seen = server.status(&id)["progress"].as_u64().expect("a percent");
    let mut text = Vec::new();
    while started.elapsed() < Duration::from_secs(20) {
        // Reads still work, and the run stays running: its worker is alive and waits.
        let status = server.status(&id);
        assert_eq!(status["status"], "running", "{status}");
        text.push(status["message"].as_str().expect("a message").to_owned());
        assert_eq!(server.get("/catalog/albums").status, 200);
        std::thread::sleep(Duration::from_millis(500));
    }
    let refused = server.post("/api/sync", &json!({ "source": "sample-albums" }));
    assert_eq!((refused.status, &refused.json()["code"]), (503, &json!("database_busy")), "{}", refused.body);
    other.run_sql("COMMIT");
    assert!(text.iter().any(|message| message == "Waiting for the database…"), "{text:?}");
    let (last, refused) = poll_to_end(&server, &id);
    assert!(refused.is_empty(), "{refused:?}");
    assert!(last["progress"].as_u64() >= Some(seen));
    assert_completed(&server, db.count_rows("items", "1 = 1"), &setup, &last);
    assert_eq!(count_albums(&db, &setup, "Old"), (ALBUM_COUNT as i64, ALBUM_COUNT as u64));
}

#[test]
fn a_run_continues_after_the_sqlite_file_was_moved_away_and_back() {
    let db = TestDatabase::sqlite();
    let setup = ServerSetup::on_database(&db);
    let (server, id) = start_mid_run(&setup);
    let DatabaseAddress::Sqlite(file) = db.address() else { panic!("not SQLite") };
    let elsewhere = file.with_extension("elsewhere");
    std::fs::rename(&file, &elsewhere).expect("taken away");
    let page = server.get("/catalog/albums");
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(!file.exists(), "no new database is made in its place");
    std::fs::rename(&elsewhere, &file).expect("put back");
    let (last, refused) = poll_to_end(&server, &id);
    assert_database_errors(&refused);
    assert_completed(&server, db.count_rows("items", "1 = 1"), &setup, &last);
}

#[test]
fn a_run_that_waited_for_the_database_until_its_time_limit_fails_with_that_reason() {
    let db = TestDatabase::sqlite();
    let setup = ServerSetup::on_database(&db).with_setting("LOCKSTEP_SYNC_TIMEOUT", "40s");
    let (mut server, id) = start_run(&setup);
    // As soon as it runs: on a busy machine half of its time may be over before anything is committed.
    wait_for("the run", || server.status(&id)["status"] == "running");
    let mut other = db.raw_connection();
    other.run_sql("BEGIN EXCLUSIVE");
    std::thread::sleep(Duration::from_secs(44));
    other.run_sql("COMMIT");
    let (last, _) = poll_to_end(&server, &id);
    assert_eq!((&last["status"], &last["code"]), (&json!("failed"), &json!("timeout")), "{last}");
    let error_text = last["error"].as_str().expect("a sentence");
    assert!(
        error_text.contains("Timed out after 40 s") && error_text.contains("the database did not respond for "),
        "{error_text}"
    );
    assert!(error_text.contains("try again"), "{error_text}");
    // The next sync takes the time it needs.
    server.stop();
    let setup = setup.with_setting("LOCKSTEP_SYNC_TIMEOUT", "1h");
    let server = setup.start();
    let again = server.start_sync("albums");
    let (last, _) = poll_to_end(&server, &again);
    assert_eq!(last["status"], "completed");
    assert_eq!(count_albums(&db, &setup, "Old"), (ALBUM_COUNT as i64, ALBUM_COUNT as u64));
}
