//! What servers write about their runs to log files and to standard error.

use std::collections::BTreeMap;
use std::fs;
use std::thread;

use serde_json::Value;

use crate::support::log_files::{event_names, read_log_lines, read_run_lines, sync_until_logged};
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    every_line_of_a_run_names_it_in_the_files_and_on_standard_error,
    a_run_whose_server_died_is_followed_through_the_file,
}

fn every_line_of_a_run_names_it_in_the_files_and_on_standard_error(db: &TestDatabase) {
    let stub = StubServer::start();
    stub.serve_csv("/albums.csv", "id,title\n1,One\n2,Two\n2,Two again\n");
    let address = stub.url("/albums.csv?token=s3cret").replace("http://", "http://me:pass-word@");
    let setup = ServerSetup::on_database(db);
    let server = setup.start();
    setup.add_admin_and_token();
    setup.add_url("albums", address);
    setup.add_url("gone", stub.url("/gone.csv"));

    let (id, ended) = sync_until_logged(&setup, &server, "albums");
    let reported = read_run_lines(&setup, "sync.jsonl", &id);
    assert_eq!(event_names(&reported), ["accepted", "started", "stage", "stage", "ended"]);
    assert!(reported.iter().all(|line| line["source"] == "albums" && line["kind"] == "sync"), "{reported:?}");
    let figures = ["status", "attempt", "added", "updated", "unchanged", "removed", "rejected", "issues", "level"];
    let figures = figures.map(|name| ended[name].to_string()).join(" ");
    assert_eq!(figures, r#""completed" 1 2 0 0 0 1 1 "info""#);
    assert!(ended["durationMs"].is_u64() && ended["waitedMs"].is_u64() && ended["message"].is_string(), "{ended}");
    let [call] = &read_run_lines(&setup, "fetch.jsonl", &id)[..] else {
        panic!("{:?}", read_log_lines(&setup, "fetch.jsonl"))
    };
    assert_eq!((&call["event"], &call["status"], &call["bytes"]), (&"fetched".into(), &200.into(), &33.into()));
    assert_eq!(call["host"], format!("127.0.0.1:{}", stub.port()));
    assert_eq!(call["path"], "/albums.csv?…");
    assert!(call["ms"].is_u64() && call.get("code").is_none(), "{call}");

    let (failed, ended) = sync_until_logged(&setup, &server, "gone");
    let end = (&ended["status"], &ended["code"], &ended["level"]);
    assert_eq!(end, (&"failed".into(), &"not_found".into(), &"warn".into()));
    let [call] = &read_run_lines(&setup, "fetch.jsonl", &failed)[..] else {
        panic!("{:?}", read_log_lines(&setup, "fetch.jsonl"))
    };
    let end = (&call["event"], &call["status"], &call["code"]);
    assert_eq!(end, (&"failed".into(), &404.into(), &"not_found".into()));

    let health = read_log_lines(&setup, "health.jsonl");
    assert_eq!(event_names(&health), ["started"]);
    assert_eq!((&health[0]["healthy"], &health[0]["databaseAnswers"]), (&true.into(), &true.into()));
    assert_eq!(health[0]["statusStoreAnswers"], true);

    let text = server.log();
    let words = ["accepted", "running", "fetch", "completed", "failed"];
    let about: Vec<&str> = text.lines().filter(|line| words.iter().any(|word| line.contains(word))).collect();
    assert_eq!(about.len(), 8, "{text}");
    assert!(about.iter().all(|line| line.contains(&id) || line.contains(&failed)), "{text}");
    let files = ["sync.jsonl", "fetch.jsonl", "health.jsonl"];
    let kept = files.map(|file| fs::read_to_string(setup.path("data/logs").join(file)).expect("a file")).concat();
    for secret in ["s3cret", "pass-word", "token-of-robot"] {
        assert!(!kept.contains(secret) && !text.contains(secret), "{kept}{text}");
    }
}

fn a_run_whose_server_died_is_followed_through_the_file(db: &TestDatabase) {
    let stub = StubServer::start();
    stub.set_reply("/albums.csv", StubReply::csv("id\n1\n").hang());
    let setup = ServerSetup::on_database(db);
    let mut server = setup.start();
    setup.add_admin_and_token();
    setup.add_url("albums", stub.url("/albums.csv"));
    let id = server.start_sync("albums");
    wait_for("the request", || stub.request_count("/albums.csv") == 1);
    server.kill();
    stub.serve_csv("/albums.csv", "id\n1\n");

    let server = setup.start_at("data", server.address().port());
    let ended = || read_log_lines(&setup, "sync.jsonl").iter().filter(|line| line["event"] == "ended").count();
    wait_for("the end of both", || ended() == 2);
    let first = read_run_lines(&setup, "sync.jsonl", &id);
    assert_eq!(event_names(&first), ["accepted", "started", "taken_over", "ended"], "{}", server.log());
    assert_eq!(first[3]["status"], "interrupted");
    let successor = first[3]["successor"].as_str().expect("a successor");
    let mut second = read_run_lines(&setup, "sync.jsonl", successor);
    // A worker may start the successor before the takeover has logged that it queued it.
    second[..2].sort_by_key(|line| line["event"] != "requeued");
    assert_eq!(event_names(&second), ["requeued", "started", "stage", "stage", "ended"]);
    assert!(second.iter().all(|line| line["source"] == "albums"), "{second:?}");
    assert_eq!((&second[0]["retryOf"], &second[1]["attempt"]), (&Value::from(id), &2.into()));
    assert_ne!(first[1]["server"], second[1]["server"], "two processes");
}

#[test]
fn log_files_are_written_although_standard_error_is_off() {
    let stub = StubServer::start();
    stub.serve_csv("/albums.csv", "id\n1\n");
    let setup = ServerSetup::new().with_setting("RUST_LOG", "off");
    let server = setup.start();
    setup.add_admin_and_token();
    setup.add_url("albums", stub.url("/albums.csv"));
    let (id, _) = sync_until_logged(&setup, &server, "albums");
    assert_eq!(server.log(), "");
    assert_eq!(read_run_lines(&setup, "sync.jsonl", &id).len(), 5);
    assert_eq!(read_run_lines(&setup, "fetch.jsonl", &id).len(), 1);
}

#[test]
fn servers_of_one_folder_lose_no_line_when_a_file_is_full() {
    let stub = StubServer::start();
    let slugs = ["left", "right"];
    let setup = ServerSetup::new();
    let servers = [setup.start(), setup.start()];
    setup.add_admin_and_token();
    for slug in slugs {
        stub.serve_csv(&format!("/{slug}.csv"), "id\n1\n");
        setup.add_url(slug, stub.url(&format!("/{slug}.csv")));
    }
    // There is room for the first lines only.
    let nearly_full = format!("{}\n", Value::from("x".repeat(9_997_000)));
    fs::write(setup.path("data/logs/sync.jsonl"), nearly_full).expect("a file");
    thread::scope(|scope| {
        for (server, slug) in servers.iter().zip(slugs) {
            let setup = &setup;
            scope.spawn(move || (0..4).for_each(|_| drop(sync_until_logged(setup, server, slug))));
        }
    });
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let all = read_log_lines(&setup, "sync.jsonl");
    all.iter().filter_map(|line| line["syncId"].as_str()).for_each(|id| *seen.entry(id.to_owned()).or_default() += 1);
    assert_eq!(seen.into_values().collect::<Vec<_>>(), [5; 8]);
    let size = |name: &str| fs::metadata(setup.path("data/logs").join(name)).expect("a file").len();
    assert!(size("sync.jsonl.1") > 9_997_000 && size("sync.jsonl.1") <= 10_000_000);
    assert!(size("sync.jsonl") < 100_000);
}

#[test]
fn a_log_folder_that_cannot_be_written_to_costs_one_warning_and_no_sync() {
    let stub = StubServer::start();
    stub.serve_csv("/albums.csv", "id\n1\n");
    // The only worker has written all lines of a run before it starts the next one.
    let setup = ServerSetup::new().with_setting("LOCKSTEP_WORKERS", "1");
    let server = setup.start();
    setup.add_admin_and_token();
    setup.add_url("albums", stub.url("/albums.csv"));
    let logs = setup.path("data/logs");
    let sync_to_completion = || {
        let id = server.start_sync("albums");
        server.wait_for_status(&id, "completed");
        id
    };
    let wait_for_last_line = |id: &str| {
        wait_for("the last line", || event_names(&read_run_lines(&setup, "sync.jsonl", id)).contains(&"ended"));
    };
    wait_for("the first line", || logs.join("health.jsonl").exists());

    fs::remove_dir_all(&logs).expect("deleted");
    wait_for_last_line(&sync_to_completion());
    assert_eq!(event_names(&read_log_lines(&setup, "fetch.jsonl")), ["fetched"], "a deleted folder is made again");

    fs::remove_dir_all(&logs).expect("deleted");
    fs::write(&logs, "no folder").expect("a file");
    sync_to_completion();
    sync_to_completion();
    let count_in_log = |text: &str| server.log().matches(text).count();
    assert_eq!(count_in_log("cannot write log files"), 1, "{}", server.log());
    fs::remove_file(&logs).expect("deleted");
    wait_for_last_line(&sync_to_completion());
    wait_for("the relief", || count_in_log("writing log files in") == 1);
    assert_eq!(count_in_log("cannot write log files"), 1, "{}", server.log());
}
