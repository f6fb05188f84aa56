//! The key that secrets of sources are encrypted with: where it is, and that no server starts with another one.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use lockstep::domain::audit::AuditEntry;

use super::doctor::{findings_of_state, run_doctor, url_of};
use super::{CliFixture, CommandOutput};
use crate::support::TestDatabase;

const LINK: &str = "https://me:pass-w0rd@h.example/albums.csv";

/// An installation with a source that has a password.
fn with_secret(cli: &CliFixture, env: &[(&str, &str)]) -> CommandOutput {
    run(cli, &["source", "add", "albums", "--kind", "csv", "--url", LINK, "--key", "id"], env)
}

fn run(cli: &CliFixture, args: &[&str], env: &[(&str, &str)]) -> CommandOutput {
    super::read_output(cli.build_command(args).envs(env.iter().copied()).output().expect("it runs"))
}

/// The check of the key by `doctor`: its state, message and fix.
fn check_key(cli: &CliFixture, env: &[(&str, &str)]) -> String {
    let (_, findings) = run_doctor(cli, env);
    let mut of_key = ["ok", "warning", "wrong"].into_iter().flat_map(|state| {
        findings_of_state(&findings, state).into_iter().map(move |finding| format!("{state} {finding}"))
    });
    of_key.find(|finding| finding.contains(" secret key: ")).unwrap_or_else(|| panic!("{findings:#?}"))
}

#[test]
fn the_first_start_creates_a_key_that_only_its_owner_can_read() {
    let cli = CliFixture::new();
    let path = cli.path("data/secret.key");
    cli.create_database();
    assert!(!path.exists(), "nothing to encrypt");
    assert_eq!(with_secret(&cli, &[]).code, 0);
    assert_eq!(fs::metadata(&path).expect("the key").permissions().mode() & 0o777, 0o600);
    let key = fs::read_to_string(&path).expect("the key");
    assert!(key.trim().len() >= 40, "{key}");
    cli.create_database();
    assert_eq!(fs::read_to_string(&path).expect("the key"), key, "it stays");
    let check = check_key(&cli, &[]);
    assert!(check.starts_with("ok secret key: secrets of sources are encrypted. The key "), "{check}");
    assert!(check.contains("secret.key; keep a copy apart from the copies of the database"), "{check}");
    assert!(!check.contains(key.trim()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
    let (_, findings) = run_doctor(&cli, &[]);
    let warnings = findings_of_state(&findings, "warning");
    assert!(warnings.iter().any(|warning| warning.contains("secret.key (mode 644) → chmod go= ")), "{warnings:?}");
}

#[test]
fn without_its_key_nothing_starts_and_no_second_key_is_made() {
    let cli = CliFixture::new();
    assert_eq!(with_secret(&cli, &[]).code, 0);
    let (path, kept) = (cli.path("data/secret.key"), cli.path("kept.key"));
    fs::rename(&path, &kept).expect("moved");
    for args in [&["serve"][..], &["source", "list"], &["user", "list"], &["sync", "albums"]] {
        let refused = run(&cli, args, &[]);
        assert_eq!(refused.code, 1, "{args:?}");
        assert!(
            refused.err.contains("which is neither in LOCKSTEP_SECRET_KEY nor in ./data/secret.key"),
            "{}",
            refused.err
        );
        assert!(refused.err.contains("docs/troubleshooting.md") && !refused.err.contains("reset"), "{}", refused.err);
    }
    assert!(!path.exists(), "no second key");
    let check = check_key(&cli, &[]);
    assert!(check.starts_with("wrong ") && check.contains("must be entered again"), "{check}");
    // The text of the file can be the setting, on this machine and on others.
    let key = fs::read_to_string(&kept).expect("the key");
    let shown = run(&cli, &["source", "show", "albums"], &[("LOCKSTEP_SECRET_KEY", &key)]);
    assert!(shown.code == 0 && shown.out.contains("h.example") && !shown.out.contains("pass-w0rd"), "{}", shown.out);
    assert!(check_key(&cli, &[("LOCKSTEP_SECRET_KEY", &key)]).contains(" is in LOCKSTEP_SECRET_KEY; "));
    // Another key is refused, wherever it is, and not shown.
    let other = "another-key-than-that-of-this-database";
    let refused = run(&cli, &["source", "list"], &[("LOCKSTEP_SECRET_KEY", other)]);
    assert!(refused.code == 1 && refused.err.contains("LOCKSTEP_SECRET_KEY has the key "), "{}", refused.err);
    assert!(!refused.err.contains(other));
    fs::write(&path, format!("{other}\n")).expect("written");
    let refused = run(&cli, &["serve"], &[]);
    assert!(refused.code == 1 && refused.err.contains("the file ./data/secret.key has the key "), "{}", refused.err);
    fs::remove_file(&path).expect("removed");
    symlink(&kept, &path).expect("a link");
    let refused = run(&cli, &["serve"], &[]);
    assert!(refused.code == 1 && refused.err.contains("symbolic link"), "{}", refused.err);
}

#[test]
fn a_short_key_is_a_mistake_in_the_settings_that_does_not_show_it() {
    let cli = CliFixture::new();
    let refused = run(&cli, &["user", "list"], &[("LOCKSTEP_SECRET_KEY", "tooshort1234")]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("LOCKSTEP_SECRET_KEY: the value is not usable: it has fewer than 16"),
        "{}",
        refused.err
    );
    assert!(!refused.err.contains("tooshort1234"));
    assert!(!cli.path("data").exists());
}

#[test]
fn a_second_machine_needs_the_key_of_the_first_one() {
    let database = TestDatabase::empty_postgres();
    let url = url_of(&database);
    let cli = CliFixture::new();
    let on = |folder| [("DATABASE_URL", url.as_str()), ("LOCKSTEP_DATA_DIR", folder)];
    for args in [&["user", "list"][..], &["token", "list"], &["source", "list"]] {
        assert_eq!(run(&cli, args, &on("zero")).code, 0);
    }
    assert!(!cli.path("zero/secret.key").exists(), "who only looks does not choose the key");
    assert_eq!(with_secret(&cli, &on("one")).code, 0);
    let refused = run(&cli, &["user", "list"], &on("two"));
    assert!(refused.code == 1 && refused.err.contains("nor in two/secret.key"), "{}", refused.err);
    assert!(!cli.path("two/secret.key").exists());
    fs::copy(cli.path("one/secret.key"), cli.path("two/secret.key")).expect("copied");
    assert_eq!(run(&cli, &["user", "list"], &on("two")).code, 0);
}

#[test]
fn of_machines_that_start_together_one_makes_the_key() {
    let database = TestDatabase::empty_postgres();
    let url = url_of(&database);
    let cli = CliFixture::new();
    let folders = ["a", "b", "c", "d"];
    let commands = folders.map(|folder| {
        let env = [("DATABASE_URL", url.as_str()), ("LOCKSTEP_DATA_DIR", folder)];
        let add = ["source", "add", folder, "--kind", "csv", "--url", LINK, "--key", "id"];
        cli.build_command(&add).envs(env).spawn().expect("it runs")
    });
    let codes = commands.map(|command| super::read_output(command.wait_with_output().expect("it ends")).code);
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    let keys = folders.iter().filter(|folder| cli.path(folder).join("secret.key").exists()).count();
    assert_eq!(keys, 1);
}

#[test]
fn a_lost_key_is_given_up_only_on_request() {
    let cli = CliFixture::new();
    assert_eq!(with_secret(&cli, &[]).code, 0);
    let csv = cli.write_csv("local.csv", "id\n1\n");
    cli.expect_success(&["source", "add", "local", "--kind", "csv", "--file", &csv, "--key", "id"]);
    cli.expect_success(&["sync", "local"]);
    let kept = run(&cli, &["secret-key", "reset", "--yes"], &[]);
    assert!(kept.code == 0 && kept.err.contains("No link was lost."), "{}", kept.err);
    fs::remove_file(cli.path("data/secret.key")).expect("removed");
    let asked = run(&cli, &["secret-key", "reset"], &[]);
    assert!(asked.code == 2 && asked.err.contains("--yes"), "{}", asked.err);
    assert_eq!(run(&cli, &["source", "list"], &[]).code, 1, "nothing was given up yet");
    let given_up = run(&cli, &["secret-key", "reset", "--yes"], &[]);
    assert_eq!((given_up.code, given_up.out.as_str()), (0, "albums\n"), "{}", given_up.err);
    let shown = cli.expect_success(&["source", "show", "albums"]);
    assert!(shown.contains("no link: it was lost with the secret key"), "{shown}");
    let failed = run(&cli, &["sync", "albums"], &[]);
    assert!(failed.code == 1 && failed.err.contains("There is no link."), "{}{}", failed.out, failed.err);
    assert_eq!(cli.expect_success(&["export", "local", "--format", "csv"]), "id\r\n1\r\n");
    cli.expect_success(&["sync", "local"]);
    assert!(check_key(&cli, &[]).starts_with("ok "));
}

#[test]
fn a_damaged_key_file_is_refused_and_can_be_given_up() {
    let cli = CliFixture::new();
    assert_eq!(with_secret(&cli, &[]).code, 0);
    let path = cli.path("data/secret.key");
    for damaged in [&b""[..], b"short", &[0xff; 64], &[b'x'; 5000]] {
        fs::write(&path, damaged).expect("written");
        let refused = run(&cli, &["source", "list"], &[]);
        assert!(refused.code == 1 && refused.err.contains("data/secret.key"), "{}", refused.err);
        assert_eq!(fs::read(&path).expect("the file"), damaged, "it is not replaced");
    }
    fs::write(&path, "short").expect("written");
    let given_up = run(&cli, &["secret-key", "reset", "--yes"], &[]);
    assert_eq!((given_up.code, given_up.out.as_str()), (0, "albums\n"), "{}", given_up.err);
    fs::remove_file(&path).expect("removed");
    cli.expect_success(&["source", "list"]);
}

#[test]
fn a_key_that_cannot_be_read_is_not_given_up() {
    let cli = CliFixture::new();
    assert_eq!(with_secret(&cli, &[]).code, 0);
    let (path, mounted) = (cli.path("data/secret.key"), cli.path("mounted.key"));
    fs::rename(&path, &mounted).expect("moved");
    symlink(&mounted, &path).expect("a link");
    let refused = run(&cli, &["secret-key", "reset", "--yes"], &[]);
    assert!(refused.code == 1 && refused.err.contains("symbolic link"), "{}", refused.err);
    let check = check_key(&cli, &[]);
    assert!(check.starts_with("wrong ") && check.contains("Make it a regular file"), "{check}");
    fs::rename(&mounted, &path).expect("moved back");
    let shown = cli.expect_success(&["source", "show", "albums"]);
    assert!(shown.contains("h.example"), "nothing was discarded: {shown}");
}

#[test]
fn what_a_person_does_on_the_command_line_is_recorded_with_their_name() {
    let cli = CliFixture::new();
    let person = [("USER", "grace")];
    assert_eq!(with_secret(&cli, &person).code, 0);
    assert_eq!(run(&cli, &["token", "add", "deploy", "--role", "viewer"], &person).code, 0);
    assert_eq!(run(&cli, &["source", "remove", "albums", "--yes"], &person).code, 0);
    let address = lockstep::store::DatabaseAddress::Sqlite(cli.path("data/lockstep.db"));
    let store = crate::support::test_database::open_store(&address, 1);
    let (entries, total) = store.list_audit_entries(0, 10).expect("readable");
    let describe = |entry: &AuditEntry| {
        assert_eq!((entry.actor.as_str(), entry.channel.as_str(), &entry.address), ("grace", "command_line", &None));
        format!("{} {}", entry.action, entry.subject)
    };
    let done: Vec<String> = entries.iter().rev().map(describe).collect();
    assert_eq!(done, ["source_added albums", "token_created deploy", "source_removed albums"]);
    assert_eq!(total, 3);
}
