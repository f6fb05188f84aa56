//! A server that is killed again during the run that follows its first kill.

use std::time::Duration;

use serde_json::Value;

use super::{StatusFollower, count_albums, wait_until_interrupted, write_albums};
use crate::support::http_client::TestHttpClient;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! { after_a_second_crash_a_run_is_repeated_only_when_a_person_presses_try_again }

/// Kills the server during the run and starts it again.
fn kill_mid_run(setup: &ServerSetup, mut server: ServerProcess, follower: &StatusFollower, run: &str) -> ServerProcess {
    wait_for("the middle of the run", || {
        let status = server.status(run);
        assert_eq!(status["error"], Value::Null);
        status["progress"].as_u64() >= Some(3)
    });
    follower.state.note_server_change();
    server.kill();
    let server = setup.start_at("data", server.address().port());
    follower.state.note_server_change();
    server
}

fn after_a_second_crash_a_run_is_repeated_only_when_a_person_presses_try_again(db: &TestDatabase) {
    let setup = ServerSetup::on_database(db);
    let server = setup.start();
    setup.add_admin_and_token();
    let admin = TestHttpClient::logged_in_admin(server.address());
    let follower = StatusFollower::follow_server(&server);
    let stub = StubServer::start();
    let csv = write_albums(&setup.path("albums.csv"), 500, "Old");
    // The fetch never ends, so the run does not either.
    stub.set_reply("/albums.csv", StubReply::csv(&csv).hang_at(csv.len() / 2));
    setup.add_url("albums", stub.url("/albums.csv"));

    let first = server.start_sync("albums");
    follower.state.follow_run(&first);
    let server = kill_mid_run(&setup, server, &follower, &first);
    let dead = wait_until_interrupted(&server, &first);
    let second = dead["successor"].as_str().expect("a successor").to_owned();
    follower.state.follow_run(&second);
    let server = kill_mid_run(&setup, server, &follower, &second);
    let dead = wait_until_interrupted(&server, &second);
    assert_eq!((&dead["attempt"], &dead["retryOf"], &dead["successor"]), (&2.into(), &first.into(), &Value::Null));
    assert!(dead["message"].as_str().is_some_and(|message| message.contains("Sync again")), "{dead}");

    // No third attempt starts, however long the test waits.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(db.count_rows("sync_operations", "1 = 1"), 2);
    assert_eq!(db.count_rows("sync_operations", "status IN ('pending', 'running')"), 0);
    let panel = admin.get(&format!("/catalog/albums/sync-status?sync={second}")).expect("an answer").body;
    let page = admin.get("/catalog/albums").expect("an answer").body;
    for shown in [&panel, &page] {
        assert!(
            shown.contains("id=\"panel-again\"") && shown.contains("Saved changes are kept. Sync again to finish."),
            "{shown}"
        );
        assert!(!shown.contains("every 2s\" hx-swap=\"outerMorph\" hx-sync"), "the panel polls an ended run: {shown}");
    }
    // The button repeats the run with its original options.
    let (_, form) = panel.rsplit_once("name=\"action\" value=\"").expect("a form");
    assert!(form.starts_with("again\"") && form.contains(&second), "{form}");
    write_albums(&setup.path("albums.csv"), 500, "New");
    stub.serve_csv("/albums.csv", &std::fs::read_to_string(setup.path("albums.csv")).expect("the file"));
    let pressed = admin.submit_form("/catalog/albums/sync", &format!("action=again&sync={second}")).expect("an answer");
    assert_eq!(pressed.status, 202, "{}", pressed.body);
    let (_, third) = pressed.body.split_once("data-sync=\"").expect("a run");
    let third = third.split('"').next().expect("an id");
    follower.state.follow_run(third);
    server.wait_for_status(third, "completed");
    let last = server.status(third);
    assert_eq!((&last["attempt"], &last["retryOf"]), (&1.into(), &Value::Null), "a person's own start");
    assert_eq!(db.count_rows("sync_records", &format!("id = '{third}' AND mode = 'full'")), 1);
    assert_eq!(count_albums(db, &setup, "New"), (500, 500));
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 3);
    follower.assert_nothing_wrong();
}
