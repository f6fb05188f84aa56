//! Google Sheets on the command line: wrong credentials, `doctor`, and a sync. The key and the tokens never appear in
//! the output.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use chrono::TimeDelta;

use super::doctor::{findings_of_state, only_finding, url_of};
use super::{CliFixture, CommandOutput, read_output};
use crate::support::TestDatabase;
use crate::support::google_server::{
    GoogleServer, SERVICE_ACCOUNT_EMAIL, SHEET_ID, SheetTab, api_disabled, api_error, quota_exceeded, token_error,
};
use crate::support::load_clock::LoadClock;
use crate::support::stub_server::StubReply;
use crate::support::test_database::TEST_SECRET_KEY_TEXT;

struct GoogleCommands {
    cli: CliFixture,
    google: GoogleServer,
}

impl GoogleCommands {
    fn open() -> Self {
        let (cli, google) = (CliFixture::new(), GoogleServer::start());
        google.key_file(&cli.path("robot.json"));
        google
            .serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Albums", &[&["id", "title"], &["1", "One"], &["2", "Two"]])]);
        Self { cli, google }
    }

    fn run(&self, args: &[&str]) -> CommandOutput {
        self.run_with(args, &[])
    }

    /// Runs a command and checks that its output holds no secret.
    fn run_with(&self, args: &[&str], env: &[(&str, &str)]) -> CommandOutput {
        let mut command = self.cli.build_command(args);
        command.env("LOCKSTEP_GOOGLE_URL", self.google.url()).env("LOCKSTEP_GOOGLE_CREDENTIALS", "robot.json");
        let answer = read_output(command.env("RUST_LOG", "trace").envs(env.iter().copied()).output().expect("it runs"));
        self.is_secretive(&answer.out);
        self.is_secretive(&answer.err);
        answer
    }

    fn is_secretive(&self, text: &str) {
        for secret in self.google.secrets() {
            assert!(!text.contains(&secret), "{secret} in {text}");
        }
    }

    /// The findings of `doctor` about the credentials, as state and line.
    fn doctor(&self) -> (i32, Vec<(String, String)>) {
        let answer = self.run(&["doctor", "--json"]);
        let findings: Vec<serde_json::Value> = serde_json::from_str(&answer.out).expect("JSON");
        let about = |state: &str| {
            let lines =
                findings_of_state(&findings, state).into_iter().filter(|line| line.starts_with("Google credentials"));
            lines.map(|line| (state.to_owned(), line)).collect::<Vec<_>>()
        };
        (answer.code, ["ok", "warning", "wrong"].into_iter().flat_map(about).collect())
    }

    fn add(&self, slug: &str, rest: &str) {
        let url = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}{rest}");
        let added = self.run(&["source", "add", slug, "--kind", "sheet", "--key", "id", "--url", &url]);
        assert_eq!(added.code, 0, "{}", added.err);
    }
}

#[test]
fn wrong_credentials_stop_the_start_with_one_line_that_does_not_contain_them() {
    let office = GoogleCommands::open();
    let good = office.google.key_json();
    let with = |name: &str, value: &str| {
        let mut key = good.clone();
        key[name] = value.into();
        key.to_string()
    };
    let pem = good["private_key"].as_str().expect("a key").to_owned();
    let cut: String = pem.lines().filter(|line| !line.starts_with('M')).collect::<Vec<_>>().join("\n");
    let ec = "-----BEGIN EC PRIVATE KEY-----\nczNjcmV0\n-----END EC PRIVATE KEY-----\n";
    let cases = [
        (with("type", "impersonated_service_account"), "its “type” is not “service_account”"),
        (with("type", "authorized_user"), "the sign-in of a person"),
        (format!("{{\"installed\": {good}}}"), "an OAuth client"),
        (with("client_email", ""), "“client_email” is missing"),
        (with("client_email", "robot"), "its “client_email” is not an e-mail address"),
        (with("private_key", &cut), "its “private_key” is not an RSA key in PEM form"),
        (with("private_key", ec), "its “private_key” is not an RSA key in PEM form"),
        (with("private_key", &pem.replace('\n', "\\n")), "write its line breaks as \\n"),
        (with("token_uri", "file:///etc/passwd"), "its “token_uri” is not a valid URL"),
        (with("token_uri", "https://evil.example/token"), "its “token_uri” is not a Google URL"),
        (with("token_uri", "http://oauth2.googleapis.com/token"), "its “token_uri” is not a Google URL"),
        (good.to_string().replace('{', "{{"), "that is not JSON"),
        (pem.clone(), "that is only a private key"),
    ];
    for (content, shown_text) in cases {
        fs::write(office.cli.path("bad.json"), &content).expect("written");
        for given in ["bad.json", content.as_str()] {
            let answer = office.run_with(&["source", "list"], &[("LOCKSTEP_GOOGLE_CREDENTIALS", given)]);
            assert_eq!((answer.code, answer.out.as_str(), answer.err.lines().count()), (2, "", 1), "{}", answer.err);
            let is_named = answer.err.starts_with("error: LOCKSTEP_GOOGLE_CREDENTIALS: ");
            assert!(is_named && answer.err.contains(shown_text), "{shown_text}: {}", answer.err);
        }
    }
    let one_line = pem.replace('\n', "");
    for value in [one_line.as_str(), "no/such/file", "AIzaSyD-s3cret"] {
        let answer = office.run_with(&["source", "list"], &[("LOCKSTEP_GOOGLE_CREDENTIALS", value)]);
        assert!(answer.code == 2 && !answer.err.contains(value), "{}", answer.err);
    }
    assert_eq!(office.google.request_count(""), 0);
}

#[test]
fn the_doctor_tries_the_key_and_names_what_is_wrong() {
    let office = GoogleCommands::open();
    office.cli.create_database();
    let (code, findings) = office.doctor();
    let [(state, line)] = &findings[..] else { panic!("{findings:?}") };
    assert!(
        code == 0 && state == "ok" && line.contains(&format!("Google accepts the key of {SERVICE_ACCOUNT_EMAIL}")),
        "{line}"
    );

    fs::set_permissions(office.cli.path("robot.json"), fs::Permissions::from_mode(0o644)).expect("another mode");
    let (code, findings) = office.doctor();
    let [_, (state, line)] = &findings[..] else { panic!("{findings:?}") };
    assert!(code == 0 && state == "warning" && line.contains("(mode 644)"), "{line}");
    assert!(line.ends_with("Restrict access: chmod 600 robot.json"), "{line}");
    office.google.key_file(&office.cli.path("robot.json"));
    fs::set_permissions(office.cli.path("robot.json"), fs::Permissions::from_mode(0o600)).expect("another mode");

    office.google.clock_ahead(TimeDelta::minutes(3));
    let (code, findings) = office.doctor();
    let [(state, line)] = &findings[..] else { panic!("{findings:?}") };
    assert!(code == 0 && state == "warning" && line.contains("behind Google's"), "{line}");
    office.google.clock_ahead(TimeDelta::minutes(75));
    let (code, findings) = office.doctor();
    let [(state, line)] = &findings[..] else { panic!("{findings:?}") };
    assert!(code == 1 && state == "wrong", "{line}");
    assert!(line.contains("The clock of this server is 75 minutes behind"), "{line}");
    office.google.clock_ahead(TimeDelta::zero());

    office.google.reply_once("/token", token_error(400, "invalid_grant", "Invalid grant: account not found"));
    let (_, findings) = office.doctor();
    assert!(findings[0].0 == "wrong" && findings[0].1.contains("deleted or disabled"), "{findings:?}");
    office.google.reply_once("/token", StubReply::status(200).hang());
    let clock = LoadClock::start();
    let (code, findings) = office.doctor();
    assert!(
        code == 1 && findings[0].1.contains("sign-in timed out → Check that this server can reach"),
        "{findings:?}"
    );
    assert!(clock.elapsed() < Duration::from_secs(9), "{:?}", clock.elapsed());
    let output = office.run_with(&["doctor", "--json"], &[("LOCKSTEP_GOOGLE_CREDENTIALS", "missing.json")]);
    let findings: Vec<serde_json::Value> = serde_json::from_str(&output.out).expect("JSON");
    assert!(only_finding(&findings, "wrong").contains("missing.json cannot be read"), "{findings:?}");
}

#[test]
fn doctor_creates_no_files() {
    let office = GoogleCommands::open();
    assert_eq!(office.doctor().1[0].0, "ok");
    assert!(!office.cli.path("data").exists());
}

#[test]
fn a_check_and_a_sync_name_the_same_fix() {
    let office = GoogleCommands::open();
    office.add("albums", "/edit#gid=0");
    let share = format!("Share it with {SERVICE_ACCOUNT_EMAIL} (Viewer is enough)");
    let cases = [
        (api_error(403, "PERMISSION_DENIED", "The caller does not have permission", ""), share.as_str()),
        (api_disabled("Google Sheets API", "sheets.googleapis.com"), "Enable the Google Sheets API in project"),
        (api_error(404, "NOT_FOUND", "Requested entity was not found.", ""), "Google Sheet not found (404)"),
    ];
    for (reply, shown_text) in cases {
        office.google.reply_times(2, "/v4/", reply);
        let checked = office.run(&["source", "check", "albums"]);
        assert!(checked.code == 1 && checked.err.contains(shown_text), "{}", checked.err);
        let synced = office.run(&["sync", "albums"]);
        assert!(synced.code == 1 && synced.err.contains(shown_text), "{}{}", synced.out, synced.err);
    }
    office.add("b-sides", "/edit#gid=9");
    let checked = office.run(&["source", "check", "b-sides"]);
    assert!(
        checked.err.contains("This sheet has no tab with the number 9 (gid=9). The only tab is “Albums”."),
        "{}",
        checked.err
    );
    assert_eq!(office.run(&["source", "check", "albums"]).code, 0);
}

#[test]
fn a_sheet_is_synced_on_both_databases_and_the_key_is_in_no_file() {
    let (sqlite, postgres) = (TestDatabase::sqlite(), TestDatabase::postgres());
    for database in [url_of(&sqlite), url_of(&postgres)] {
        let office = GoogleCommands::open();
        let env = [("DATABASE_URL", database.as_str()), ("LOCKSTEP_SECRET_KEY", TEST_SECRET_KEY_TEXT)];
        let url = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit");
        office.run_with(&["source", "add", "sheet", "--kind", "sheet", "--key", "id", "--url", &url], &env);
        office.google.reply_once("values:batchGet", quota_exceeded().header("Retry-After", "1"));
        office.google.set_modified_time("2026-11-20T08:00:00.000Z");
        let synced = office.run_with(&["sync", "sheet", "--json"], &env);
        assert_eq!(synced.code, 0, "{}{}", synced.out, synced.err);
        assert!(synced.out.contains("\"added\": 2") || synced.out.contains("\"added\":2"), "{}", synced.out);
        assert_eq!((office.google.request_count("values:batchGet"), office.google.request_count("/token")), (2, 1));
        assert_eq!(office.run_with(&["sync", "sheet"], &env).code, 0);
        assert_eq!(office.google.request_count("values:batchGet"), 2, "nothing was modified");
        let shown = office.run_with(&["source", "show", "sheet"], &env);
        assert!(shown.out.contains("2 items"), "{}{}", shown.out, shown.err);
        let logs = fs::read_dir(office.cli.path("data/logs")).expect("logs");
        let kept: String = logs.map(|file| fs::read_to_string(file.expect("a file").path()).expect("text")).collect();
        assert!(kept.contains("values:batchGet") && kept.contains("\"path\":\"/token\""), "{kept}");
        office.is_secretive(&kept);
    }
}
