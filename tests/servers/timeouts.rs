//! What takes too long ends, and says what to do about it.

use std::time::Duration;

use serde_json::Value;

use super::mid_run::is_active;
use super::write_albums;
use crate::support::measure_without_stalls;
use crate::support::server_process::{ServerProcess, ServerSetup, within};
use crate::support::stub_server::{StubReply, StubServer};

/// A home whose server is given these settings.
fn home(settings: &[(&'static str, &str)]) -> (ServerSetup, ServerProcess) {
    let home = settings.iter().fold(ServerSetup::new(), |home, (name, value)| home.with(name, value));
    let server = home.start();
    home.furnish();
    (home, server)
}

/// Starts a run that must fail for being too slow; answers what is said of it, and how long it took.
fn fails(server: &ServerProcess, slug: &str) -> (String, Duration) {
    let mut last = Value::Null;
    let (id, took) = measure_without_stalls(|| {
        let id = server.begin(slug);
        within(Duration::from_secs(60), "the end", || {
            last = server.status(&id);
            !is_active(&last)
        });
        id
    });
    assert_eq!((&last["status"], &last["code"]), (&"failed".into(), &"timeout".into()), "{last}");
    let panel = server.get(&format!("/catalog/{slug}/sync-status?sync={id}"));
    assert!(panel.body.contains("Sync failed"), "{}", panel.body);
    (last["error"].as_str().expect("a sentence").to_owned(), took)
}

#[test]
fn a_fetch_that_takes_longer_than_it_may_fails_and_names_the_limit_and_the_setting() {
    let (home, server) =
        home(&[("LOCKSTEP_FETCH_TIMEOUT", "1500ms"), ("LOCKSTEP_SYNC_TIMEOUT", "1m"), ("LOCKSTEP_WORKERS", "4")]);
    let (outside, csv) = (StubServer::start(), write_albums(&home.path("albums.csv"), 300, "Title"));
    let ways = [
        ("silent", StubReply::csv(&csv).hang()),
        ("half", StubReply::csv(&csv).hang_at(100)),
        ("slow", StubReply::csv(&csv).drip(csv.len() / 200, Duration::from_millis(100))),
        ("late", StubReply::csv(&csv).after(Duration::from_secs(30))),
    ];
    for (slug, reply) in ways {
        outside.set(&format!("/{slug}.csv"), reply);
        home.add_url(slug, outside.url(&format!("/{slug}.csv")));
        let (sentence, took) = fails(&server, slug);
        assert!(sentence.contains("1500 ms") && sentence.contains("LOCKSTEP_FETCH_TIMEOUT"), "{slug}: {sentence}");
        assert!(sentence.contains(&format!("127.0.0.1:{}", outside.port())), "{slug}: {sentence}");
        assert!((Duration::from_millis(1400)..Duration::from_secs(6)).contains(&took), "{slug}: {took:?}");
    }
}

#[test]
fn a_sync_that_takes_longer_than_it_may_fails_and_names_the_limit_and_the_setting() {
    let (home, server) = home(&[("LOCKSTEP_SYNC_TIMEOUT", "2s")]);
    let outside = StubServer::start();
    outside.set("/silent.csv", StubReply::csv("id\n1\n").hang());
    home.add_url("silent", outside.url("/silent.csv"));
    outside.set("/busy.csv", StubReply::status(503));
    home.add_url("busy", outside.url("/busy.csv"));
    let (sentence, took) = fails(&server, "silent");
    assert!(sentence.contains("longer than 2 s") && sentence.contains("LOCKSTEP_SYNC_TIMEOUT"), "{sentence}");
    assert!((Duration::from_millis(1900)..Duration::from_secs(7)).contains(&took), "{took:?}");

    // Rows that were taken until then stay, and the next sync goes on from there.
    let big = home.path("big.csv");
    write_albums(&big, 200_000, "Title");
    home.add_file("big", &big);
    let (sentence, took) = fails(&server, "big");
    assert!(sentence.contains("longer than 2 s") && sentence.contains("LOCKSTEP_SYNC_TIMEOUT"), "{sentence}");
    assert!(took < Duration::from_secs(7), "{took:?}");
    let kept = server.get("/api/catalog/big/items?per=1").json()["total"].as_u64().expect("a count");
    assert!(kept < 200_000 && kept % 1000 == 0, "{kept}");
}
