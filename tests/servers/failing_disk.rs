//! The disk of a SQLite database refuses to confirm writes: every `fsync` fails with EIO.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::write_albums;
use crate::support::http_client::TestHttpClient;
use crate::support::preload_library::{FAILING_FSYNC, compile_library};
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

const NOTE: &str = "the disk of the database reported an error";

/// A setup whose servers and commands fail at every `fsync` while the returned file exists.
fn setup_with_fault() -> (ServerSetup, PathBuf) {
    let setup = ServerSetup::new();
    let library = compile_library(&setup.path(""), FAILING_FSYNC);
    let fault = setup.path("disk-fault");
    let setup = setup
        .with_setting("LD_PRELOAD", &library.display().to_string())
        .with_setting("TEST_FSYNC_FAULT", &fault.display().to_string());
    (setup, fault)
}

/// The checks of `lockstep doctor` that are not fine.
fn find_problems(setup: &ServerSetup) -> Vec<String> {
    let ended = setup.build_command("data").args(["doctor", "--json"]).output().expect("the program");
    let results: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    let wrong = results.as_array().expect("a list").iter().filter(|result| result["state"] != "ok");
    wrong.map(|result| format!("{}: {}", result["check"], result["message"])).collect()
}

#[test]
fn a_run_whose_changes_the_disk_does_not_confirm_says_so() {
    let (setup, fault) = setup_with_fault();
    let server = setup.start();
    setup.add_admin_and_token();
    let admin = TestHttpClient::logged_in_admin(server.address());
    let csv = setup.path("albums.csv");
    write_albums(&csv, 20, "First");
    setup.add_file("albums", &csv);
    let sync = |wording: &str| {
        write_albums(&csv, 20, wording);
        let id = server.start_sync("albums");
        let report = server.wait_for_status(&id, "completed");
        (id, report["message"].as_str().expect("a message").to_owned())
    };
    let about = || admin.get("/settings/about").expect("an answer").body;
    let is_disk_line = |line: &&str| line.contains("ERROR") && line.contains("disk of the database");

    let (_, message) = sync("First");
    assert!(!message.contains("disk"), "{message}");
    assert!(!about().contains("The disk"));
    assert!(find_problems(&setup).iter().all(|problem| !problem.contains("\"disk\"")), "{:?}", find_problems(&setup));

    fs::write(&fault, "").expect("written");
    for wording in ["Second", "Third"] {
        let (id, message) = sync(wording);
        assert!(message.contains(NOTE) && message.contains("disk I/O error"), "{message}");
        let page = admin.get(&format!("/history/{id}")).expect("an answer").body;
        assert!(page.contains(NOTE), "{page}");
        let trouble =
            server.log().lines().filter(|line| line.contains(&id) && line.contains("did not confirm")).count();
        assert_eq!(trouble, 1, "{}", server.log());
    }
    assert_eq!(server.log().lines().filter(is_disk_line).count(), 1, "{}", server.log());
    assert!(about().contains("The disk of the database reported an error"), "{}", about());
    let problems = find_problems(&setup);
    assert!(problems.iter().any(|problem| problem.starts_with("\"disk\"")), "{problems:?}");

    fs::remove_file(&fault).expect("removed");
    let (_, message) = sync("Fourth");
    assert!(!message.contains("disk"), "{message}");
    assert!(!about().contains("The disk"), "the disk confirms writes again");
}

#[test]
fn with_full_sync_nothing_is_saved_that_the_disk_does_not_confirm() {
    let (setup, fault) = setup_with_fault();
    let setup = setup.with_setting("LOCKSTEP_SQLITE_SYNC", "full");
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    let csv = write_albums(&setup.path("albums.csv"), 2000, "Title");
    stub.set_reply("/albums.csv", StubReply::csv(&csv).drip(csv.len() / 10, Duration::from_millis(200)));
    setup.add_url("albums", stub.url("/albums.csv"));
    let id = server.start_sync("albums");
    server.wait_for_status(&id, "running");
    fs::write(&fault, "").expect("written");
    // Longer than the fetch takes: the run cannot save anything and waits.
    std::thread::sleep(Duration::from_secs(5));
    let report = server.status(&id);
    assert_eq!(report["status"], "running", "{report}\n{}", server.log());
    let refused = server.post("/api/sync", &serde_json::json!({ "source": "sample-albums" }));
    assert!(refused.status >= 500, "{}", refused.body);
    assert!(server.log().contains("disk I/O error"), "{}", server.log());
    fs::remove_file(&fault).expect("removed");
    let report = server.wait_for_status(&id, "completed");
    assert!(!report["message"].as_str().expect("a message").contains(NOTE), "{report}");
}
