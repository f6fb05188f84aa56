//! Many clients that start syncs, or servers that start, at the same moment.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};

use serde_json::json;

use super::{start_two_servers, write_albums};
use crate::support::server_process::{ServerSetup, StartingServer};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

const START_COUNT: usize = 200;

on_both_databases! {
    two_hundred_starts_on_two_servers_begin_one_run_and_every_refusal_names_it,
    a_reader_during_a_sync_never_sees_an_error,
}

fn two_hundred_starts_on_two_servers_begin_one_run_and_every_refusal_names_it(db: &TestDatabase) {
    let setup = ServerSetup::on_database(db);
    let servers = start_two_servers(db, &setup);
    setup.add_admin_and_token();
    let stub = StubServer::start();
    stub.set_reply("/albums.csv", StubReply::csv("id\n1\n").hang());
    setup.add_url("albums", stub.url("/albums.csv"));

    let (go, answers) = (Barrier::new(START_COUNT), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for number in 0..START_COUNT {
            let (server, go, answers) = (&servers[number % 2], &go, &answers);
            scope.spawn(move || {
                go.wait();
                let answer = server.post("/api/sync", &json!({ "source": "albums" }));
                answers.lock().expect("the answers").push(answer);
            });
        }
    });
    let answers = answers.into_inner().expect("the answers");
    assert_eq!(answers.len(), START_COUNT);
    let accepted = answers.iter().filter(|answer| answer.status == 202).count();
    let lost = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((accepted, lost), (1, START_COUNT - 1), "{answers:?}");
    let named: HashSet<String> = answers.iter().map(|answer| answer.json()["syncId"].to_string()).collect();
    assert_eq!(named.len(), 1, "all name the same run: {named:?}");
    assert_eq!(db.count_rows("sync_operations", "1 = 1"), 1);

    let id = named.iter().next().expect("an id").trim_matches('"');
    for server in &servers {
        assert!(["pending", "running"].contains(&server.status(id)["status"].as_str().expect("a status")));
    }
    assert_eq!(servers[1].post(&format!("/api/sync/{id}/cancel"), &json!({})).status, 202);
    servers[0].wait_for_status(id, "cancelled");
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 1);
}

fn a_reader_during_a_sync_never_sees_an_error(db: &TestDatabase) {
    let setup = ServerSetup::on_database(db);
    let servers = start_two_servers(db, &setup);
    setup.add_admin_and_token();
    let file = setup.path("albums.csv");
    write_albums(&file, 30_000, "First");
    setup.add_file("albums", &file);
    let first = servers[0].start_sync("albums");
    servers[0].wait_for_status(&first, "completed");
    write_albums(&file, 30_000, "Second");

    let over = AtomicBool::new(false);
    let id = servers[0].start_sync("albums");
    std::thread::scope(|scope| {
        let _over_whatever_happens = SetOnDrop(&over);
        let paths = [
            "/catalog/albums".to_owned(),
            "/catalog/albums?q=title&sort=-title&page=3".to_owned(),
            format!("/catalog/albums/sync-status?sync={id}"),
            "/sync-badge".to_owned(),
            "/".to_owned(),
            "/api/catalog/albums/items?per=100".to_owned(),
            format!("/api/sync/status/{id}"),
            "/api/sources".to_owned(),
            "/api/health/sync".to_owned(),
        ];
        for server in &servers {
            let (over, paths) = (&over, paths.clone());
            scope.spawn(move || {
                let mut poll_count = 0;
                while !over.load(Ordering::Acquire) || poll_count < paths.len() {
                    let path = &paths[poll_count % paths.len()];
                    let answer = server.get(path);
                    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
                    poll_count += 1;
                }
            });
        }
        // On two machines each server has a status file of its own, and the one without the run asks the database,
        // which is updated less often. Progress never goes back for a client that stays with one server.
        let mut seen = [0, 0];
        wait_for("the end", || {
            let mut ended = true;
            for (server, seen) in servers.iter().zip(&mut seen) {
                let status = server.status(&id);
                let progress = status["progress"].as_u64().expect("a percentage");
                assert!(progress >= *seen, "{progress} after {seen}: {status}");
                assert_eq!(progress == 100, status["status"] == "completed", "{status}");
                *seen = progress;
                ended &= progress == 100;
            }
            ended
        });
    });
    assert_eq!(super::count_albums(db, &setup, "Second"), (30_000, 30_000));
}

/// Sets a flag when it is dropped, also when a test fails.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn servers_that_start_at_once_on_a_new_database_migrate_it_once_and_add_the_sample_once() {
    let db = TestDatabase::empty_postgres();
    start_at_once(&ServerSetup::on_database(&db), ["data-1", "data-2", "data-3", "data-4"]);
}

#[test]
fn servers_that_start_at_once_in_a_new_folder_migrate_it_once_and_add_the_sample_once() {
    start_at_once(&ServerSetup::new(), ["data"; 4]);
}

fn start_at_once(setup: &ServerSetup, folders: [&str; 4]) {
    let servers = folders.map(|folder| setup.launch(folder, 0)).map(StartingServer::expect_up);
    let links: HashSet<_> =
        servers.iter().map(|server| server.set_up_link().split_once("/setup").expect("a link").1).collect();
    assert_eq!(links.len(), 1, "all tell the same link: {links:?}");
    let who_said = |words: &str| servers.iter().filter(|server| server.log().contains(words)).count();
    assert_eq!(who_said("migrations applied"), 1);
    assert_eq!(who_said("added the sample catalog"), 1);
    setup.add_admin_and_token();
    for server in &servers {
        let sources = server.get("/api/sources").json();
        assert_eq!(sources.as_array().or(sources["items"].as_array()).map(Vec::len), Some(1), "{sources}");
        assert_eq!(server.get("/catalog/sample-albums").status, 200);
    }
}
