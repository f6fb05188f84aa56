//! Two servers that share a Redis, which is killed, frozen, or not started yet.

use std::time::{Duration, Instant};

use super::mid_run::{EndedTooSoon, check_mid_run, repeat_until_mid_run};
use super::{count_albums, start_two_servers, write_albums};
use crate::support::load_clock::measure_load_time;
use crate::support::redis_server::{PASSWORD, RedisServer};
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

const ALBUM_COUNT: usize = 60_000;
/// The number of runs that may each have a warning about a slow Redis, as on a busy machine.
const MAX_TRUST_TRIES: usize = 8;

on_both_databases! {
    a_redis_that_is_killed_during_a_run_costs_one_log_line_and_is_used_again_by_the_next_run,
    a_redis_that_freezes_during_a_run_costs_one_log_line_and_delays_no_poll,
}

/// Within this time after one server reported the end of a run, all servers report it.
const REPORT_DELAY_LIMIT: Duration = Duration::from_secs(2);

/// Polls both servers to the end of a run and calls `interfere` before that. No poll may fail, go back or be held up.
fn poll_both_servers(
    servers: &[ServerProcess; 2],
    id: &str,
    interfere: impl FnOnce() -> Result<(), EndedTooSoon>,
) -> Result<(), EndedTooSoon> {
    let (mut interfere, mut seen, mut ended) = (Some(interfere), [0, 0], [None, None]);
    let mut hit = Ok(());
    wait_for("the end", || {
        for (at, server) in servers.iter().enumerate() {
            let started = Instant::now();
            let (status, took) = measure_load_time(|| server.status(id));
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
            let late = ended.iter().flatten().any(|end| started > *end + REPORT_DELAY_LIMIT);
            assert!(progress == 100 || !late, "the other server told of the end long ago: {status}");
        }
        if seen[0] >= 25
            && let Some(interfere) = interfere.take()
        {
            hit = interfere();
        }
        hit.is_err() || ended.iter().all(Option::is_some)
    });
    hit
}

fn list_warnings(servers: &[ServerProcess], id: &str) -> Vec<String> {
    let lines = servers.iter().flat_map(|server| server.log().lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| line.contains(id) && (line.contains("WARN") || line.contains("ERROR"))).collect()
}

/// Two servers with that Redis and a source of many albums.
fn start_servers(db: &TestDatabase, albums: usize, redis: &RedisServer) -> (ServerSetup, [ServerProcess; 2]) {
    let setup = ServerSetup::on_database(db).with_setting("LOCKSTEP_REDIS_URL", &redis.url());
    let servers = start_two_servers(db, &setup);
    setup.add_admin_and_token();
    write_albums(&setup.path("albums.csv"), albums, "Old");
    setup.add_file("albums", &setup.path("albums.csv"));
    (setup, servers)
}

fn redis_key(id: &str) -> String {
    format!("lockstep:sync-status:{id}")
}

fn assert_redis_used(redis: &RedisServer, id: &str) {
    // An end is written to the database first, so a poller of the database may know it already.
    let reported = || redis.run_command::<Option<String>>(&["GET", &redis_key(id)]);
    wait_for("its end in Redis", || reported().is_some_and(|reported| reported.contains("\"completed\"")));
    assert!(redis.run_command::<u64>(&["PTTL", &redis_key(id)]) > 200_000, "for five minutes");
}

fn a_redis_that_is_killed_during_a_run_costs_one_log_line_and_is_used_again_by_the_next_run(db: &TestDatabase) {
    repeat_until_mid_run(db, ALBUM_COUNT, try_killed_redis);
}

fn try_killed_redis(db: &TestDatabase, albums: usize) -> Result<(), EndedTooSoon> {
    let mut redis = RedisServer::start();
    let (setup, servers) = start_servers(db, albums, &redis);
    let first = servers[0].start_sync("albums");
    poll_both_servers(&servers, &first, || {
        redis.kill();
        check_mid_run(&setup, &first)
    })?;
    let lines = list_warnings(&servers, &first);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("status comes from the database from here on"), "{lines:?}");
    assert_eq!(count_albums(db, &setup, "Old"), (albums as i64, albums as u64));

    redis.start_again();
    // On a busy machine a healthy Redis may take longer than a quarter of a second to answer.
    let is_trusted = (0..MAX_TRUST_TRIES).any(|number| {
        write_albums(&setup.path("albums.csv"), albums, &format!("Edition {number}:"));
        let next = servers[1].start_sync("albums");
        assert!(poll_both_servers(&servers, &next, || Ok(())).is_ok());
        assert_redis_used(&redis, &next);
        let lines = list_warnings(&servers, &next);
        assert!(lines.iter().all(|line| line.contains("no answer within 250 ms")), "{lines:?}");
        lines.is_empty()
    });
    assert!(is_trusted, "no run did without a complaint");
    assert!(!setup.path("data/status").exists() && !setup.path("data-2/status").exists(), "no file is written");
    for server in &servers {
        assert!(!server.log().contains(PASSWORD));
    }
    Ok(())
}

fn a_redis_that_freezes_during_a_run_costs_one_log_line_and_delays_no_poll(db: &TestDatabase) {
    repeat_until_mid_run(db, ALBUM_COUNT, try_frozen_redis);
}

fn try_frozen_redis(db: &TestDatabase, albums: usize) -> Result<(), EndedTooSoon> {
    let redis = RedisServer::start();
    let (setup, servers) = start_servers(db, albums, &redis);
    let id = servers[0].start_sync("albums");
    poll_both_servers(&servers, &id, || {
        redis.freeze();
        check_mid_run(&setup, &id)
    })?;
    let lines = list_warnings(&servers, &id);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("no answer within 250 ms"), "{lines:?}");
    assert_eq!(count_albums(db, &setup, "Old"), (albums as i64, albums as u64));
    // Read before Redis answers again, which the health check logs too.
    for server in &servers {
        let log = server.log();
        // The health check also logs it once, if the run lasted until the check.
        let (health_lines, other_lines): (Vec<&str>, Vec<&str>) =
            log.lines().filter(|line| line.contains("Redis")).partition(|line| line.contains("lockstep::health"));
        assert!(health_lines.len() <= 1, "once: {log}");
        assert!(other_lines.len() <= 1, "polls log nothing: {log}");
    }
    redis.thaw();
    for server in &servers {
        assert_eq!(server.status(&id)["status"], "completed");
    }
    Ok(())
}

#[test]
fn a_server_starts_without_its_redis_and_logs_it_once() {
    let mut redis = RedisServer::start();
    redis.kill();
    let setup = ServerSetup::new().with_setting("LOCKSTEP_REDIS_URL", &redis.url());
    let server = setup.start();
    setup.add_admin_and_token();
    // The health check detects it a moment after the start.
    let text = || server.log().matches("the status store (Redis) is unavailable").count();
    wait_for("it is said", || text() > 0);
    let id = server.start_sync("sample-albums");
    server.wait_for_status(&id, "completed");
    assert_eq!(text(), 1, "{}", server.log());
    assert!(list_warnings(std::slice::from_ref(&server), &id).len() <= 1, "{}", server.log());
    assert!(!server.log().contains(PASSWORD), "{}", server.log());
    redis.start_again();
    let id = server.start_sync("sample-albums");
    server.wait_for_status(&id, "completed");
    wait_for("its end in Redis", || redis.run_command::<u64>(&["EXISTS", &redis_key(&id)]) == 1);
}
