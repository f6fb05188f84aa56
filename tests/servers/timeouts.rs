//! Runs that take too long fail, with an error that says what to do.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::mid_run::is_active;
use super::write_albums;
use crate::support::load_clock::measure_load_time;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_for;

/// A running server with these settings.
fn start_servers(settings: &[(&'static str, &str)]) -> (ServerSetup, ServerProcess) {
    let setup = settings.iter().fold(ServerSetup::new(), |setup, (name, value)| setup.with_setting(name, value));
    let server = setup.start();
    setup.add_admin_and_token();
    (setup, server)
}

/// A run that failed because it took too long.
struct TimedOutRun {
    error: String,
    took: Duration,
    /// The same time by a [`LoadClock`](crate::support::load_clock::LoadClock).
    load_time: Duration,
}

/// Starts a run that must fail for being too slow; returns its error and how long it took.
fn expect_timeout(server: &ServerProcess, slug: &str) -> TimedOutRun {
    let mut last = Value::Null;
    let started = Instant::now();
    let (id, load_time) = measure_load_time(|| {
        let id = server.start_sync(slug);
        wait_for("the end", || {
            last = server.status(&id);
            !is_active(&last)
        });
        id
    });
    assert_eq!((&last["status"], &last["code"]), (&"failed".into(), &"timeout".into()), "{last}");
    let panel = server.get(&format!("/catalog/{slug}/sync-status?sync={id}"));
    assert!(panel.body.contains("Sync failed"), "{}", panel.body);
    TimedOutRun { error: last["error"].as_str().expect("an error").to_owned(), took: started.elapsed(), load_time }
}

#[test]
fn a_fetch_that_takes_longer_than_it_may_fails_and_names_the_limit_and_the_setting() {
    let (setup, server) = start_servers(&[
        ("LOCKSTEP_FETCH_TIMEOUT", "1500ms"),
        ("LOCKSTEP_SYNC_TIMEOUT", "1m"),
        ("LOCKSTEP_WORKERS", "4"),
    ]);
    let (stub, csv) = (StubServer::start(), write_albums(&setup.path("albums.csv"), 300, "Title"));
    let ways = [
        ("silent", StubReply::csv(&csv).hang()),
        ("half", StubReply::csv(&csv).hang_at(100)),
        ("slow", StubReply::csv(&csv).drip(csv.len() / 200, Duration::from_millis(100))),
        ("late", StubReply::csv(&csv).after(Duration::from_secs(30))),
    ];
    for (slug, reply) in ways {
        stub.set_reply(&format!("/{slug}.csv"), reply);
        setup.add_url(slug, stub.url(&format!("/{slug}.csv")));
        let TimedOutRun { error, took, load_time } = expect_timeout(&server, slug);
        assert!(error.contains("1500 ms") && error.contains("LOCKSTEP_FETCH_TIMEOUT"), "{slug}: {error}");
        assert!(error.contains(&format!("127.0.0.1:{}", stub.port())), "{slug}: {error}");
        assert!(took >= Duration::from_millis(1400) && load_time < Duration::from_secs(6), "{slug}: {took:?}");
    }
}

#[test]
fn a_sync_that_takes_longer_than_it_may_fails_and_names_the_limit_and_the_setting() {
    let (setup, server) = start_servers(&[("LOCKSTEP_SYNC_TIMEOUT", "2s")]);
    let stub = StubServer::start();
    stub.set_reply("/silent.csv", StubReply::csv("id\n1\n").hang());
    setup.add_url("silent", stub.url("/silent.csv"));
    let TimedOutRun { error, took, load_time } = expect_timeout(&server, "silent");
    assert!(error.contains("after 2 s") && error.contains("LOCKSTEP_SYNC_TIMEOUT"), "{error}");
    assert!(took >= Duration::from_millis(1900) && load_time < Duration::from_secs(7), "{took:?}, {load_time:?}");

    // Rows that were written until then stay, and the next sync continues from there.
    let big = setup.path("big.csv");
    write_albums(&big, 200_000, "Title");
    setup.add_file("big", &big);
    let TimedOutRun { error, load_time, .. } = expect_timeout(&server, "big");
    assert!(error.contains("after 2 s") && error.contains("LOCKSTEP_SYNC_TIMEOUT"), "{error}");
    assert!(load_time < Duration::from_secs(7), "{load_time:?}");
    let kept = server.get("/api/catalog/big/items?per=1").json()["total"].as_u64().expect("a count");
    assert!(kept < 200_000 && kept % 1000 == 0, "{kept}");
}
