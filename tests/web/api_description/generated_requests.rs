//! schemathesis sends generated requests to a real server, right and wrong ones, and compares every answer with the
//! description. Its settings are in `schemathesis.toml`.

use std::process::Output;

use lockstep::domain::account::{Role, TokenLimits};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::secret::token_hash;
use lockstep::domain::source::SourceDraft;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::python_tools::{project_path, python_command};
use crate::support::google_server::{GoogleServer, SHEET_ID, SheetTab};
use crate::support::server_process::{ROBOT_TOKEN, ServerProcess, ServerSetup};
use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![an_admin_who_does_many_things_gets_what_is_described];

/// The token of a viewer.
const VIEWER_TOKEN: &str = "token-of-reader";
/// Every way in which a parameter can be wrong, one after the other: the same on both databases.
const BOUNDARY_PHASES: [&str; 2] = ["--phases", "examples,coverage"];
/// Random requests, and requests that follow one from the other.
const RANDOM_PHASES: [&str; 2] = ["--phases", "fuzzing,stateful"];
const ALBUMS: &str = "id,title,artist,genre,year\na1,Kind of Blue,Miles Davis,Jazz,1959\na2,Blue Train,John Coltrane,Jazz,\
                      1957\na3,Head Hunters,Herbie Hancock,Funk,1973\na4,Autobahn,Kraftwerk,,1974\n,No key,,,\n";

/// A server with catalogs and runs, and the folder with the settings of schemathesis.
struct FuzzedServer {
    server: ServerProcess,
    settings: TempDir,
    _setup: ServerSetup,
    _google: GoogleServer,
}

impl FuzzedServer {
    /// A server with a public catalog, a private one and a sheet. Each has runs.
    fn start(setup: ServerSetup) -> Self {
        let google = GoogleServer::start();
        google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Albums", &[&["id", "title"], &["1", "One"]])]);
        let key = google.key_file(&setup.path("key.json"));
        let setup = setup
            .with_setting("LOCKSTEP_GOOGLE_URL", &google.url())
            .with_setting("LOCKSTEP_GOOGLE_CREDENTIALS", key.to_str().expect("a path"));
        let server = setup.start();
        setup.add_admin_and_token();
        let store = setup.store();
        store
            .add_token(
                &"reader".parse().expect("a name"),
                Role::Viewer,
                TokenLimits::default(),
                &token_hash(VIEWER_TOKEN),
            )
            .expect("a token");
        let file = setup.path("albums.csv");
        std::fs::write(&file, ALBUMS).expect("a file");
        let sheet = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#gid=0");
        let location = || SourceLocation::File(file.clone());
        for draft in [
            SourceDraft { public: true, ..source_draft("albums", "csv", location()) },
            source_draft("drafts", "csv", location()),
            SourceDraft { public: true, ..source_draft("sheet", "sheet", SourceLocation::Url(sheet)) },
        ] {
            store.add_source(&draft, None).expect("a source");
        }
        let run = |body: Value, status: &str| {
            let started = server.post("/api/sync", &body).json();
            server.wait_for_status(started["syncId"].as_str().expect("an id"), status);
        };
        for slug in ["albums", "drafts", "sheet"] {
            run(json!({ "source": slug }), "completed");
        }
        std::fs::write(&file, ALBUMS.replace("Autobahn", "Computerwelt")).expect("a file");
        run(json!({ "source": "albums", "options": { "preview": true } }), "completed");
        run(json!({ "source": "albums" }), "completed");
        let settings = write_settings(&server);
        Self { server, settings, _setup: setup, _google: google }
    }

    /// Runs schemathesis with this document, which it reads from a file: it does not test the path that it reads one
    /// from.
    fn run_schemathesis(&self, document: &Value, arguments: &[&str]) -> Output {
        std::fs::write(self.settings.path().join("openapi.json"), document.to_string()).expect("a file");
        let mut command = python_command();
        command.args(["-m", "schemathesis.cli", "--no-color", "--config-file", "schemathesis.toml"]);
        command.current_dir(self.settings.path());
        command.args(["run", "openapi.json", "--url", &self.server.url("")]).args(arguments);
        command.output().expect("schemathesis starts")
    }

    /// The document that the server sends.
    fn read_document(&self) -> Value {
        self.server.get("/api/openapi.json").json()
    }

    /// Tests all operations; each answer must be as described.
    #[track_caller]
    fn expect_described_answers(&self, token: Option<&str>, arguments: &[&str]) {
        let header = token.map(|token| format!("Authorization: Bearer {token}"));
        let header = header.iter().flat_map(|header| ["-H", header]);
        let arguments: Vec<&str> = header.chain(arguments.iter().copied()).collect();
        let document = self.read_document();
        let output = self.run_schemathesis(&document, &arguments);
        let text = String::from_utf8_lossy(&output.stdout);
        println!("{text}");
        assert!(output.status.success(), "see the output of schemathesis");
        let operations = count_operations(&document);
        assert!(text.contains(&format!("Tested: {operations}")), "{operations} operations");
        // The server works as before.
        assert_eq!(self.server.get("/api/health").json()["status"], "ok");
    }
}

/// Writes the settings, and the slugs, runs and items that exist.
fn write_settings(server: &ServerProcess) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let name = "schemathesis.toml";
    std::fs::copy(project_path("tests/web/api_description").join(name), folder.path().join(name)).expect("a copy");
    let write = |name: &str, path: &str, field: &str| {
        let list = server.get(path).json();
        let entries = list["items"].as_array().expect("a list").iter();
        let lines: Vec<String> = entries.map(|entry| entry[field].to_string()).collect();
        assert!(!lines.is_empty(), "{path}");
        std::fs::write(folder.path().join(name), lines.join("\n")).expect("a file");
    };
    write("slugs.txt", "/api/sources", "slug");
    write("runs.txt", "/api/history", "syncId");
    write("items.txt", "/api/catalog/albums/items", "id");
    folder
}

fn count_operations(document: &Value) -> usize {
    let paths = document["paths"].as_object().expect("paths");
    paths.values().map(|methods| methods.as_object().expect("methods").len()).sum()
}

fn an_admin_who_does_many_things_gets_what_is_described(db: &TestDatabase) {
    FuzzedServer::start(ServerSetup::on_database(db)).expect_described_answers(Some(ROBOT_TOKEN), &RANDOM_PHASES);
}

#[test]
fn an_admin_gets_what_is_described() {
    FuzzedServer::start(ServerSetup::new()).expect_described_answers(Some(ROBOT_TOKEN), &BOUNDARY_PHASES);
}

#[test]
fn a_viewer_gets_what_is_described() {
    FuzzedServer::start(ServerSetup::new()).expect_described_answers(Some(VIEWER_TOKEN), &BOUNDARY_PHASES);
}

#[test]
fn a_visitor_gets_what_is_described() {
    FuzzedServer::start(ServerSetup::new()).expect_described_answers(None, &BOUNDARY_PHASES);
}

#[test]
fn an_answer_that_is_not_as_described_is_found() {
    let fuzzed = FuzzedServer::start(ServerSetup::new());
    let mut document = fuzzed.read_document();
    document["components"]["schemas"]["Health"]["properties"]["version"] = json!({ "type": "integer" });
    let output = fuzzed.run_schemathesis(&document, &["--include-path", "/api/health"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && text.contains("is not of type \"integer\""), "{text}");
}
