//! Two servers with a Redis between them that dies, freezes, or is not there yet.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::mid_run::{EndedTooSoon, in_the_middle, was_hit};
use super::{count_albums, two_servers, write_albums};
use crate::support::redis_server::{PASSWORD, RedisServer};
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

const ALBUMS: usize = 60_000;

on_both_databases! {
    a_redis_that_is_killed_in_the_middle_of_a_run_costs_one_line_and_comes_back_with_the_next,
    a_redis_that_is_frozen_in_the_middle_of_a_run_costs_one_line_and_no_patience,
}

/// An end that one server told is told by every other to whoever asks so much later.
const APART: Duration = Duration::from_secs(2);

/// Follows a run on both servers to its end, with `trouble` in the middle of it. Nothing polled may fail, go back or be
/// held up.
fn follow(
    servers: &[ServerProcess; 2],
    id: &str,
    trouble: impl FnOnce() -> Result<(), EndedTooSoon>,
) -> Result<(), EndedTooSoon> {
    let (mut trouble, mut seen, mut ended) = (Some(trouble), [0, 0], [None, None]);
    let mut hit = Ok(());
    wait_for("the end", || {
        for (at, server) in servers.iter().enumerate() {
            let asked = Instant::now();
            let status: Value = server.status(id);
            let took = asked.elapsed();
            assert!(took < Duration::from_secs(15), "a poll took {took:?}");
            let progress = status["progress"].as_u64().expect("a percentage");
            assert!(progress >= seen[at], "{progress} after {}: {status}", seen[at]);
            assert!(
                ["pending", "running", "completed"].contains(&status["status"].as_str().expect("a word")),
                "{status}"
            );
            assert_eq!(progress == 100, status["status"] == "completed", "{status}");
            seen[at] = progress;
            if progress == 100 && ended[at].is_none() {
                ended[at] = Some(Instant::now());
            }
            let late = ended.iter().flatten().any(|end| asked > *end + APART);
            assert!(progress == 100 || !late, "the other server told of the end long ago: {status}");
        }
        if seen[0] >= 25
            && let Some(trouble) = trouble.take()
        {
            hit = trouble();
        }
        hit.is_err() || ended.iter().all(Option::is_some)
    });
    hit
}

fn complaints(servers: &[ServerProcess], id: &str) -> Vec<String> {
    let lines = servers.iter().flat_map(|server| server.log().lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| line.contains(id) && (line.contains("WARN") || line.contains("ERROR"))).collect()
}

/// A home whose servers have that Redis, with a source of many albums.
fn home(db: &TestDatabase, albums: usize, redis: &RedisServer) -> (ServerSetup, [ServerProcess; 2]) {
    let home = ServerSetup::on(db).with("LOCKSTEP_REDIS_URL", &redis.url());
    let servers = two_servers(db, &home);
    home.furnish();
    write_albums(&home.path("albums.csv"), albums, "Old");
    home.add_file("albums", &home.path("albums.csv"));
    (home, servers)
}

fn key(id: &str) -> String {
    format!("lockstep:sync-status:{id}")
}

fn is_used(redis: &RedisServer, id: &str) {
    // An end is told to the database first, and whoever asked there knows of it already.
    let told = || redis.ask::<Option<String>>(&["GET", &key(id)]);
    wait_for("its end in Redis", || told().is_some_and(|told| told.contains("\"completed\"")));
    assert!(redis.ask::<u64>(&["PTTL", &key(id)]) > 200_000, "for five minutes");
}

fn a_redis_that_is_killed_in_the_middle_of_a_run_costs_one_line_and_comes_back_with_the_next(db: &TestDatabase) {
    in_the_middle(db, ALBUMS, killed);
}

fn killed(db: &TestDatabase, albums: usize) -> Result<(), EndedTooSoon> {
    let mut redis = RedisServer::start();
    let (home, servers) = home(db, albums, &redis);
    let first = servers[0].begin("albums");
    follow(&servers, &first, || {
        redis.kill();
        was_hit(&home, &first)
    })?;
    let lines = complaints(&servers, &first);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("status comes from the database from here on"), "{lines:?}");
    assert_eq!(count_albums(db, &home, "Old"), (albums as i64, albums as u64));

    redis.start_again();
    // Where this machine stands still, a Redis is away like any other that says nothing for a quarter of a second.
    let is_trusted = ["New", "Newer", "Newest"].iter().any(|wording| {
        write_albums(&home.path("albums.csv"), albums, wording);
        let next = servers[1].begin("albums");
        assert!(follow(&servers, &next, || Ok(())).is_ok());
        is_used(&redis, &next);
        let lines = complaints(&servers, &next);
        assert!(lines.iter().all(|line| line.contains("did not answer within 250 ms")), "{lines:?}");
        lines.is_empty()
    });
    assert!(is_trusted, "no run did without a complaint");
    assert!(!home.path("data/status").exists() && !home.path("data-2/status").exists(), "no file is written");
    for server in &servers {
        assert!(!server.log().contains(PASSWORD));
    }
    Ok(())
}

fn a_redis_that_is_frozen_in_the_middle_of_a_run_costs_one_line_and_no_patience(db: &TestDatabase) {
    in_the_middle(db, ALBUMS, frozen);
}

fn frozen(db: &TestDatabase, albums: usize) -> Result<(), EndedTooSoon> {
    let redis = RedisServer::start();
    let (home, servers) = home(db, albums, &redis);
    let id = servers[0].begin("albums");
    follow(&servers, &id, || {
        redis.freeze();
        was_hit(&home, &id)
    })?;
    let lines = complaints(&servers, &id);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("did not answer within 250 ms"), "{lines:?}");
    assert_eq!(count_albums(db, &home, "Old"), (albums as i64, albums as u64));
    redis.thaw();
    for server in &servers {
        assert_eq!(server.status(&id)["status"], "completed");
        let log = server.log();
        // The health check tells of it once too, where the run went on until it looked.
        let (told_by_health, told_otherwise): (Vec<&str>, Vec<&str>) =
            log.lines().filter(|line| line.contains("Redis")).partition(|line| line.contains("lockstep::health"));
        assert!(told_by_health.len() <= 1, "once: {log}");
        assert!(told_otherwise.len() <= 1, "polls log nothing: {log}");
    }
    Ok(())
}

#[test]
fn a_server_starts_without_its_redis_and_says_so_once() {
    let mut redis = RedisServer::start();
    redis.kill();
    let home = ServerSetup::new().with("LOCKSTEP_REDIS_URL", &redis.url());
    let server = home.start();
    home.furnish();
    // Who watches over the house finds out by itself, a moment after the start.
    let said = || server.log().matches("the status store (Redis) does not answer").count();
    wait_for("it is said", || said() > 0);
    let id = server.begin("sample-albums");
    server.wait_for_status(&id, "completed");
    assert_eq!(said(), 1, "{}", server.log());
    assert!(complaints(std::slice::from_ref(&server), &id).len() <= 1, "{}", server.log());
    assert!(!server.log().contains(PASSWORD), "{}", server.log());
    redis.start_again();
    let id = server.begin("sample-albums");
    server.wait_for_status(&id, "completed");
    wait_for("its end in Redis", || redis.ask::<u64>(&["EXISTS", &key(&id)]) == 1);
}
