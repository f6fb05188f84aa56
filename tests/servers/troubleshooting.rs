//! The queries of the troubleshooting page are run on the logs of a real server that had problems.

use std::fs;
use std::process::Command;

use crate::support::log_files::{event_names, read_log_lines, sync_until_logged};
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_for;

const PAGE: &str = include_str!("../../docs/troubleshooting.md");
/// Marks a query that finds nothing on a server without problems.
const MAY_BE_SILENT: &str = "no output is good news";

/// The queries of the page, and whether each finds something on a server that had every problem but an outage.
fn list_queries() -> Vec<(&'static str, bool)> {
    let mut before = "";
    let mut questions = Vec::new();
    for line in PAGE.lines() {
        if line.starts_with("jq ") {
            questions.push((line, !before.contains(MAY_BE_SILENT)));
        }
        before = line;
    }
    questions
}

/// A server with a failed sync, a changed key column, a busy host, a kill and a broken status folder. Returns the id of
/// a run that completed.
fn start_troubled_server(setup: &ServerSetup, stub: &StubServer) -> (ServerProcess, String) {
    let albums = |from: usize| (from..from + 20).fold("id\n".to_owned(), |text, number| format!("{text}{number}\n"));
    stub.serve_csv("/albums.csv", &albums(0));
    stub.serve_csv("/rekeyed.csv", &albums(0));
    stub.set_reply("/slow.csv", StubReply::csv("id\n1\n").hang());
    let mut server = setup.start();
    setup.add_admin_and_token();
    for slug in ["albums", "rekeyed", "slow", "gone"] {
        setup.add_url(slug, stub.url(&format!("/{slug}.csv")));
    }
    let (id, _) = sync_until_logged(setup, &server, "albums");
    sync_until_logged(setup, &server, "rekeyed");
    stub.serve_csv("/rekeyed.csv", &albums(1000));
    let (_, ended) = sync_until_logged(setup, &server, "rekeyed");
    assert_eq!(ended["code"], "key_changed");
    sync_until_logged(setup, &server, "gone");
    stub.set_reply("/busy.csv", StubReply::status(429).header("Retry-After", "3600"));
    setup.add_url("busy", stub.url("/busy.csv"));
    let (_, ended) = sync_until_logged(setup, &server, "busy");
    assert_eq!(ended["code"], "rate_limited");

    server.start_sync("slow");
    wait_for("the request", || stub.request_count("/slow.csv") == 1);
    server.kill();
    let status = setup.path("data/status");
    fs::remove_dir_all(&status).expect("removed");
    fs::write(&status, "no folder").expect("a file");
    let server = setup.start_at("data", server.address().port());
    let seen = |file: &str, event: &str| event_names(&read_log_lines(setup, file)).contains(&event);
    wait_for("it is taken over", || seen("sync.jsonl", "requeued"));
    wait_for("the status store is missed", || seen("health.jsonl", "status_store_away"));
    (server, id)
}

#[test]
fn every_query_of_the_page_runs_and_finds_something() {
    let (setup, stub) = (ServerSetup::new(), StubServer::start());
    let (_server, id) = start_troubled_server(&setup, &stub);
    let questions = list_queries();
    assert!(questions.len() >= 15, "{questions:?}");
    for (question, answered) in questions {
        let output =
            Command::new("sh").args(["-c", question]).env("ID", &id).current_dir(setup.path("data/logs")).output();
        let output = output.expect("a shell");
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{question}\n{wrong}\n(jq is needed here: `make test` installs it)");
        let shown_text = String::from_utf8_lossy(&output.stdout);
        println!("$ {question}\n{shown_text}");
        assert!(!answered || !shown_text.trim().is_empty(), "{question} has no answer");
    }
}

#[test]
fn the_query_of_rotated_files_begins_with_the_oldest_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = PAGE.split('`').find(|code| code.starts_with("cat ")).expect("a command");
    let command = command.replace("| jq …", "");
    for (name, text) in [("sync.jsonl", "newest"), ("sync.jsonl.1", "younger"), ("sync.jsonl.2", "oldest")] {
        fs::write(folder.path().join(name), format!("{text}\n")).expect("written");
    }
    let output = Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output().expect("a shell");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "oldest\nyounger\nnewest\n");
}

#[test]
fn every_logged_field_and_event_is_on_the_page() {
    let (setup, stub) = (ServerSetup::new(), StubServer::start());
    let (mut server, _) = start_troubled_server(&setup, &stub);
    server.stop();
    for file in ["sync.jsonl", "fetch.jsonl", "health.jsonl"] {
        for line in read_log_lines(&setup, file) {
            let fields = line.as_object().expect("an object");
            let event = fields["event"].as_str().expect("an event");
            for word in fields.keys().map(String::as_str).chain([event]) {
                assert!(PAGE.contains(&format!("`{word}`")), "{file}: `{word}` is not on the page: {line}");
            }
        }
    }
}
