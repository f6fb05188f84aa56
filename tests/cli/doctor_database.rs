//! `lockstep doctor` on a locked database, and on runs without a worker.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::sync_id::SyncId;

use super::doctor::{findings_of_state, only_finding, run_doctor, url_of};
use super::{CliFixture, send_signal};
use crate::store::worker_steps::queue_run;
use crate::support::load_clock::LoadClock;
use crate::support::test_database::RawConnection;
use crate::support::test_database::TEST_SECRET_KEY_TEXT;
use crate::support::test_engine::{full_sync, source_draft};
use crate::support::waiting::{WAIT_LIMIT, wait_for};
use crate::support::{TestDatabase, on_both_databases};

/// Set for the child process: the database to lock, and the file to create when it is locked.
const LOCK_HOLDER_VARIABLE: &str = "LOCKSTEP_TEST_HOLDS_THE_DATABASE";

/// A child process that holds the write lock of a SQLite file; it is killed when this is dropped.
struct LockHolder(Child);

impl Drop for LockHolder {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn doctor_names_a_process_that_holds_the_write_lock_also_when_it_is_frozen() {
    if let Ok(part) = std::env::var(LOCK_HOLDER_VARIABLE) {
        return hold_write_lock(&part);
    }
    let (cli, db) = (CliFixture::new(), TestDatabase::sqlite());
    let url = url_of(&db);
    let env = [("DATABASE_URL", url.as_str())];
    assert_eq!(run_doctor(&cli, &env).0, 0);
    let signal_file = cli.path("holds");
    let this = "cli::doctor_database::doctor_names_a_process_that_holds_the_write_lock_also_when_it_is_frozen";
    let holder = Command::new(std::env::current_exe().expect("this binary"))
        .args([this, "--exact", "--nocapture"])
        .env(LOCK_HOLDER_VARIABLE, format!("{url}\n{}", signal_file.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut holder = LockHolder(holder.expect("a process"));
    wait_for("the lock is held", || signal_file.exists());
    let pid = holder.0.id();

    let clock = LoadClock::start();
    let (code, findings) = run_doctor(&cli, &env);
    assert_eq!(code, 1);
    let held = only_finding(&findings, "wrong");
    assert!(held.starts_with(&format!("write lock: process {pid} (")), "{held}");
    assert!(held.contains("has been writing for more than 3 s") && held.contains(&format!("kill {pid}")), "{held}");
    assert!(clock.elapsed() < Duration::from_secs(8), "{:?}", clock.elapsed());

    send_signal(&holder.0, "STOP");
    let frozen = only_finding(&run_doctor(&cli, &env).1, "wrong");
    assert!(frozen.contains(&format!("process {pid} (")) && frozen.contains("is frozen inside a write"), "{frozen}");
    assert!(frozen.contains(&format!("kill -CONT {pid}")), "{frozen}");

    holder.0.kill().and_then(|()| holder.0.wait()).expect("it ends");
    assert_eq!(run_doctor(&cli, &env).0, 0);
}

/// Takes the lock and keeps it until this process is killed.
fn hold_write_lock(part: &str) {
    let (url, signal_file) = part.split_once('\n').expect("a part");
    let mut database = RawConnection::Sqlite(diesel::Connection::establish(url).expect("the database"));
    database.run_sql("BEGIN IMMEDIATE");
    fs::write(Path::new(signal_file), "").expect("a sign");
    std::thread::sleep(WAIT_LIMIT);
}

#[test]
fn a_session_that_keeps_others_waiting_is_named_on_postgres() {
    let (cli, db) = (CliFixture::new(), TestDatabase::postgres());
    let url = url_of(&db);
    db.run_sql("INSERT INTO house_facts (name, value) VALUES ('x', 'x')");
    let (mut first, mut second) = (db.raw_connection(), db.raw_connection());
    first.run_sql("SET application_name = 'the holder'; BEGIN; UPDATE house_facts SET value = 'y' WHERE name = 'x'");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            second.run_sql("SET application_name = 'who waits'; UPDATE house_facts SET value = 'z' WHERE name = 'x'");
        });
        let waits = "application_name = 'who waits' AND wait_event_type = 'Lock'";
        wait_for("the second session waits", || db.count_rows("pg_stat_activity", waits) == 1);
        std::thread::sleep(Duration::from_millis(10_500));
        let (code, findings) = run_doctor(&cli, &[("DATABASE_URL", &url)]);
        first.run_sql("ROLLBACK");
        let wrong = only_finding(&findings, "wrong");
        assert_eq!(code, 1);
        assert!(wrong.contains("(the holder, from 127.0.0.1") && wrong.contains("blocks other sessions"), "{wrong}");
        assert!(wrong.contains("pg_terminate_backend("), "{wrong}");
    });
    assert_eq!(run_doctor(&cli, &[("DATABASE_URL", &url)]).0, 0);
}

on_both_databases! {
    runs_without_a_worker_and_sources_that_fail_are_named,
    a_proxy_that_is_not_trusted_is_named_until_it_is_trusted,
}

fn runs_without_a_worker_and_sources_that_fail_are_named(db: &TestDatabase) {
    let cli = CliFixture::new();
    cli.create_database();
    let url = url_of(db);
    let env = [("DATABASE_URL", url.as_str())];
    let [lost, waiting] = ["lost", "waiting"].map(|slug| queue_failing_sync(db, slug));
    let second = Duration::from_secs(1);
    db.store().claim_run("host/7", 7, second, Some(lost)).expect("an answer").expect("a run");
    // Both runs are recent, and one has a worker.
    assert_eq!(run_doctor(&cli, &env).0, 0);

    let past = "2026-01-01 00:00:00";
    db.run_sql(&format!("UPDATE sync_operations SET created_at = '{past}'"));
    db.run_sql("UPDATE sync_operations SET lease_until = lease_until + 60000 WHERE status = 'running'");
    let (code, findings) = run_doctor(&cli, &env);
    assert_eq!(code, 0, "one waits for a worker that is busy: {findings:#?}");

    db.run_sql("UPDATE sync_operations SET lease_until = lease_until - 160000 WHERE status = 'running'");
    let (code, findings) = run_doctor(&cli, &env);
    let wrong = findings_of_state(&findings, "wrong");
    assert_eq!((code, wrong.len()), (1, 2), "{findings:#?}");
    assert!(wrong[0].starts_with(&format!("runs: {lost} of lost has had no worker for")), "{wrong:?}");
    assert!(wrong[0].contains("last: host/7") && wrong[0].contains("Start `lockstep serve`"), "{wrong:?}");
    assert!(wrong[1].starts_with(&format!("runs: {waiting} of waiting has been queued for")), "{wrong:?}");

    db.run_sql("UPDATE sync_operations SET stage = 'finalizing' WHERE status = 'running'");
    let (_, findings) = run_doctor(&cli, &env);
    let [at_its_end] = &findings_of_state(&findings, "warning")[..] else { panic!("{findings:#?}") };
    assert!(at_its_end.starts_with(&format!("runs: the lease of {lost} of lost expired")), "{at_its_end}");
    assert!(at_its_end.contains("its final transaction, which may still be running"), "{at_its_end}");
    db.run_sql("UPDATE sync_operations SET lease_until = lease_until - 300000 WHERE status = 'running'");
    let wrong = findings_of_state(&run_doctor(&cli, &env).1, "wrong");
    assert!(wrong[0].contains("If this persists: No server is running"), "not for so long: {wrong:?}");

    // A command takes the lost run over, and it fails because the file is missing.
    for slug in ["lost", "waiting"] {
        let mut command = cli.build_command(&["sync", slug]);
        command.env("DATABASE_URL", &url).env("LOCKSTEP_SECRET_KEY", TEST_SECRET_KEY_TEXT);
        let output = command.output().expect("it runs");
        assert!([Some(1), Some(75)].contains(&output.status.code()), "{output:?}");
    }
    wait_for("both failed", || findings_of_state(&run_doctor(&cli, &env).1, "warning").len() == 2);
    let (code, findings) = run_doctor(&cli, &env);
    let failed = findings_of_state(&findings, "warning");
    assert_eq!(code, 0, "{findings:#?}");
    assert!(failed[0].starts_with("sources: the last sync of lost did not complete"), "{failed:?}");
    assert!(failed[0].contains("gone.csv") && failed[0].contains("`lockstep sync lost`"), "{failed:?}");
}

/// Adds a source whose file is missing and queues a sync of it.
fn queue_failing_sync(db: &TestDatabase, slug: &str) -> SyncId {
    let location = SourceLocation::File("/nowhere/gone.csv".into());
    let source = db.store().add_source(&source_draft(slug, "csv", location), None).expect("a source").id;
    let request = full_sync();
    queue_run(&db.store(), source, &request)
}

fn a_proxy_that_is_not_trusted_is_named_until_it_is_trusted(db: &TestDatabase) {
    let (cli, url) = (CliFixture::new(), url_of(db));
    let warnings = |trusted: &str| {
        let env = [("DATABASE_URL", url.as_str()), ("LOCKSTEP_TRUSTED_PROXIES", trusted)];
        let (code, findings) = run_doctor(&cli, &env);
        assert_eq!(code, 0);
        findings_of_state(&findings, "warning").into_iter().filter(|line| line.starts_with("reverse proxy")).count()
    };
    assert_eq!(warnings(""), 0);
    db.store().record_untrusted_forwarder([10, 0, 0, 5].into()).expect("noted");
    assert_eq!((warnings(""), warnings("10.0.0.6"), warnings("10.0.0.0/24")), (1, 1, 0));
    db.store().record_untrusted_forwarder([10, 0, 0, 7].into()).expect("noted");
    assert_eq!(warnings("10.0.0.5"), 1, "the last one counts");
    assert_eq!((warnings("0.0.0.0/0"), warnings("10.0.0.0/8,::/0")), (1, 1), "everybody is trusted");
}
