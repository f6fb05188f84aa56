//! No secret appears in logs of any level, in JSON, on pages or in the output of commands, for any kind of source,
//! whether its syncs succeed or fail.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockstep::domain::source::SourceDraft;

use crate::support::http_client::TestHttpClient;
use crate::support::server_process::{ADMIN_LOGIN, ROBOT_TOKEN, ServerProcess, ServerSetup};
use crate::support::source_fixture::SourceFixture;
use crate::support::stub_server::{ReplyTransform, StubReply};
use crate::support::test_engine::source_draft;
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![no_secret_appears_anywhere_for_any_kind];

/// Response bodies by path.
type ResponsesByPath = HashMap<String, String>;

/// Replies that make a sync fail: redirects to a refused address and to a missing one, an error, and invalid content.
fn bad_replies() -> [ReplyTransform; 5] {
    let redirect = |to: &'static str| -> ReplyTransform { Arc::new(move |_| StubReply::redirect(301, to)) };
    [
        redirect("http://me:s3cret-word@10.0.0.1/a?token=s3cret-word#s3cret-word"),
        redirect("/nothing/there?token=s3cret-word"),
        redirect("ftp://me:s3cret-word@h.example/a?s3cret-word"),
        Arc::new(|_| StubReply::status(401)),
        Arc::new(|whole| whole.body("<!-- } -->")),
    ]
}

/// Starts a sync of the source, which may fail; returns its id and the messages of its status reports.
fn sync_to_end(server: &ServerProcess, slug: &str, reported: &mut ResponsesByPath) -> (String, String) {
    let id = server.start_sync(slug);
    let mut status = String::new();
    wait_for("the end", || {
        let body = server.get(&format!("/api/sync/status/{id}")).body;
        let state: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        state["status"].as_str().expect("a status").clone_into(&mut status);
        reported.entry(format!("the status of {id}")).or_default().push_str(&body);
        !["pending", "running", "cancelling"].contains(&status.as_str())
    });
    (id, status)
}

/// Requests all paths about a run or a source.
fn request_all(client: &TestHttpClient, paths: &[String], reported: &mut ResponsesByPath) {
    for path in paths {
        let answer = client.get(path).unwrap_or_else(|| panic!("no answer for {path}"));
        assert!(answer.status == 200, "{path}: {} {}", answer.status, answer.body);
        reported.insert(path.clone(), answer.body);
    }
}

/// Runs a command; returns whether it succeeded.
fn run_command(setup: &ServerSetup, args: &[&str], reported: &mut ResponsesByPath) -> bool {
    let output = setup.build_command("data").args(args).env("RUST_LOG", "trace").output().expect("it runs");
    let shown_text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    reported.entry(args.join(" ")).or_default().push_str(&shown_text);
    output.status.success()
}

/// All files in a folder and the folders in it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn no_secret_appears_anywhere_for_any_kind(db: &TestDatabase) {
    // With a service account, all sheets are read through it.
    let fixtures: Vec<SourceFixture> = SourceFixture::all()
        .into_iter()
        .filter(|fixture| !fixture.uses_google() || fixture.google().is_some())
        .collect();
    let google = fixtures.iter().find_map(SourceFixture::google).expect("a Google");
    let setup = ServerSetup::on_database(db)
        .with_setting("RUST_LOG", "trace")
        .with_setting("LOCKSTEP_GOOGLE_URL", &google.url());
    let key = google.key_file(&setup.path("robot.json"));
    let setup = setup.with_setting("LOCKSTEP_GOOGLE_CREDENTIALS", &key.to_string_lossy());
    let mut server = setup.start();
    setup.add_admin_and_token();
    let (admin, api_client) =
        (TestHttpClient::logged_in_admin(server.address()), TestHttpClient::with_token(server.address()));
    let mut reported = ResponsesByPath::new();
    for (number, fixture) in fixtures.iter().enumerate() {
        let slug = format!("news-{number}");
        let named = source_draft(&slug, fixture.kind, fixture.location.clone());
        let source = SourceDraft { public: true, ..named };
        setup.store().add_source(&source, None).expect("a source");
        let (well, status) = sync_to_end(&server, &slug, &mut reported);
        assert_eq!(status, "completed", "{}: {}", fixture.name, reported[&format!("the status of {well}")]);
        assert!(run_command(&setup, &["source", "check", &slug], &mut reported), "{}", fixture.name);
        let mut ids = vec![well];
        for transform in bad_replies() {
            fixture.inject_fault(&transform);
            let (id, status) = sync_to_end(&server, &slug, &mut reported);
            // The feeds that a list named before are fetched all the same.
            assert!(
                status == "failed" || fixture.is_list(),
                "{}: {}",
                fixture.name,
                reported[&format!("the status of {id}")]
            );
            run_command(&setup, &["source", "check", &slug], &mut reported);
            ids.push(id);
        }
        for id in &ids {
            let own = ["", "/changes?kind=added", "/issues"].map(|rest| format!("/api/history/{id}{rest}"));
            request_all(&api_client, &own, &mut reported);
            request_all(&admin, &[format!("/history/{id}"), format!("/history/{id}/issues.csv?all=1")], &mut reported);
        }
        request_all(&admin, &[format!("/catalog/{slug}"), format!("/settings/sources/{slug}")], &mut reported);
        if fixture.kind == "feeds" {
            request_all(&admin, &[format!("/catalog/{slug}/feeds")], &mut reported);
        }
        run_command(&setup, &["source", "show", &slug], &mut reported);
        run_command(&setup, &["sync", &slug], &mut reported);
    }
    request_all(
        &api_client,
        &["/api/sources", "/api/history", "/api/health", "/api/health/sync"].map(str::to_owned),
        &mut reported,
    );
    request_all(&admin, &["/", "/settings", "/history", "/settings/sources/new"].map(str::to_owned), &mut reported);
    for args in [&["source", "list", "--json"][..], &["source", "list"], &["doctor", "--json"], &["doctor"]] {
        run_command(&setup, args, &mut reported);
    }
    server.stop();
    reported.insert("standard error".to_owned(), server.log());
    for file in fs::read_dir(setup.path("data/logs")).expect("logs") {
        let path = file.expect("a file").path();
        reported.insert(path.display().to_string(), fs::read_to_string(&path).expect("text"));
    }
    // Nor does one lie in the database, or in any file beside it.
    for table in db.table_names() {
        let rows = db.select_rows_as_text(&table);
        reported.insert(format!("the table {table}"), rows.join("\n"));
    }
    assert!(reported["the table sources"].contains("sealed:1:"));
    for file in files_below(&setup.path("data")) {
        let content = fs::read(&file).expect("readable");
        reported.insert(file.display().to_string(), String::from_utf8_lossy(&content).into_owned());
    }
    assert!(
        reported["standard error"].contains("TRACE") && reported["/settings"].contains("news-0"),
        "everything is there"
    );
    let mut secrets: Vec<String> = fixtures.iter().flat_map(SourceFixture::secrets).collect();
    secrets.extend([ROBOT_TOKEN, ADMIN_LOGIN.1].map(str::to_owned));
    let mut found = Vec::new();
    for (place, text) in &reported {
        for secret in &secrets {
            if let Some(line) = text.lines().find(|line| line.contains(secret)) {
                let at = line.find(secret.as_str()).expect("found");
                let line: String =
                    line.chars().skip(line[..at].chars().count().saturating_sub(200)).take(400).collect();
                found.push(format!("{place}: {secret} in {line}"));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
