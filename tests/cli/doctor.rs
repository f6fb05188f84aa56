//! `lockstep doctor`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use lockstep::store::DatabaseAddress;
use serde_json::Value;

use super::{CliFixture, read_output};
use crate::support::TestDatabase;
use crate::support::load_clock::LoadClock;
use crate::support::test_database::TEST_SECRET_KEY_TEXT;
use crate::support::unwritable_folder::is_bound_by_permissions;

/// The findings of `lockstep doctor` with its exit code.
pub(super) fn run_doctor(cli: &CliFixture, env: &[(&str, &str)]) -> (i32, Vec<Value>) {
    let mut command = cli.build_command(&["doctor", "--json"]);
    if env.iter().any(|(name, _)| *name == "DATABASE_URL") {
        // The databases of the tests have the key of the tests.
        command.env("LOCKSTEP_SECRET_KEY", TEST_SECRET_KEY_TEXT);
    }
    let output = command.envs(env.iter().copied()).output().expect("it runs");
    let answer = read_output(output);
    let findings = serde_json::from_str(&answer.out).unwrap_or_else(|_| panic!("{}{}", answer.out, answer.err));
    (answer.code, findings)
}

/// The URL of a database of the tests, as a setting.
pub(super) fn url_of(database: &TestDatabase) -> String {
    match database.address() {
        DatabaseAddress::Sqlite(path) => path.display().to_string(),
        DatabaseAddress::Postgres(url) => url,
    }
}

/// The findings of that state, each as `check: message → fix`. A warning about slow round trips is left out, because
/// it depends on how busy this machine is.
pub(super) fn findings_of_state(findings: &[Value], state: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let is_slow_round_trip = |finding: &Value| text(&finding["message"]).starts_with("a round trip takes");
    let of_state = findings.iter().filter(|finding| finding["state"] == state && !is_slow_round_trip(finding));
    of_state.map(|it| format!("{}: {} → {}", text(&it["check"]), text(&it["message"]), text(&it["fix"]))).collect()
}

#[track_caller]
pub(super) fn only_finding(findings: &[Value], state: &str) -> String {
    let [one] = &findings_of_state(findings, state)[..] else { panic!("{findings:#?}") };
    one.clone()
}

#[test]
fn doctor_does_not_create_an_installation_and_finds_a_started_one_healthy() {
    let cli = CliFixture::new();
    for _ in 0..2 {
        let first = cli.run_command(&["doctor"]);
        assert_eq!(first.code, 0, "{}{}", first.out, first.err);
        for name in ["data folder: ./data", "database: ./data/lockstep.db"] {
            assert!(
                first.out.contains(&format!("{name} does not exist yet; it is created at the first start")),
                "{}",
                first.out
            );
        }
        assert_eq!(fs::read_dir(cli.path("")).expect("a folder").count(), 0, "it made something");
    }
    cli.create_database();
    let second = cli.run_command(&["doctor"]);
    assert_eq!((second.code, second.err.as_str()), (0, ""), "{}", second.out);
    assert!(second.out.ends_with("No problems found.\n"), "{}", second.out);
    let (code, findings) = run_doctor(&cli, &[]);
    assert_eq!((code, findings_of_state(&findings, "ok").len()), (0, findings.len()), "{findings:#?}");
    let checks: Vec<&str> = findings.iter().filter_map(|finding| finding["check"].as_str()).collect();
    for check in [
        "settings",
        "data folder",
        "disk",
        "status store",
        "log folder",
        "database",
        "write lock",
        "migrations",
        "clock",
        "storage",
    ] {
        assert!(checks.contains(&check), "{checks:?}");
    }
    assert!(!cli.path("data/status").exists(), "it was not needed yet");
    assert_eq!(cli.run_command(&["doctor", "--what"]).code, 2);
    assert!(cli.expect_success(&["doctor", "--help"]).contains("Makes no changes."));
}

#[test]
fn a_folder_that_cannot_be_made_is_named_before_the_first_start() {
    if !is_bound_by_permissions("cli::doctor::a_folder_that_cannot_be_made_is_named_before_the_first_start") {
        return;
    }
    let cli = CliFixture::new();
    fs::create_dir(cli.path("closed")).expect("a folder");
    fs::set_permissions(cli.path("closed"), fs::Permissions::from_mode(0o500)).expect("another mode");
    let (code, findings) = run_doctor(&cli, &[("LOCKSTEP_DATA_DIR", "closed/a/data"), ("DATABASE_URL", "closed/a.db")]);
    let wrong = findings_of_state(&findings, "wrong");
    assert_eq!((code, wrong.len()), (1, 2), "{findings:#?}");
    for (line, name) in wrong.iter().zip(["data folder: closed/a/data", "database: closed/a.db"]) {
        assert!(
            line.starts_with(&format!("{name} does not exist and cannot be created in closed: Permission")),
            "{line}"
        );
        assert!(line.ends_with("chown -R USER closed"), "{line}");
    }
}

#[test]
fn doctor_works_beside_a_running_server() {
    let cli = CliFixture::new();
    let mut server = cli.build_command(&["serve"]).spawn().expect("it runs");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("an output")).read_line(&mut line).expect("a line");
    let (code, findings) = run_doctor(&cli, &[]);
    server.kill().and_then(|()| server.wait()).expect("it ends");
    assert_eq!((code, findings_of_state(&findings, "ok").len()), (0, findings.len()), "{findings:#?}");
}

#[test]
fn folders_that_others_can_read_and_files_in_their_place_are_named_with_the_fix() {
    let cli = CliFixture::new();
    cli.create_database();
    let mode = |name: &str, mode| {
        fs::set_permissions(cli.path(name), fs::Permissions::from_mode(mode)).expect("another mode");
    };
    mode("data", 0o755);
    mode("data/lockstep.db", 0o644);
    let (code, findings) = run_doctor(&cli, &[]);
    let warnings = findings_of_state(&findings, "warning");
    assert_eq!((code, warnings.len()), (0, 2), "{findings:#?}");
    assert!(
        warnings[0].ends_with("→ chmod go= ./data") && warnings[1].ends_with("→ chmod go= ./data/lockstep.db"),
        "{warnings:?}"
    );

    mode("data", 0o700);
    mode("data/lockstep.db", 0o600);
    for (folder, check) in
        [("status", "status store"), ("logs", "log folder"), ("uploads", "uploads"), ("tmp", "temporary files")]
    {
        let path = cli.path("data").join(folder);
        drop(fs::remove_dir_all(&path));
        fs::write(&path, "").expect("a file");
        let (code, findings) = run_doctor(&cli, &[]);
        fs::remove_file(&path).expect("removed");
        assert_eq!(code, 1);
        assert!(only_finding(&findings, "wrong").starts_with(check), "{findings:#?}");
    }

    fs::remove_dir_all(cli.path("data")).expect("removed");
    cli.write_csv("data", "a file");
    let (code, findings) = run_doctor(&cli, &[]);
    let wrong = findings_of_state(&findings, "wrong");
    assert_eq!((code, wrong.len()), (1, 2), "{findings:#?}");
    assert!(wrong[0].starts_with("data folder: ./data is not a folder → Choose another folder"), "{wrong:?}");
}

#[test]
fn wrong_settings_are_named_and_unrelated_checks_still_run() {
    let cli = CliFixture::new();
    cli.create_database();
    let (code, findings) = run_doctor(&cli, &[("LOCKSTEP_WORKERS", "many"), ("LOCKSTEP_WEBHOOK_URL", "x")]);
    assert_eq!(code, 1);
    assert!(only_finding(&findings, "wrong").starts_with("settings: LOCKSTEP_WORKERS: “many” is not"), "{findings:#?}");
    assert!(only_finding(&findings, "warning").starts_with("settings: LOCKSTEP_WEBHOOK_URL is set"), "{findings:#?}");
    assert!(findings_of_state(&findings, "ok").iter().any(|line| line.starts_with("database:")), "{findings:#?}");

    let (code, findings) = run_doctor(&cli, &[("DATABASE_URL", "mysql://me:s3cret@h/db")]);
    let wrong = findings_of_state(&findings, "wrong");
    assert_eq!((code, wrong.len()), (1, 2), "{findings:#?}");
    assert!(
        wrong[1].starts_with("database: not checked, because its URL is not valid")
            && !wrong.concat().contains("s3cret"),
        "{wrong:?}"
    );
}

#[test]
fn doctor_reports_an_unreachable_database_without_a_long_wait() {
    let cli = CliFixture::new();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    for (port, shown_text) in [(1, "refused"), (port, "timeout expired")] {
        let url = format!("postgres://me:s3cret@127.0.0.1:{port}/lockstep");
        let clock = LoadClock::start();
        let (code, findings) = run_doctor(&cli, &[("DATABASE_URL", &url)]);
        assert!(clock.elapsed() < Duration::from_secs(10), "{:?}", clock.elapsed());
        let wrong = only_finding(&findings, "wrong");
        assert_eq!(code, 1);
        assert!(wrong.contains(shown_text) && wrong.contains("Check that PostgreSQL is running"), "{wrong}");
        assert!(!wrong.contains("s3cret"), "{wrong}");
    }
    // The file is not a database.
    cli.write_csv("no.db", &"This is no database. ".repeat(500));
    let (code, findings) = run_doctor(&cli, &[("DATABASE_URL", "no.db")]);
    assert_eq!(code, 1);
    assert!(findings_of_state(&findings, "wrong").iter().all(|line| line.contains("not a database")), "{findings:#?}");
}

#[test]
fn missing_migrations_are_reported_but_not_run_and_those_of_a_newer_version_are_named() {
    let cli = CliFixture::new();
    let database = TestDatabase::empty_postgres();
    let url = url_of(&database);
    let env = [("DATABASE_URL", url.as_str())];
    for _ in 0..2 {
        let (code, findings) = run_doctor(&cli, &env);
        assert_eq!(code, 0, "{findings:#?}");
        let warnings = findings_of_state(&findings, "warning");
        assert!(warnings[1].starts_with("migrations: no tables yet; they are created at"), "{warnings:?}");
        assert!(
            findings_of_state(&findings, "ok").iter().any(|line| line.starts_with("connections:")),
            "{findings:#?}"
        );
    }
    let migrate = || cli.build_command(&["user", "list"]).env("DATABASE_URL", &url).output().expect("it runs");
    assert!(migrate().status.success());
    let applied = || database.count_rows("__diesel_schema_migrations", "true");
    let all = applied();
    assert_eq!(run_doctor(&cli, &env).0, 0);

    // An older version has not run the last migration.
    database.run_sql(
        "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)",
    );
    let (code, findings) = run_doctor(&cli, &env);
    let missing = only_finding(&findings, "warning");
    assert_eq!((code, applied()), (0, all - 1));
    assert!(missing.starts_with("migrations: 1 migration is missing (2026-11-"), "{missing}");
    assert!(missing.contains("; the next start or command applies it"), "{missing}");
    assert!(findings_of_state(&findings, "ok").iter().all(|line| !line.starts_with("runs")), "{findings:#?}");

    database.run_sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')");
    let (code, findings) = run_doctor(&cli, &env);
    assert_eq!(code, 1);
    assert!(
        only_finding(&findings, "wrong")
            .contains("a newer Lockstep has migrated the database; this version does not know 29991231000000")
    );
}
