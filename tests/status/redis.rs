//! Faults that only Redis has.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lockstep::domain::operation::Status;
use lockstep::status::{RedisStatus, StatusBoard, StatusError, StatusStore};

use super::store_fixture::{STATUS_KEPT, redis_status};
use super::{StatusFixture, StoreKind};
use crate::support::redis_server::{PASSWORD, RedisServer};
use crate::support::test_engine::TEST_TIMEOUTS;
use crate::support::waiting::wait_until;
use crate::support::{TestDatabase, captured_log};

fn redis_fixture() -> StatusFixture {
    StatusFixture::new(StoreKind::Redis, TestDatabase::sqlite())
}

#[test]
fn polls_are_answered_while_redis_is_frozen_and_it_is_used_again_afterwards() {
    let place = redis_fixture();
    let (run, store, board) = (place.begin_run("albums"), place.open_store(), place.open_board());
    run.publish_progress(&place, &*store, 30).expect("put");
    place.redis().freeze();
    for _ in 0..100 {
        assert_eq!(board.get(run.id()).expect("an answer").expect("a status").summary.progress, 30);
    }
    place.redis().thaw();
    wait_until_it_reads(&*store, &run);
}

#[test]
fn a_connection_whose_answer_came_too_late_is_not_used_again() {
    let place = redis_fixture();
    let (slow, asked, store) = (place.begin_run("albums"), place.begin_run("books"), place.open_store());
    for run in [&slow, &asked] {
        run.publish_progress(&place, &*store, 30).expect("put");
    }
    place.redis().freeze();
    store.get(slow.id()).expect_err("no answer");
    place.redis().thaw();
    // The answer to the first question is on the old connection by now.
    wait_until(|| match store.get(asked.id()) {
        Ok(report) => report.expect("a report").summary.id == asked.id(),
        Err(StatusError::Redis { .. }) => false,
        Err(error) => panic!("the answer to another question: {error}"),
    });
}

#[test]
fn polls_share_connections() {
    let place = redis_fixture();
    let (run, store) = (place.begin_run("albums"), place.open_store());
    run.publish_progress(&place, &*store, 30).expect("put");
    let count_connections = || -> u64 {
        let lines = place.redis().run_command::<String>(&["INFO", "stats"]);
        let count = lines.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        count.expect("a count").trim().parse().expect("a number")
    };
    let before = count_connections();
    let mut answers = 0;
    // On a busy machine Redis may not answer in time, which costs a connection.
    wait_until(|| {
        answers += (0..20).filter(|_| store.get(run.id()).is_ok()).count();
        answers >= 100
    });
    let opened = count_connections() - before;
    assert!(opened < 20, "{opened} connections for {answers} answers");
}

/// How long a Redis that did not answer gets no further request.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

#[test]
fn one_poll_at_a_time_waits_for_a_redis_that_does_not_answer() {
    let place = StatusFixture::new(StoreKind::Database, TestDatabase::sqlite());
    let (run, mute) = (place.begin_run("albums"), SilentServer::start());
    let address = format!("redis://127.0.0.1:{}/", mute.port).parse().expect("an address");
    let store = RedisStatus::open(&address, STATUS_KEPT).expect("a store");
    let board = StatusBoard::new(Box::new(store), place.db.store(), TEST_TIMEOUTS.renewal_interval);
    // This opens the first connection, so no poll has to.
    board.check_primary().expect("a Redis that lets us in");
    let poll = || assert!(board.get(run.id()).expect("an answer").is_some());
    let started = Instant::now();
    poll();
    wait_until(|| mute.query_count() == 1);
    (0..1000).for_each(|_| poll());
    let (query_count, most) = (mute.query_count(), count_rests(started));
    assert!(query_count <= most, "{query_count} of a thousand asked it, within {most} rests");

    // After the pause one of many polls asks Redis again.
    std::thread::sleep(RETRY_PAUSE + Duration::from_millis(100));
    let (before, started) = (mute.query_count(), Instant::now());
    let together = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                together.wait();
                poll();
            });
        }
    });
    let most = count_rests(started);
    wait_until(|| mute.query_count() > before);
    let query_count = mute.query_count() - before;
    assert!(query_count <= most, "{query_count} of eight asked it, within {most} rests");
}

/// The number of polls that may have asked Redis: one in every pause, so more than one when this machine was slow.
fn count_rests(started: Instant) -> usize {
    1 + usize::try_from(started.elapsed().as_secs() / RETRY_PAUSE.as_secs()).expect("a few")
}

/// A server that accepts every login and never answers a query.
struct SilentServer {
    port: u16,
    query_count: Arc<AtomicUsize>,
}

impl SilentServer {
    /// Starts the server, which ends with the test's process.
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let query_count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&query_count);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let query_count = Arc::clone(&counted);
                std::thread::spawn(move || serve_silently(&stream, &query_count));
            }
        });
        Self { port, query_count }
    }

    /// The number of queries.
    fn query_count(&self) -> usize {
        self.query_count.load(Ordering::SeqCst)
    }
}

/// Reads commands, each an array of length-prefixed words, until the client disconnects.
fn serve_silently(mut stream: &TcpStream, query_count: &AtomicUsize) {
    let mut lines = BufReader::new(stream).lines();
    let mut line = || lines.next()?.ok();
    while let Some(count) = line().and_then(|line| line.strip_prefix('*')?.parse::<usize>().ok()) {
        let words: Vec<String> = (0..count).filter_map(|_| line().and_then(|_| line())).collect();
        let answer: &[u8] = match words.first().map(String::as_str) {
            Some("GETRANGE") => {
                query_count.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            Some("PING") => b"+PONG\r\n",
            _ => b"+OK\r\n",
        };
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

#[test]
fn a_restarted_redis_is_used_again_without_errors_for_dead_connections() {
    let mut place = redis_fixture();
    let (run, store) = (place.begin_run("albums"), place.open_store());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| drop(store.get(run.id()).expect("an answer"))));
        }
    });
    place.redis.as_mut().expect("a Redis").kill();
    place.redis.as_mut().expect("a Redis").start_again();
    run.publish_progress(&place, &*store, 30).expect("put, though every connection in the pool is dead");
    assert_eq!(store.get(run.id()).expect("readable").expect("there").summary.progress, 30);

    place.redis.as_mut().expect("a Redis").kill();
    assert!(store.get(run.id()).is_err(), "no server listens");
    place.redis.as_mut().expect("a Redis").start_again();
    wait_until_it_reads(&*store, &run);
    assert_eq!(store.get(run.id()).expect("readable"), None, "it is a new one");
}

/// Waits until Redis is used again.
fn wait_until_it_reads(store: &dyn StatusStore, run: &super::store_fixture::FixtureRun) {
    wait_until(|| store.get(run.id()).is_ok());
}

#[test]
fn a_redis_that_starts_later_is_used() {
    let mut redis = RedisServer::start();
    redis.kill();
    let place = StatusFixture::new(StoreKind::Database, TestDatabase::sqlite());
    let run = place.begin_run("albums");
    let store = redis_status(&redis, STATUS_KEPT);
    let error = store.check().expect_err("no server listens").to_string();
    assert!(error.starts_with("Redis at redis://127.0.0.1:") && error.contains("refused"), "{error}");
    redis.start_again();
    run.publish_progress(&place, &store, 10).expect("put");
    assert_eq!(store.get(run.id()).expect("readable").map(|report| report.summary.status), Some(Status::Running));
}

#[test]
fn no_error_and_no_log_line_contains_the_password() {
    captured_log::start_capture();
    // A server without AUTH repeats the command in its error; one with another password refuses the login.
    let deaf = RedisServer::with_settings(&["--rename-command", "CONFIG", "", "--maxmemory", "100mb"]);
    let fakes = [
        start_fake_redis("-ERR unknown command 'AUTH', with args beginning with: '{}'\r\n"),
        start_fake_redis("-WRONGPASS no {}\r\n"),
    ];
    let urls = fakes.iter().map(|port| format!("redis://:{PASSWORD}@127.0.0.1:{port}/"));
    let wrong = deaf.url().replace(PASSWORD, "s3cret-and-wrong");
    for url in urls.chain([wrong, format!("rediss://:{PASSWORD}@127.0.0.1:1/")]) {
        let store = RedisStatus::open(&url.parse().expect("an address"), STATUS_KEPT).expect("a store");
        let error = store.check().expect_err("nobody who lets us in").to_string();
        assert!(!error.contains("s3cret") && !error.contains('\n'), "{error}");
    }
    assert!(!captured_log::captured_text().contains("s3cret"), "{}", captured_log::captured_text());
}

/// A server that answers everything with this text, in which `{}` is the password.
fn start_fake_redis(words: &'static str) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut notifications_before = [0; 1000];
            while stream.read(&mut notifications_before).is_ok_and(|bytes| bytes > 0) {
                if stream.write_all(words.replace("{}", PASSWORD).repeat(3).as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    port
}
