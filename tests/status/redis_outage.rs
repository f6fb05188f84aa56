//! Trouble with Redis in the middle of a run, and between two: the database answers, and one line says so.

use std::time::{Duration, Instant};

use lockstep::domain::operation::Status;
use lockstep::status::{DatabaseStatus, StatusBoard};

use super::store_fixture::{STATUS_KEPT, redis_key, redis_status};
use super::watched_run::{WatchedRun, run_with};
use crate::support::redis_server::{PASSWORD, RedisServer};
use crate::support::test_engine::TEST_TIMEOUTS;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_redis_that_is_killed_is_made_up_for_by_the_database_and_used_again_by_the_next_run,
    a_redis_that_is_frozen_is_made_up_for_by_the_database_and_used_again_by_the_next_run,
    a_redis_that_is_full_is_made_up_for_by_the_database,
    a_redis_that_was_killed_between_two_runs_is_used_by_the_second_without_a_word,
    the_database_as_the_primary_needs_nothing_else,
];

fn house(db: &TestDatabase, redis: &RedisServer) -> TestEngine {
    let folder = tempfile::tempdir().expect("a folder");
    TestEngine::telling(db.store(), TEST_TIMEOUTS, Box::new(redis_status(redis, STATUS_KEPT)), folder)
}

/// A reader on another server.
fn other_reader(db: &TestDatabase, redis: &RedisServer) -> StatusBoard {
    StatusBoard::new(Box::new(redis_status(redis, STATUS_KEPT)), db.second_store(), TEST_TIMEOUTS.renewal)
}

fn one_line(watched: &WatchedRun) {
    let WatchedRun { complaints, told_after, slowest, .. } = watched;
    assert_eq!(complaints.len(), 1, "{complaints:#?}");
    assert!(complaints[0].contains("status comes from the database from here on"), "{complaints:?}");
    assert!(!complaints[0].contains(PASSWORD), "{complaints:?}");
    // A poll that is held up by what does not answer waits for half a minute, or for ever.
    assert!(*slowest < Duration::from_secs(15), "a poll took {slowest:?}");
    println!("{}; all were told of the end {told_after:?} after it", complaints[0]);
}

fn is_used(db: &TestDatabase, house: &TestEngine, redis: &RedisServer) {
    // Where this machine stands still, a Redis is away like any other that says nothing for a quarter of a second.
    let is_trusted = (0..3).any(|_| {
        let told = |id| redis.ask::<Option<String>>(&["GET", &redis_key(id)]).unwrap_or_default();
        let mut begun = String::new();
        let watched = run_with(house, &[&other_reader(db, redis)], |id| begun = told(id));
        let lines = watched.complaints;
        assert!(lines.iter().all(|line| line.contains("did not answer within 250 ms")), "{lines:?}");
        assert!(told(watched.id).contains("\"completed\"") || !lines.is_empty(), "{}", told(watched.id));
        lines.is_empty() && begun.contains("\"running\"")
    });
    assert!(is_trusted, "no run did without a complaint");
}

fn a_redis_that_is_killed_is_made_up_for_by_the_database_and_used_again_by_the_next_run(db: &TestDatabase) {
    let mut redis = RedisServer::start();
    let (house, other) = (house(db, &redis), other_reader(db, &redis));
    is_used(db, &house, &redis);
    one_line(&run_with(&house, &[&other], |_| redis.kill()));
    redis.start_again();
    is_used(db, &house, &redis);
}

fn a_redis_that_is_frozen_is_made_up_for_by_the_database_and_used_again_by_the_next_run(db: &TestDatabase) {
    let redis = RedisServer::start();
    let (house, other) = (house(db, &redis), other_reader(db, &redis));
    one_line(&run_with(&house, &[&other], |_| redis.freeze()));
    // What it was sent meanwhile it takes now, in whatever order: who was told of the end is not told otherwise, and who
    // asks for the first time may be told of a run that goes on only while that is two seconds ago.
    let (thawed, id) = (Instant::now(), house.store.recent_records(None, 1).expect("an answer")[0].id);
    redis.thaw();
    let told = |board: &StatusBoard| board.get(id).expect("an answer").expect("a status").status;
    while thawed.elapsed() < Duration::from_millis(2500) {
        for board in [&other, &*house.engine.board] {
            assert_eq!(told(board), Status::Completed);
        }
        let late = thawed.elapsed() > Duration::from_secs(2);
        assert!(told(&other_reader(db, &redis)) == Status::Completed || !late);
        std::thread::sleep(Duration::from_millis(50));
    }
    is_used(db, &house, &redis);
}

fn a_redis_that_is_full_is_made_up_for_by_the_database(db: &TestDatabase) {
    let redis = RedisServer::start();
    let (house, other) = (house(db, &redis), other_reader(db, &redis));
    one_line(&run_with(&house, &[&other], |_| redis.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"])));
    assert_eq!(redis.ask::<u64>(&["DBSIZE"]), 0, "nothing outdated is left");
    redis.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    is_used(db, &house, &redis);
}

fn a_redis_that_was_killed_between_two_runs_is_used_by_the_second_without_a_word(db: &TestDatabase) {
    let mut redis = RedisServer::start();
    let house = house(db, &redis);
    is_used(db, &house, &redis);
    redis.kill();
    redis.start_again();
    is_used(db, &house, &redis);
}

fn the_database_as_the_primary_needs_nothing_else(db: &TestDatabase) {
    let folder = tempfile::tempdir().expect("a folder");
    let house = TestEngine::telling(db.store(), TEST_TIMEOUTS, Box::new(DatabaseStatus::new(db.store())), folder);
    let other =
        StatusBoard::new(Box::new(DatabaseStatus::new(db.second_store())), db.second_store(), TEST_TIMEOUTS.renewal);
    let watched = run_with(&house, &[&other], |_| {});
    assert_eq!(watched.complaints, [""; 0]);
    assert!(!house.status_folder().exists(), "no file is written");
}
