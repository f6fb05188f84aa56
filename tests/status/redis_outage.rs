//! An outage of Redis during a run, and between two runs: the database answers, and one line is logged.

use std::time::{Duration, Instant};

use lockstep::domain::operation::Status;
use lockstep::status::{DatabaseStatus, StatusBoard};

use super::store_fixture::{STATUS_KEPT, redis_key, redis_status};
use super::watched_run::{WatchedRun, run_with};
use crate::support::redis_server::{PASSWORD, RedisServer};
use crate::support::test_engine::TEST_TIMEOUTS;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    the_database_replaces_a_killed_redis_and_the_next_run_uses_redis_again,
    the_database_replaces_a_frozen_redis_and_the_next_run_uses_redis_again,
    the_database_replaces_a_full_redis,
    a_redis_that_was_killed_between_two_runs_is_used_by_the_second_without_a_log_line,
    the_database_works_as_the_only_status_store,
];

fn new_engine(db: &TestDatabase, redis: &RedisServer) -> TestEngine {
    let folder = tempfile::tempdir().expect("a folder");
    TestEngine::with_status_store(db.store(), TEST_TIMEOUTS, Box::new(redis_status(redis, STATUS_KEPT)), folder)
}

/// A reader on another server.
fn other_reader(db: &TestDatabase, redis: &RedisServer) -> StatusBoard {
    StatusBoard::new(Box::new(redis_status(redis, STATUS_KEPT)), db.second_store(), TEST_TIMEOUTS.renewal_interval)
}

fn assert_one_warning(watched: &WatchedRun) {
    let WatchedRun { complaints, told_after, slowest, .. } = watched;
    assert_eq!(complaints.len(), 1, "{complaints:#?}");
    assert!(complaints[0].contains("status comes from the database from here on"), "{complaints:?}");
    assert!(!complaints[0].contains(PASSWORD), "{complaints:?}");
    // A poll that waits for Redis would take half a minute or more.
    assert!(*slowest < Duration::from_secs(15), "a poll took {slowest:?}");
    println!("{}; all were told of the end {told_after:?} after it", complaints[0]);
}

fn assert_redis_used(db: &TestDatabase, engine: &TestEngine, redis: &RedisServer) {
    // On a busy machine a healthy Redis may take longer than a quarter of a second to answer.
    let is_trusted = (0..8).any(|_| {
        let reported = |id| redis.run_command::<Option<String>>(&["GET", &redis_key(id)]).unwrap_or_default();
        let mut first_report = String::new();
        let watched = run_with(engine, &[&other_reader(db, redis)], |id| first_report = reported(id));
        let lines = watched.complaints;
        assert!(lines.iter().all(|line| line.contains("no answer within 250 ms")), "{lines:?}");
        assert!(reported(watched.id).contains("\"completed\"") || !lines.is_empty(), "{}", reported(watched.id));
        lines.is_empty() && first_report.contains("\"running\"")
    });
    assert!(is_trusted, "no run did without a complaint");
}

fn the_database_replaces_a_killed_redis_and_the_next_run_uses_redis_again(db: &TestDatabase) {
    let mut redis = RedisServer::start();
    let (engine, other) = (new_engine(db, &redis), other_reader(db, &redis));
    assert_redis_used(db, &engine, &redis);
    assert_one_warning(&run_with(&engine, &[&other], |_| redis.kill()));
    redis.start_again();
    assert_redis_used(db, &engine, &redis);
}

fn the_database_replaces_a_frozen_redis_and_the_next_run_uses_redis_again(db: &TestDatabase) {
    let redis = RedisServer::start();
    let (engine, other) = (new_engine(db, &redis), other_reader(db, &redis));
    assert_one_warning(&run_with(&engine, &[&other], |_| redis.freeze()));
    // Redis now executes the commands that it was sent meanwhile, in any order. A board that has reported the end
    // reports nothing else; a new board may report an active run for two seconds at most.
    let (thawed, id) = (Instant::now(), engine.store.recent_records(None, 1).expect("an answer")[0].summary.id);
    redis.thaw();
    let reported = |board: &StatusBoard| board.get(id).expect("an answer").expect("a status").summary.status;
    while thawed.elapsed() < Duration::from_millis(2500) {
        for board in [&other, &*engine.engine.status_board] {
            assert_eq!(reported(board), Status::Completed);
        }
        let late = thawed.elapsed() > Duration::from_secs(2);
        assert!(reported(&other_reader(db, &redis)) == Status::Completed || !late);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_redis_used(db, &engine, &redis);
}

fn the_database_replaces_a_full_redis(db: &TestDatabase) {
    let redis = RedisServer::start();
    let (engine, other) = (new_engine(db, &redis), other_reader(db, &redis));
    assert_one_warning(&run_with(&engine, &[&other], |_| {
        redis.run_command::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    }));
    assert_eq!(redis.run_command::<u64>(&["DBSIZE"]), 0, "nothing outdated is left");
    redis.run_command::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_redis_used(db, &engine, &redis);
}

fn a_redis_that_was_killed_between_two_runs_is_used_by_the_second_without_a_log_line(db: &TestDatabase) {
    let mut redis = RedisServer::start();
    let engine = new_engine(db, &redis);
    assert_redis_used(db, &engine, &redis);
    redis.kill();
    redis.start_again();
    assert_redis_used(db, &engine, &redis);
}

fn the_database_works_as_the_only_status_store(db: &TestDatabase) {
    let folder = tempfile::tempdir().expect("a folder");
    let engine =
        TestEngine::with_status_store(db.store(), TEST_TIMEOUTS, Box::new(DatabaseStatus::new(db.store())), folder);
    let other = StatusBoard::new(
        Box::new(DatabaseStatus::new(db.second_store())),
        db.second_store(),
        TEST_TIMEOUTS.renewal_interval,
    );
    let watched = run_with(&engine, &[&other], |_| {});
    assert_eq!(watched.complaints, [""; 0]);
    assert!(!engine.status_folder().exists(), "no file is written");
}
