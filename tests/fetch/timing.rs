//! Time: deadlines, cancels, busy servers, one request at a time.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::sync::Timeouts;

use super::{FetchSetup, RecordingObserver, expect_failure, read_cells};
use crate::support::load_clock::LoadClock;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::TEST_TIMEOUTS;
use crate::support::waiting::wait_until;
use crate::support::{TestDatabase, TestEngine};

#[test]
fn a_slow_drip_ends_at_the_timeout() {
    let outside = StubServer::start();
    outside.set("/slow", StubReply::csv("id\n".repeat(1000)).drip(1, Duration::from_millis(50)));
    let begun = LoadClock::start();
    let (code, message) = FetchSetup::new().within(Duration::from_secs(1)).failure(&outside.url("/slow"));
    assert_eq!(code, "timeout", "{message}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn a_cancel_ends_a_hanging_fetch_at_once_wherever_it_hangs() {
    let outside = StubServer::start();
    outside.set("/before", StubReply::csv("").hang());
    outside.set("/middle", StubReply::csv("id\n1\n2\n").hang_at(4));
    outside.set("/later", StubReply::status(503).header("Retry-After", "15"));
    // It accepts nobody, and neither does an address that nobody answers at.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_url = format!("http://{}/", silent.local_addr().expect("an address"));
    let tls_url = silent_url.replace("http:", "https:");
    let road = FetchSetup::new().allowing("127.0.0.1,240.0.0.1");
    for (path, url) in [
        (Some("/before"), outside.url("/before")),
        (Some("/middle"), outside.url("/middle")),
        (Some("/later"), outside.url("/later")),
        (None, silent_url),
        (None, tls_url),
        (None, "http://240.0.0.1/".into()),
    ] {
        let watch = RecordingObserver::default();
        let (ended, result) = thread::scope(|scope| {
            let fetching = scope.spawn(|| road.fetch("csv", &SourceLocation::Url(url.clone()), None, &watch));
            if let Some(path) = path {
                wait_until(|| outside.hits(path) == 1);
            }
            // By now it most likely hangs; if not, the cancel comes earlier and must do the same.
            thread::sleep(Duration::from_millis(200));
            let asked = LoadClock::start();
            watch.stop.store(true, Ordering::Relaxed);
            let result = fetching.join().expect("no panic");
            (asked.elapsed(), expect_failure(result).0)
        });
        // An address without a route fails at once by itself.
        assert!(result == "stopped" || url.contains("240."), "{url}: {result}");
        assert!(ended < Duration::from_secs(1), "{url}: {ended:?}");
    }
}

#[test]
fn a_server_that_asks_to_wait_is_obeyed_and_the_wait_is_told() {
    let outside = StubServer::start();
    let watch = RecordingObserver::default();
    for (status, after) in [(429, "1".to_owned()), (503, (Utc::now() + TimeDelta::seconds(3)).to_rfc2822())] {
        outside.set("/busy", StubReply::status(status).header("Retry-After", &after));
        outside.then("/busy", StubReply::csv("id\n1\n"));
        let begun = Instant::now();
        FetchSetup::new().fetch("csv", &SourceLocation::Url(outside.url("/busy")), None, &watch).expect("in the end");
        assert!(begun.elapsed() > Duration::from_millis(900), "{status}: {:?}", begun.elapsed());
    }
    let waits = watch.waits.lock().expect("waits");
    assert_eq!(waits.len(), 2);
    assert!(waits[0].0.starts_with("127.0.0.1"), "{waits:?}");
}

#[test]
fn a_wait_longer_than_a_fetch_may_take_is_obeyed_while_the_run_has_time() {
    let outside = StubServer::start();
    let answer_delay = Duration::from_millis(2200);
    outside.set("/busy", StubReply::status(503).header("Retry-After", "5").after(answer_delay));
    // It needs most of its own time after the wait, too.
    outside.then("/busy", StubReply::csv("id\n1\n").after(answer_delay));
    let road = FetchSetup::new().within(Duration::from_secs(4));
    let watch = RecordingObserver::default();
    let begun = Instant::now();
    road.fetch("csv", &SourceLocation::Url(outside.url("/busy")), None, &watch).expect("in the end");
    assert!(begun.elapsed() > Duration::from_millis(8500), "{:?}", begun.elapsed());
    assert_eq!(watch.waits.lock().expect("waits").len(), 1);
}

#[test]
fn a_run_gives_a_busy_server_the_time_that_the_run_has_left() {
    let (db, outside) = (TestDatabase::sqlite(), StubServer::start());
    let house = TestEngine::with(db.store(), Timeouts { fetch: Duration::from_secs(4), ..TEST_TIMEOUTS });
    outside.set("/busy", StubReply::status(503).header("Retry-After", "5"));
    outside.then("/busy", StubReply::csv("id,title\n1,One\n"));
    let source = house.url_source("albums", outside.url("/busy"));
    let record = house.sync(&source);
    assert_eq!((record.status, record.stats.added), (Status::Completed, 1), "{}", record.message);
}

#[test]
fn waits_are_measured_against_the_whole_run_however_many_they_are() {
    let outside = StubServer::start();
    outside.set("/busy", StubReply::status(429).header("Retry-After", "3"));
    // The third wait would end half a second after the run.
    let run_limit = Duration::from_millis(8500);
    let road = FetchSetup::new().within(Duration::from_secs(10)).in_a_run_of(run_limit);
    let begun = LoadClock::start();
    assert_eq!(road.failure(&outside.url("/busy")).0, "rate_limited");
    assert_eq!(outside.hits("/busy"), 3);
    assert!(begun.elapsed() < run_limit, "{:?}", begun.elapsed());
}

#[test]
fn a_wait_beyond_the_time_fails_at_once_and_says_when_to_come_back() {
    let outside = StubServer::start();
    outside.set("/busy", StubReply::status(429).header("Retry-After", "3600"));
    let begun = LoadClock::start();
    let (code, message) = FetchSetup::new().failure(&outside.url("/busy"));
    assert_eq!(code, "rate_limited");
    assert!(message.contains("until") && message.contains("UTC"), "{message}");
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_passing_trouble_is_tried_again_and_a_lasting_one_is_told() {
    let outside = StubServer::start();
    let road = FetchSetup::new();
    outside.set("/flaky", StubReply::status(502));
    outside.then("/flaky", StubReply::status(200).close());
    outside.then("/flaky", StubReply::csv("id\n1\n"));
    assert_eq!(read_cells(&*road.get(&outside.url("/flaky")).expect("the third time")), [["1"]]);
    assert_eq!(outside.hits("/flaky"), 3);
    outside.set("/broken", StubReply::html("<html>oops</html>").header("X", "y"));
    outside.set("/down", StubReply::status(500));
    assert_eq!(road.failure(&outside.url("/down")).0, "server_error");
    assert_eq!(outside.hits("/down"), 3);
    assert_eq!(road.failure(&outside.url("/missing")).0, "not_found");
    assert_eq!(outside.hits("/missing"), 1);
}

#[test]
fn nobody_at_the_port_and_no_such_host_are_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", free.local_addr().expect("an address"));
    drop(free);
    assert_eq!(FetchSetup::new().failure(&url).0, "connection");
    assert_eq!(FetchSetup::new().failure("http://no-such-host.invalid/").0, "unknown_host");
}

#[test]
fn one_request_at_a_time_per_host_and_in_parallel_to_others() {
    let (one, other) = (StubServer::start(), StubServer::start());
    // Each server answers its first request only when the other one has a request, too.
    let both_asked = Arc::new(Barrier::new(2));
    for outside in [&one, &other] {
        let (both_asked, is_first) = (Arc::clone(&both_asked), AtomicBool::new(true));
        outside.decide("/a.csv", move |_| {
            if is_first.swap(false, Ordering::Relaxed) {
                both_asked.wait();
            }
            StubReply::csv("id\n1\n").after(Duration::from_millis(20))
        });
    }
    thread::scope(|scope| {
        for _ in 0..4 {
            for outside in [&one, &other] {
                scope.spawn(|| FetchSetup::new().get(&outside.url("/a.csv")).expect("its turn").byte_count());
            }
        }
    });
    assert_eq!((one.most_at_once(), other.most_at_once()), (1, 1));
    assert_eq!((one.hits("/a.csv"), other.hits("/a.csv")), (4, 4));
}

#[test]
fn waiting_for_a_turn_ends_with_a_cancel() {
    let outside = StubServer::start();
    outside.set("/a", StubReply::csv("").hang());
    let (road, first, second) = (FetchSetup::new(), RecordingObserver::default(), RecordingObserver::default());
    let location = SourceLocation::Url(outside.url("/a"));
    thread::scope(|scope| {
        let hanging = scope.spawn(|| road.fetch("csv", &location, None, &first).map(drop));
        wait_until(|| outside.hits("/a") == 1);
        let waiting = scope.spawn(|| road.fetch("csv", &location, None, &second).map(drop));
        second.stop.store(true, Ordering::Relaxed);
        let begun = LoadClock::start();
        assert_eq!(expect_failure(waiting.join().expect("no panic")).0, "stopped");
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert_eq!(outside.hits("/a"), 1);
        first.stop.store(true, Ordering::Relaxed);
        assert_eq!(expect_failure(hanging.join().expect("no panic")).0, "stopped");
    });
}

#[test]
fn a_fetch_that_hangs_does_not_use_up_the_time_of_those_behind_it() {
    let outside = StubServer::start();
    outside.set("/hangs", StubReply::csv("").hang());
    outside.csv("/behind", "id\n1\n");
    let limit = Duration::from_secs(5);
    thread::scope(|scope| {
        let hanging = scope.spawn(|| FetchSetup::new().within(limit).failure(&outside.url("/hangs")).0);
        wait_until(|| outside.hits("/hangs") == 1);
        thread::sleep(Duration::from_millis(200));
        let behind = FetchSetup::new().within(Duration::from_secs(3)).in_a_run_of(Duration::from_secs(60));
        assert_eq!(read_cells(&*behind.get(&outside.url("/behind")).expect("its own time")), [["1"]]);
        assert_eq!(hanging.join().expect("no panic"), "timeout");
    });
}
