//! A server that dies once more while it makes up for its first death.

use std::time::Duration;

use serde_json::Value;

use super::{StatusFollower, count_albums, wait_until_interrupted, write_albums};
use crate::support::http_client::TestHttpClient;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! { after_a_second_crash_a_run_waits_for_a_person_who_presses_try_again }

/// Kills the server once the run is well under way, and starts it again.
fn kill_in_the_middle(
    home: &ServerSetup,
    mut server: ServerProcess,
    follower: &StatusFollower,
    run: &str,
) -> ServerProcess {
    wait_for("the middle of the run", || {
        let status = server.status(run);
        assert_eq!(status["error"], Value::Null);
        status["progress"].as_u64() >= Some(3)
    });
    follower.watch.turn();
    server.kill();
    let server = home.start_at("data", server.address().port());
    follower.watch.turn();
    server
}

fn after_a_second_crash_a_run_waits_for_a_person_who_presses_try_again(db: &TestDatabase) {
    let home = ServerSetup::on(db);
    let server = home.start();
    home.furnish();
    let admin = TestHttpClient::admin(server.address());
    let follower = StatusFollower::of(&server);
    let outside = StubServer::start();
    let csv = write_albums(&home.path("albums.csv"), 500, "Old");
    // It stays in its middle for as long as it lives.
    outside.set("/albums.csv", StubReply::csv(&csv).hang_at(csv.len() / 2));
    home.add_url("albums", outside.url("/albums.csv"));

    let first = server.begin("albums");
    follower.watch.follow(&first);
    let server = kill_in_the_middle(&home, server, &follower, &first);
    let dead = wait_until_interrupted(&server, &first);
    let second = dead["successor"].as_str().expect("a successor").to_owned();
    follower.watch.follow(&second);
    let server = kill_in_the_middle(&home, server, &follower, &second);
    let dead = wait_until_interrupted(&server, &second);
    assert_eq!((&dead["attempt"], &dead["retryOf"], &dead["successor"]), (&2.into(), &first.into(), &Value::Null));
    assert!(dead["message"].as_str().is_some_and(|message| message.contains("sync again")), "{dead}");

    // Nobody begins it a third time, however long one waits.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(db.count("sync_operations", "1 = 1"), 2);
    assert_eq!(db.count("sync_operations", "status IN ('pending', 'running')"), 0);
    let panel = admin.get(&format!("/catalog/albums/sync-status?sync={second}")).expect("an answer").body;
    let page = admin.get("/catalog/albums").expect("an answer").body;
    for shown in [&panel, &page] {
        assert!(shown.contains("id=\"panel-again\"") && shown.contains("Nothing is lost"), "{shown}");
        assert!(!shown.contains("every 2s\" hx-swap=\"outerMorph\" hx-sync"), "it goes on asking: {shown}");
    }
    // The button repeats the run as it was asked for.
    let (_, form) = panel.rsplit_once("name=\"action\" value=\"").expect("a form");
    assert!(form.starts_with("full\""), "{form}");
    write_albums(&home.path("albums.csv"), 500, "New");
    outside.csv("/albums.csv", &std::fs::read_to_string(home.path("albums.csv")).expect("the file"));
    let pressed = admin.press("/catalog/albums/sync", "action=full").expect("an answer");
    assert_eq!(pressed.status, 202, "{}", pressed.body);
    let (_, third) = pressed.body.split_once("data-sync=\"").expect("a run");
    let third = third.split('"').next().expect("an id");
    follower.watch.follow(third);
    server.wait_for_status(third, "completed");
    let last = server.status(third);
    assert_eq!((&last["attempt"], &last["retryOf"]), (&1.into(), &Value::Null), "a person's own start");
    assert_eq!(count_albums(db, &home, "New"), (500, 500));
    assert_eq!(db.count("sync_records", "1 = 1"), 3);
    follower.saw_nothing_wrong();
}
