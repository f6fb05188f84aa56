//! Two servers with a Redis between them that dies, freezes, or is not there yet.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{tally, two_servers, write_albums};
use crate::support::redis::{PASSWORD, Redis};
use crate::support::server::{Home, Server, within};
use crate::support::{Database, on_both_databases};

const ALBUMS: usize = 60_000;

on_both_databases! {
    a_redis_that_is_killed_in_the_middle_of_a_run_costs_one_line_and_comes_back_with_the_next,
    a_redis_that_is_frozen_in_the_middle_of_a_run_costs_one_line_and_no_patience,
}

/// Follows a run on both servers to its end, with `trouble` in the middle of it. Nothing polled may fail, go back or
/// take long. Answers how long after one server had told of the end the other had not.
fn follow(servers: &[Server; 2], id: &str, trouble: impl FnOnce()) -> Duration {
    let (mut trouble, mut seen, mut ended) = (Some(trouble), [0, 0], [None, None]);
    within(Duration::from_secs(90), "the end", || {
        for (at, server) in servers.iter().enumerate() {
            let asked = Instant::now();
            let status: Value = server.status(id);
            let took = asked.elapsed();
            assert!(took < Duration::from_secs(2), "a poll took {took:?}");
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
        }
        if seen[0] >= 25
            && let Some(trouble) = trouble.take()
        {
            trouble();
        }
        ended.iter().all(Option::is_some)
    });
    assert!(trouble.is_none(), "it was too quick");
    let [one, two] = ended.map(|end| end.expect("an end"));
    one.max(two) - one.min(two)
}

fn complaints(servers: &[Server; 2], id: &str) -> Vec<String> {
    let lines = servers.iter().flat_map(|server| server.log().lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| line.contains(id) && (line.contains("WARN") || line.contains("ERROR"))).collect()
}

/// A home whose servers have that Redis, with a source of many albums.
fn home(db: &Database, redis: &Redis) -> (Home, [Server; 2]) {
    let home = Home::on(db).with("LOCKSTEP_REDIS_URL", &redis.url());
    let servers = two_servers(db, &home);
    home.furnish();
    write_albums(&home.path("albums.csv"), ALBUMS, "Old");
    home.add_file("albums", &home.path("albums.csv"));
    (home, servers)
}

fn key(id: &str) -> String {
    format!("lockstep:sync-status:{id}")
}

fn is_used(redis: &Redis, id: &str) {
    let told = redis.ask::<Option<String>>(&["GET", &key(id)]);
    assert!(told.is_some_and(|told| told.contains("\"completed\"")), "{id} is not told of in Redis");
    assert!(redis.ask::<u64>(&["PTTL", &key(id)]) > 200_000, "for five minutes");
}

fn a_redis_that_is_killed_in_the_middle_of_a_run_costs_one_line_and_comes_back_with_the_next(db: &Database) {
    let mut redis = Redis::start();
    let (home, servers) = home(db, &redis);
    let first = servers[0].begin("albums");
    let apart = follow(&servers, &first, || redis.kill());
    assert!(apart < Duration::from_secs(2), "{apart:?}");
    let lines = complaints(&servers, &first);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("status comes from the database from here on"), "{lines:?}");
    assert_eq!(tally(db, &home, "Old"), (60_000, 60_000));

    redis.start_again();
    write_albums(&home.path("albums.csv"), ALBUMS, "New");
    let second = servers[1].begin("albums");
    follow(&servers, &second, || ());
    is_used(&redis, &second);
    assert_eq!(complaints(&servers, &second), [""; 0]);
    assert!(!home.path("data/status").exists() && !home.path("data-2/status").exists(), "no file is written");
    for server in &servers {
        assert!(!server.log().contains(PASSWORD));
    }
}

fn a_redis_that_is_frozen_in_the_middle_of_a_run_costs_one_line_and_no_patience(db: &Database) {
    let redis = Redis::start();
    let (home, servers) = home(db, &redis);
    let id = servers[0].begin("albums");
    let apart = follow(&servers, &id, || redis.freeze());
    assert!(apart < Duration::from_millis(2500), "{apart:?}");
    let lines = complaints(&servers, &id);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("did not answer within 250 ms"), "{lines:?}");
    assert_eq!(tally(db, &home, "Old"), (60_000, 60_000));
    redis.thaw();
    for server in &servers {
        assert_eq!(server.status(&id)["status"], "completed");
        let lines = server.log().lines().filter(|line| line.contains("Redis")).count();
        assert!(lines <= 1, "polls log nothing: {}", server.log());
    }
}

#[test]
fn a_server_starts_without_its_redis_and_says_so_once() {
    let mut redis = Redis::start();
    redis.kill();
    let home = Home::new().with("LOCKSTEP_REDIS_URL", &redis.url());
    let server = home.start();
    home.furnish();
    let warned = || server.log().lines().filter(|line| line.contains("WARN") && line.contains("Redis")).count();
    within(Duration::from_secs(10), "a word about its Redis", || warned() > 0);
    let id = server.begin("sample-albums");
    within(Duration::from_secs(30), "the end", || server.status(&id)["status"] == "completed");
    assert!(!server.log().contains(PASSWORD), "{}", server.log());
    // One about the Redis, and one about the run that could not tell of itself there.
    assert!(warned() <= 2, "{}", server.log());
    redis.start_again();
    let id = server.begin("sample-albums");
    within(Duration::from_secs(30), "the end", || server.status(&id)["status"] == "completed");
    within(Duration::from_secs(5), "its end in Redis", || redis.ask::<u64>(&["EXISTS", &key(&id)]) == 1);
}
