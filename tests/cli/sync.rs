//! `lockstep sync`, without a server.

use std::io::Read;
use std::net::TcpListener;
use std::process::Child;
use std::time::Duration;

use lockstep::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use lockstep::store::{DatabaseAddress, Store};

use super::{CliFixture, read_output, send_signal};
use crate::store::worker_steps::queue_run;
use crate::support::load_clock::LoadClock;

fn with_albums(text: &str) -> CliFixture {
    let cli = CliFixture::new();
    cli.write_csv("albums.csv", text);
    let file = ["--kind", "csv", "--file", "albums.csv", "--key", "id", "--noun", "album/albums"];
    cli.expect_success(&[&["source", "add", "albums"], &file[..]].concat());
    cli
}

/// A data folder whose source is on a server that accepts requests and never answers, and that server.
fn with_silent_server() -> (CliFixture, TcpListener) {
    let cli = CliFixture::new();
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/albums.csv", server.local_addr().expect("an address"));
    cli.expect_success(&["source", "add", "albums", "--kind", "csv", "--url", &url, "--key", "id"]);
    (cli, server)
}

fn start_sync(cli: &CliFixture, server: &TcpListener) -> (Child, std::net::TcpStream) {
    let child = cli.build_command(&["sync", "albums"]).spawn().expect("it runs");
    let (mut request, _) = server.accept().expect("a request");
    // The run is active once the server has received a part of the request.
    assert!(request.read(&mut [0; 16]).expect("a request") > 0);
    (child, request)
}

#[test]
fn a_file_is_synced_and_the_second_time_nothing_changes() {
    let cli = with_albums("id,title\n1,A\n2,B\n2,again\n");
    let first = cli.run_command(&["sync", "albums"]);
    assert_eq!(
        (first.code, first.out.as_str()),
        (0, "albums: 2 added, 0 updated, 0 removed. 1 row skipped. 1 issue.\n")
    );
    assert!(first.err.contains("row 4, column “id”, skipped"), "{}", first.err);
    assert_eq!(
        cli.expect_success(&["sync", "albums"]),
        "albums: Nothing new since the last sync: 2 albums. 1 row skipped.\n"
    );
    assert!(cli.expect_success(&["sync", "albums", "--full"]).contains("No changes"));
    assert!(cli.expect_success(&["sync", "albums", "--force"]).contains("0 added, 2 updated, 0 removed."));
    cli.write_csv("albums.csv", "id,title\n1,A\n2,B\n3,C\n");
    assert!(cli.expect_success(&["sync", "albums", "--preview"]).contains("A sync would add 1"));
    assert!(cli.expect_success(&["source", "list"]).contains("csv   2 "), "a preview writes nothing");
}

#[test]
fn withheld_removals_are_reported_once_with_their_reason() {
    let cli = with_albums("id,title\n1,A\n2,B\n3,C\n");
    cli.expect_success(&["sync", "albums"]);
    cli.write_csv("albums.csv", "id,title\n1,A\n#REF!,B\n");
    let in_doubt = cli.run_command(&["sync", "albums"]);
    let why = "2 albums not found in the source were kept, because rows or keys may have been misread.";
    assert!(in_doubt.code == 0 && in_doubt.out.contains(why), "{}", in_doubt.out);
    assert!(!in_doubt.err.contains("withheld") && !in_doubt.err.contains("confirm"), "{}", in_doubt.err);
    let many: String = (1..=30).map(|number| format!("{number},A\n")).collect();
    cli.write_csv("albums.csv", &format!("id,title\n{many}"));
    cli.expect_success(&["sync", "albums"]);
    cli.write_csv("albums.csv", "id,title\n1,A\n");
    let most = cli.run_command(&["sync", "albums"]);
    let why = "29 albums no longer in the source were kept: that is more than half of the catalog.";
    assert!(most.code == 0 && most.out.contains(why), "{}", most.out);
    assert!(!most.err.contains("withheld"), "{}", most.err);
}

#[test]
fn json_is_the_last_status_alone() {
    let cli = with_albums("id,title\n1,A\n");
    let out = cli.expect_success(&["sync", "albums", "--json"]);
    assert_eq!(out.lines().count(), 1, "{out}");
    let status: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&status["status"], &status["progress"]), (&"completed".into(), &100.into()));
    assert_eq!(status["stats"]["added"], 1);

    std::fs::remove_file(cli.path("albums.csv")).expect("removed");
    let failed = cli.run_command(&["sync", "albums", "--json"]);
    assert_eq!(failed.code, 1);
    let status: serde_json::Value = serde_json::from_str(&failed.out).expect("JSON");
    assert_eq!(status["status"], "failed");
    assert!(failed.err.contains(status["error"].as_str().expect("a sentence")), "{}", failed.err);
}

#[test]
fn the_second_of_two_at_once_names_the_first_and_ctrl_c_cancels_it() {
    let (cli, server) = with_silent_server();
    let (first, _request) = start_sync(&cli, &server);
    let second = cli.run_command(&["sync", "albums"]);
    assert_eq!((second.code, second.out.as_str()), (75, ""), "{}", second.err);
    let (_, id) = second.err.trim_end().trim_end_matches('.').rsplit_once(' ').expect("an id");
    assert!(id.parse::<lockstep::domain::sync_id::SyncId>().is_ok(), "{}", second.err);
    let removed = cli.run_command(&["source", "remove", "albums", "--yes"]);
    assert_eq!(removed.code, 75, "{}", removed.err);

    let clock = LoadClock::start();
    send_signal(&first, "INT");
    let first = read_output(first.wait_with_output().expect("it ends"));
    assert_eq!(first.code, 130, "{}", first.err);
    assert!(clock.elapsed() < Duration::from_secs(7), "{:?}", clock.elapsed());
    assert!(first.err.contains("Cancelled at"), "{}", first.err);
    let past = cli.expect_success(&["source", "show", "albums"]);
    assert!(past.contains(&format!("{id} cancelled")), "{past}");
}

#[test]
fn a_repeat_within_the_cooldown_is_refused() {
    let cli = with_albums("id,title\n1,A\n");
    cli.expect_success(&["sync", "albums"]);
    let output = cli.build_command(&["sync", "albums"]).env("LOCKSTEP_COOLDOWN", "1h").output().expect("it runs");
    let soon = read_output(output);
    assert_eq!(soon.code, 75);
    assert!(soon.err.contains("again in 3"), "{}", soon.err);
    cli.expect_success(&["sync", "albums"]);
}

#[test]
fn a_run_whose_process_died_is_continued_without_a_server() {
    let cli = with_albums("id,title\n1,A\n");
    let address = DatabaseAddress::Sqlite(cli.path("data/lockstep.db"));
    let store = Store::open(&address, 2, lockstep::domain::defaults::LEASE_DURATION).expect("a database");
    let source = store.find_source("albums").expect("readable").expect("the source").id;
    let request = StartRequest {
        kind: OperationKind::Sync,
        mode: Mode::Incremental,
        options: StartOptions::default(),
        priority: RunPriority::Manual,
        requested_by: "somebody".to_owned(),
    };
    let dead = queue_run(&store, source, &request);
    store.claim_run("dead", 7, Duration::from_millis(1), Some(dead)).expect("readable").expect("claimed");
    std::thread::sleep(Duration::from_millis(20));

    let next = cli.run_command(&["sync", "albums"]);
    assert_eq!((next.code, next.out.as_str()), (0, "albums: 1 added, 0 updated, 0 removed.\n"), "{}", next.err);
    assert!(next.err.contains(&format!("was interrupted ({dead})")), "{}", next.err);
}
