//! Programs that poll a server while it, another one or a command changes the catalog.

use super::{start_two_servers, write_albums};
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::waiting::{WAIT_LIMIT, wait_for_value};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    a_sync_is_seen_by_the_next_poll_of_its_server,
    a_sync_is_seen_by_all_servers,
    a_poll_that_is_repeated_all_the_time_sees_what_a_command_does,
}

const ITEMS: &str = "/api/catalog/albums/items";

/// The status of a poll by a client that knows this version, and the version that it gets.
fn poll_items(server: &ServerProcess, known: &str) -> (u16, String) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(WAIT_LIMIT)).build();
    let request = ureq::Agent::from(config).get(server.url(ITEMS)).header("If-None-Match", known);
    let reply = request.call().expect("a reply");
    let version = reply.headers().get("etag").and_then(|value| value.to_str().ok()).unwrap_or_default();
    (reply.status().as_u16(), version.to_owned())
}

/// Syncs `albums` with titles of this wording and polls the servers meanwhile, so that each has just answered 304 when
/// the run ends.
fn sync_while_polling(setup: &ServerSetup, servers: &[ServerProcess], version: &str, wording: &str) {
    write_albums(&setup.path("albums.csv"), 20, wording);
    let id = servers[0].start_sync("albums");
    let observe = || {
        servers.iter().for_each(|server| drop(poll_items(server, version)));
        servers[0].status(&id)
    };
    wait_for_value("the end of the run", observe, |report| report["status"] == "completed");
}

/// Adds `albums` and returns the version of its items after a sync.
fn add_albums(setup: &ServerSetup, servers: &[ServerProcess]) -> String {
    setup.add_admin_and_token();
    setup.add_file("albums", &setup.path("albums.csv"));
    sync_while_polling(setup, servers, "", "First");
    let (status, version) = poll_items(&servers[0], "");
    assert_eq!(status, 200);
    version
}

fn a_sync_is_seen_by_the_next_poll_of_its_server(db: &TestDatabase) {
    let setup = ServerSetup::on_database(db);
    let servers = [setup.start()];
    let mut version = add_albums(&setup, &servers);
    for wording in ["Second", "Third", "Fourth"] {
        sync_while_polling(&setup, &servers, &version, wording);
        let (status, next) = poll_items(&servers[0], &version);
        assert_eq!(status, 200, "{wording}");
        version = next;
    }
}

fn a_sync_is_seen_by_all_servers(db: &TestDatabase) {
    let setup = ServerSetup::on_database(db);
    let servers = start_two_servers(db, &setup);
    let version = add_albums(&setup, &servers);
    sync_while_polling(&setup, &servers, &version, "Second");
    let seen = servers
        .each_ref()
        .map(|server| wait_for_value("the change", || poll_items(server, &version), |(status, _)| *status == 200).1);
    assert_eq!(seen[0], seen[1], "both have the same version");
}

fn a_poll_that_is_repeated_all_the_time_sees_what_a_command_does(db: &TestDatabase) {
    let setup = ServerSetup::on_database(db);
    let servers = [setup.start()];
    let version = add_albums(&setup, &servers);
    let command = |arguments: &[&str]| {
        let ended = setup.build_command("data").args(arguments).output().expect("the program");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    };
    assert_eq!(poll_items(&servers[0], &version).0, 304);
    write_albums(&setup.path("albums.csv"), 20, "Second");
    command(&["sync", "albums"]);
    let poll = || poll_items(&servers[0], &version).0;
    assert_eq!(wait_for_value("the sync", poll, |status| *status != 304), 200);
    assert_eq!(poll_items(&servers[0], "*").0, 304);
    command(&["source", "remove", "albums", "--yes"]);
    assert_eq!(wait_for_value("the removal", || poll_items(&servers[0], "*").0, |status| *status != 304), 401);
}
