//! What only a Redis can do to its clients.

use std::time::{Duration, Instant};

use lockstep::domain::operation::Status;
use lockstep::status::{RedisStatus, StatusStore};

use super::places::{KEPT, redis_status};
use super::{Kind, Place};
use crate::support::redis::{PASSWORD, Redis};
use crate::support::{Database, logbook};

/// How long `ask` took.
fn took<T>(ask: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    (ask(), begun.elapsed())
}

fn place() -> Place {
    Place::new(Kind::Redis, Database::sqlite())
}

#[test]
fn while_redis_is_frozen_one_poll_waits_a_moment_and_the_others_do_not() {
    let place = place();
    let (run, store, board) = (place.begin("albums"), place.store(), place.board());
    run.say(&place, &*store, 30).expect("put");
    assert_eq!(board.get(run.id()).expect("an answer").expect("a status").progress, 30);
    place.redis().freeze();
    let (first, waited) = took(|| board.get(run.id()));
    assert_eq!(first.expect("an answer").expect("a status").progress, 30);
    assert!((200..1000).contains(&waited.as_millis()), "{waited:?}");
    let (_, thousand) = took(|| {
        for _ in 0..1000 {
            assert!(board.get(run.id()).expect("an answer").is_some());
        }
    });
    assert!(thousand < Duration::from_millis(1900), "{thousand:?} for a thousand");
    // A rest later one of many askers finds out again, and only that one waits.
    std::thread::sleep(Duration::from_millis(2100));
    let waits: Vec<Duration> = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..8).map(|_| scope.spawn(|| took(|| board.get(run.id())).1)).collect();
        askers.into_iter().map(|asker| asker.join().expect("an answer")).collect()
    });
    assert_eq!(waits.iter().filter(|wait| wait.as_millis() > 150).count(), 1, "{waits:?}");
    place.redis().thaw();
    until_it_reads(&*store, &run);
}

#[test]
fn a_redis_that_was_killed_and_started_again_is_used_again_without_an_error_for_its_dead_connections() {
    let mut place = place();
    let (run, store) = (place.begin("albums"), place.store());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| drop(store.get(run.id()).expect("an answer"))));
        }
    });
    place.redis.as_mut().expect("a Redis").kill();
    place.redis.as_mut().expect("a Redis").start_again();
    run.say(&place, &*store, 30).expect("put, though every connection in the pool is dead");
    assert_eq!(store.get(run.id()).expect("readable").expect("there").progress, 30);

    place.redis.as_mut().expect("a Redis").kill();
    let (refused, waited) = took(|| store.get(run.id()));
    assert!(refused.is_err() && waited < Duration::from_millis(800), "{waited:?}");
    place.redis.as_mut().expect("a Redis").start_again();
    until_it_reads(&*store, &run);
    assert_eq!(store.get(run.id()).expect("readable"), None, "it is a new one");
}

/// Waits until it answers again, at most a rest and a little.
fn until_it_reads(store: &dyn StatusStore, run: &super::places::Run) {
    let begun = Instant::now();
    while store.get(run.id()).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(4), "it is not used again");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_redis_that_is_not_there_yet_is_used_when_it_comes() {
    let mut redis = Redis::start();
    redis.kill();
    let place = Place::new(Kind::Database, Database::sqlite());
    let run = place.begin("albums");
    let (store, opened) = took(|| redis_status(&redis, KEPT));
    assert!(opened < Duration::from_millis(100), "{opened:?}");
    let error = store.check().expect_err("nobody is there").to_string();
    assert!(error.starts_with("the Redis at redis://127.0.0.1:") && error.contains("refused"), "{error}");
    redis.start_again();
    run.say(&place, &store, 10).expect("put");
    assert_eq!(store.get(run.id()).expect("readable").map(|report| report.status), Some(Status::Running));
}

#[test]
fn no_error_and_no_log_line_holds_the_password() {
    logbook::open();
    // One that does not know AUTH repeats what it was sent; one with another password does not let us in.
    let deaf = Redis::with(&["--rename-command", "CONFIG", "", "--maxmemory", "100mb"]);
    let fakes = [fake("-ERR unknown command 'AUTH', with args beginning with: '{}'\r\n"), fake("-WRONGPASS no {}\r\n")];
    let urls = fakes.iter().map(|port| format!("redis://:{PASSWORD}@127.0.0.1:{port}/"));
    let wrong = deaf.url().replace(PASSWORD, "s3cret-and-wrong");
    for url in urls.chain([wrong, format!("rediss://:{PASSWORD}@127.0.0.1:1/")]) {
        let store = RedisStatus::open(&url.parse().expect("an address"), KEPT).expect("a store");
        let error = store.check().expect_err("nobody who lets us in").to_string();
        assert!(!error.contains("s3cret") && !error.contains('\n'), "{error}");
    }
    assert!(!logbook::everything().contains("s3cret"), "{}", logbook::everything());
}

/// A server that answers everything with these words, `{}` being the password.
fn fake(words: &'static str) -> u16 {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut heard = [0; 1000];
            while stream.read(&mut heard).is_ok_and(|bytes| bytes > 0) {
                if stream.write_all(words.replace("{}", PASSWORD).repeat(3).as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    port
}
