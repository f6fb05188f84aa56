//! The page about troubles: its questions to the logs are asked of those of a real house that had some.

use std::fs;
use std::process::Command;

use crate::support::log_files::{event_names, read_log_lines, sync_until_logged};
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_for;

const PAGE: &str = include_str!("../../docs/troubleshooting.md");
/// Stands before a question that a house without troubles has no answer to.
const MAY_BE_SILENT: &str = "silence is good news";

/// The questions of the page, and whether each has an answer in a house that had every trouble but an outage.
fn questions() -> Vec<(&'static str, bool)> {
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

/// A house that had a failed sync, a changed key column, a busy host, a server that died and a status folder that was none. Answers
/// the id of a run that went well.
fn troubled(home: &ServerSetup, outside: &StubServer) -> (ServerProcess, String) {
    let albums = |from: usize| (from..from + 20).fold("id\n".to_owned(), |text, number| format!("{text}{number}\n"));
    outside.csv("/albums.csv", &albums(0));
    outside.csv("/rekeyed.csv", &albums(0));
    outside.set("/slow.csv", StubReply::csv("id\n1\n").hang());
    let mut server = home.start();
    home.furnish();
    for slug in ["albums", "rekeyed", "slow", "gone"] {
        home.add_url(slug, outside.url(&format!("/{slug}.csv")));
    }
    let (id, _) = sync_until_logged(home, &server, "albums");
    sync_until_logged(home, &server, "rekeyed");
    outside.csv("/rekeyed.csv", &albums(1000));
    let (_, ended) = sync_until_logged(home, &server, "rekeyed");
    assert_eq!(ended["code"], "key_changed");
    sync_until_logged(home, &server, "gone");
    outside.set("/busy.csv", StubReply::status(429).header("Retry-After", "3600"));
    home.add_url("busy", outside.url("/busy.csv"));
    let (_, ended) = sync_until_logged(home, &server, "busy");
    assert_eq!(ended["code"], "rate_limited");

    server.begin("slow");
    wait_for("the request", || outside.hits("/slow.csv") == 1);
    server.kill();
    let status = home.path("data/status");
    fs::remove_dir_all(&status).expect("removed");
    fs::write(&status, "no folder").expect("a file");
    let server = home.start_at("data", server.address().port());
    let seen = |file: &str, event: &str| event_names(&read_log_lines(home, file)).contains(&event);
    wait_for("it is taken over", || seen("sync.jsonl", "requeued"));
    wait_for("the status store is missed", || seen("health.jsonl", "status_store_away"));
    (server, id)
}

#[test]
fn every_question_of_the_page_is_understood_and_answered() {
    let (home, outside) = (ServerSetup::new(), StubServer::start());
    let (_server, id) = troubled(&home, &outside);
    let questions = questions();
    assert!(questions.len() >= 15, "{questions:?}");
    for (question, answered) in questions {
        let asked =
            Command::new("sh").args(["-c", question]).env("ID", &id).current_dir(home.path("data/logs")).output();
        let asked = asked.expect("a shell");
        let wrong = String::from_utf8_lossy(&asked.stderr);
        assert!(asked.status.success(), "{question}\n{wrong}\n(jq is needed here: `make test` installs it)");
        let said = String::from_utf8_lossy(&asked.stdout);
        println!("$ {question}\n{said}");
        assert!(!answered || !said.trim().is_empty(), "{question} has no answer");
    }
}

#[test]
fn the_way_to_look_further_back_begins_with_the_oldest_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = PAGE.split('`').find(|code| code.starts_with("cat ")).expect("a command");
    let command = command.replace("| jq …", "");
    for (name, text) in [("sync.jsonl", "newest"), ("sync.jsonl.1", "younger"), ("sync.jsonl.2", "oldest")] {
        fs::write(folder.path().join(name), format!("{text}\n")).expect("written");
    }
    let said = Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output().expect("a shell");
    assert_eq!(String::from_utf8_lossy(&said.stdout), "oldest\nyounger\nnewest\n");
}

#[test]
fn every_field_and_event_that_is_kept_is_on_the_page() {
    let (home, outside) = (ServerSetup::new(), StubServer::start());
    let (mut server, _) = troubled(&home, &outside);
    server.stop();
    for file in ["sync.jsonl", "fetch.jsonl", "health.jsonl"] {
        for line in read_log_lines(&home, file) {
            let fields = line.as_object().expect("an object");
            let event = fields["event"].as_str().expect("an event");
            for word in fields.keys().map(String::as_str).chain([event]) {
                assert!(PAGE.contains(&format!("`{word}`")), "{file}: `{word}` is not on the page: {line}");
            }
        }
    }
}
