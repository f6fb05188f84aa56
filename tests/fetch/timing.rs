//! Timeouts, cancels, busy servers, and one request at a time per host.

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
    let stub = StubServer::start();
    stub.set_reply("/slow", StubReply::csv("id\n".repeat(1000)).drip(1, Duration::from_millis(50)));
    let clock = LoadClock::start();
    let (code, message) = FetchSetup::new().with_timeout(Duration::from_secs(1)).fetch_failure(&stub.url("/slow"));
    assert_eq!(code, "timeout", "{message}");
    assert!(clock.elapsed() < Duration::from_secs(2), "{:?}", clock.elapsed());
}

#[test]
fn a_cancel_ends_a_hanging_fetch_at_once_wherever_it_hangs() {
    let stub = StubServer::start();
    stub.set_reply("/before", StubReply::csv("").hang());
    stub.set_reply("/middle", StubReply::csv("id\n1\n2\n").hang_at(4));
    stub.set_reply("/later", StubReply::status(503).header("Retry-After", "15"));
    // This listener accepts no connection, and the last address has no host.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_url = format!("http://{}/", silent.local_addr().expect("an address"));
    let tls_url = silent_url.replace("http:", "https:");
    let setup = FetchSetup::new().allow_hosts("127.0.0.1,240.0.0.1");
    for (path, url) in [
        (Some("/before"), stub.url("/before")),
        (Some("/middle"), stub.url("/middle")),
        (Some("/later"), stub.url("/later")),
        (None, silent_url),
        (None, tls_url),
        (None, "http://240.0.0.1/".into()),
    ] {
        let observer = RecordingObserver::default();
        let (ended, result) = thread::scope(|scope| {
            let fetching = scope.spawn(|| setup.fetch("csv", &SourceLocation::Url(url.clone()), None, &observer));
            if let Some(path) = path {
                wait_until(|| stub.request_count(path) == 1);
            }
            // By now the fetch most likely hangs; if not, the cancel comes earlier and must have the same effect.
            thread::sleep(Duration::from_millis(200));
            let clock = LoadClock::start();
            observer.stop.store(true, Ordering::Relaxed);
            let result = fetching.join().expect("no panic");
            (clock.elapsed(), expect_failure(result).0)
        });
        // An address without a route fails at once.
        assert!(result == "stopped" || url.contains("240."), "{url}: {result}");
        assert!(ended < Duration::from_secs(1), "{url}: {ended:?}");
    }
}

#[test]
fn a_server_that_asks_to_wait_is_obeyed_and_the_wait_is_reported() {
    let stub = StubServer::start();
    let observer = RecordingObserver::default();
    for (status, after) in [(429, "1".to_owned()), (503, (Utc::now() + TimeDelta::seconds(3)).to_rfc2822())] {
        stub.set_reply("/busy", StubReply::status(status).header("Retry-After", &after));
        stub.queue_reply("/busy", StubReply::csv("id\n1\n"));
        let started = Instant::now();
        FetchSetup::new().fetch("csv", &SourceLocation::Url(stub.url("/busy")), None, &observer).expect("in the end");
        assert!(started.elapsed() > Duration::from_millis(900), "{status}: {:?}", started.elapsed());
    }
    let waits = observer.waits.lock().expect("waits");
    assert_eq!(waits.len(), 2);
    assert!(waits[0].0.starts_with("127.0.0.1"), "{waits:?}");
}

/// A timeout of at least `least` that a fetch on this machine keeps: eight times as long as a plain fetch takes now.
fn ample_timeout(stub: &StubServer, least: Duration) -> Duration {
    stub.serve_csv("/plain", "id\n1\n");
    let started = Instant::now();
    FetchSetup::new().fetch_url(&stub.url("/plain")).expect("content");
    (started.elapsed() * 8).max(least)
}

#[test]
fn a_wait_longer_than_a_fetch_may_take_is_obeyed_while_the_run_has_time() {
    let stub = StubServer::start();
    let timeout = ample_timeout(&stub, Duration::from_millis(1200));
    let (answer_delay, wait) = (timeout * 11 / 20, timeout.as_secs() + 2);
    stub.set_reply("/busy", StubReply::status(503).header("Retry-After", &wait.to_string()).after(answer_delay));
    // After the wait the reply takes most of the timeout, too.
    stub.queue_reply("/busy", StubReply::csv("id\n1\n").after(answer_delay));
    let setup = FetchSetup::new().with_timeout(timeout).with_run_limit(timeout * 10 + Duration::from_secs(60));
    let observer = RecordingObserver::default();
    let started = Instant::now();
    setup.fetch("csv", &SourceLocation::Url(stub.url("/busy")), None, &observer).expect("in the end");
    // The server names whole seconds, so the wait may be up to one second shorter.
    let least = answer_delay * 2 + Duration::from_secs(wait - 1);
    assert!(started.elapsed() > least, "{:?}", started.elapsed());
    assert_eq!(observer.waits.lock().expect("waits").len(), 1);
}

#[test]
fn a_run_gives_a_busy_server_the_time_that_the_run_has_left() {
    let (db, stub) = (TestDatabase::sqlite(), StubServer::start());
    let fetch = ample_timeout(&stub, Duration::from_secs(4));
    let engine = TestEngine::with_timeouts(db.store(), Timeouts { fetch, ..TEST_TIMEOUTS });
    stub.set_reply("/busy", StubReply::status(503).header("Retry-After", &(fetch.as_secs() + 1).to_string()));
    stub.queue_reply("/busy", StubReply::csv("id,title\n1,One\n"));
    let source = engine.url_source("albums", stub.url("/busy"));
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.status, record.summary.stats.added),
        (Status::Completed, 1),
        "{}",
        record.summary.message
    );
}

#[test]
fn all_waits_together_are_limited_by_the_run() {
    let stub = StubServer::start();
    let wait = ample_timeout(&stub, Duration::from_secs(3)).as_secs();
    stub.set_reply("/busy", StubReply::status(429).header("Retry-After", &wait.to_string()));
    // The third wait would end half a second after the run.
    let run_limit = Duration::from_secs(wait * 3) - Duration::from_millis(500);
    let setup = FetchSetup::new().with_run_limit(run_limit);
    let clock = LoadClock::start();
    assert_eq!(setup.fetch_failure(&stub.url("/busy")).0, "rate_limited");
    assert_eq!(stub.request_count("/busy"), 3);
    assert!(clock.elapsed() < run_limit, "{:?}", clock.elapsed());
}

#[test]
fn a_wait_beyond_the_time_limit_fails_at_once_with_the_time_of_the_next_try() {
    let stub = StubServer::start();
    stub.set_reply("/busy", StubReply::status(429).header("Retry-After", "3600"));
    let clock = LoadClock::start();
    let (code, message) = FetchSetup::new().fetch_failure(&stub.url("/busy"));
    assert_eq!(code, "rate_limited");
    assert!(message.contains("until") && message.contains("UTC"), "{message}");
    assert!(clock.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_temporary_error_is_retried_and_a_lasting_one_is_reported() {
    let stub = StubServer::start();
    let setup = FetchSetup::new();
    stub.set_reply("/flaky", StubReply::status(502));
    stub.queue_reply("/flaky", StubReply::status(200).close());
    stub.queue_reply("/flaky", StubReply::csv("id\n1\n"));
    assert_eq!(read_cells(&*setup.fetch_url(&stub.url("/flaky")).expect("the third time")), [["1"]]);
    assert_eq!(stub.request_count("/flaky"), 3);
    stub.set_reply("/broken", StubReply::html("<html>oops</html>").header("X", "y"));
    stub.set_reply("/down", StubReply::status(500));
    assert_eq!(setup.fetch_failure(&stub.url("/down")).0, "server_error");
    assert_eq!(stub.request_count("/down"), 3);
    assert_eq!(setup.fetch_failure(&stub.url("/missing")).0, "not_found");
    assert_eq!(stub.request_count("/missing"), 1);
}

#[test]
fn a_refused_connection_and_an_unknown_host_are_different_errors() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", free.local_addr().expect("an address"));
    drop(free);
    assert_eq!(FetchSetup::new().fetch_failure(&url).0, "connection");
    assert_eq!(FetchSetup::new().fetch_failure("http://no-such-host.invalid/").0, "unknown_host");
}

#[test]
fn one_request_at_a_time_per_host_and_in_parallel_to_others() {
    let (one, other) = (StubServer::start(), StubServer::start());
    // Each server answers its first request only when the other one has a request, too.
    let both_asked = Arc::new(Barrier::new(2));
    for stub in [&one, &other] {
        let (both_asked, is_first) = (Arc::clone(&both_asked), AtomicBool::new(true));
        stub.reply_with("/a.csv", move |_| {
            if is_first.swap(false, Ordering::Relaxed) {
                both_asked.wait();
            }
            StubReply::csv("id\n1\n").after(Duration::from_millis(20))
        });
    }
    thread::scope(|scope| {
        for _ in 0..4 {
            for stub in [&one, &other] {
                scope.spawn(|| FetchSetup::new().fetch_url(&stub.url("/a.csv")).expect("a fetch").byte_count());
            }
        }
    });
    assert_eq!((one.max_concurrent_requests(), other.max_concurrent_requests()), (1, 1));
    assert_eq!((one.request_count("/a.csv"), other.request_count("/a.csv")), (4, 4));
}

#[test]
fn a_cancel_ends_the_wait_for_another_request_to_the_host() {
    let stub = StubServer::start();
    stub.set_reply("/a", StubReply::csv("").hang());
    let (setup, first, second) = (FetchSetup::new(), RecordingObserver::default(), RecordingObserver::default());
    let location = SourceLocation::Url(stub.url("/a"));
    thread::scope(|scope| {
        let hanging = scope.spawn(|| setup.fetch("csv", &location, None, &first).map(drop));
        wait_until(|| stub.request_count("/a") == 1);
        let waiting = scope.spawn(|| setup.fetch("csv", &location, None, &second).map(drop));
        second.stop.store(true, Ordering::Relaxed);
        let clock = LoadClock::start();
        assert_eq!(expect_failure(waiting.join().expect("no panic")).0, "stopped");
        assert!(clock.elapsed() < Duration::from_secs(1));
        assert_eq!(stub.request_count("/a"), 1);
        first.stop.store(true, Ordering::Relaxed);
        assert_eq!(expect_failure(hanging.join().expect("no panic")).0, "stopped");
    });
}

#[test]
fn a_hanging_fetch_does_not_use_up_the_time_of_waiting_ones() {
    let stub = StubServer::start();
    stub.set_reply("/hangs", StubReply::csv("").hang());
    stub.serve_csv("/behind", "id\n1\n");
    let own_limit = ample_timeout(&stub, Duration::from_secs(3));
    // The second fetch waits for longer than its own limit.
    let limit = own_limit + Duration::from_secs(2);
    thread::scope(|scope| {
        let hanging = scope.spawn(|| FetchSetup::new().with_timeout(limit).fetch_failure(&stub.url("/hangs")).0);
        wait_until(|| stub.request_count("/hangs") == 1);
        thread::sleep(Duration::from_millis(200));
        let behind = FetchSetup::new().with_timeout(own_limit);
        assert_eq!(read_cells(&*behind.fetch_url(&stub.url("/behind")).expect("its own time")), [["1"]]);
        assert_eq!(hanging.join().expect("no panic"), "timeout");
    });
}
