//! Feeds of several hosts: in parallel between hosts, one by one for each host, none at the cost of the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lockstep::domain::location::SourceLocation;

use super::{FeedObserver, FeedReader, ample_timeout};
use crate::fetch::{FetchSetup, RecordingObserver, peak_memory};
use crate::support::PausePoint;
use crate::support::load_clock::LoadClock;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_until;

#[test]
fn a_slow_host_with_many_feeds_does_not_keep_the_others_waiting() {
    let slow = StubServer::start();
    let others: Vec<StubServer> = (0..3).map(|_| StubServer::start()).collect();
    let mut addresses = Vec::new();
    let all_others_read = PausePoint::default();
    for n in 0..12 {
        addresses.push(slow.url(&format!("/{n}")));
        // The second answer comes only when every feed of the other hosts was read.
        let all_others_read = all_others_read.clone();
        slow.reply_with(&format!("/{n}"), move |_| {
            if n == 1 {
                all_others_read.pause();
            }
            StubReply::feed("Slow", &["1"])
        });
    }
    for other in &others {
        for n in 0..4 {
            other.set_reply(&format!("/{n}"), StubReply::feed("Quick", &["1"]).after(Duration::from_millis(20)));
            addresses.push(other.url(&format!("/{n}")));
        }
    }
    let run = thread::scope(|scope| {
        let running = scope.spawn(|| FeedReader::of_addresses(&addresses).fetch_manually());
        all_others_read.wait_until_reached();
        wait_until(|| others.iter().all(|other| (0..4).all(|n| other.request_count(&format!("/{n}")) == 1)));
        all_others_read.resume();
        running.join().expect("no panic")
    });
    assert_eq!(run.rows.map(|rows| rows.len()), Some(24));
    assert!(
        slow.max_concurrent_requests() == 1 && others.iter().all(|other| other.max_concurrent_requests() == 1),
        "one at a time"
    );
}

#[test]
fn a_hanging_feed_affects_only_itself() {
    let (stub, other) = (StubServer::start(), StubServer::start());
    stub.set_reply("/hangs", StubReply::feed("H", &["1"]).hang());
    stub.set_reply("/f", StubReply::feed("F", &["1"]));
    other.set_reply("/g", StubReply::feed("G", &["1"]));
    let timeout = ample_timeout(Duration::from_secs(4));
    let mut reader = FeedReader::of_addresses(&[stub.url("/hangs"), stub.url("/f"), other.url("/g")]);
    reader = reader.with_timeout(timeout);
    let run = reader.fetch_manually();
    assert_eq!(run.sorted_titles().len(), 2);
    let (name, _, reason) = run.only_issue();
    let expected_reason = format!("did not send the file within {} s", timeout.as_secs());
    assert!(name.ends_with("/hangs") && reason.contains(&expected_reason), "{name}: {reason}");
}

#[test]
fn feeds_that_a_run_had_no_time_for_are_first_in_the_next_run() {
    let stub = StubServer::start();
    let addresses: Vec<String> = (0..6).map(|n| stub.url(&format!("/{n}"))).collect();
    // Two feeds are answered in each run. The third one uses up the rest of the time.
    let answers_left = Arc::new(AtomicUsize::new(2));
    for n in 0..6 {
        let answers_left = Arc::clone(&answers_left);
        stub.reply_with(&format!("/{n}"), move |_| {
            let is_answered =
                answers_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            let reply = StubReply::feed("F", &["1"]);
            if is_answered { reply } else { reply.hang() }
        });
    }
    stub.set_reply("/list", StubReply::opml(&addresses));
    let mut reader = FeedReader::of_addresses(&[stub.url("/list")]);
    reader.setup.run = ample_timeout(Duration::from_secs(4));
    let run = reader.fetch_manually();
    assert_eq!((run.sorted_titles().len(), run.issues.len()), (2, 4));
    assert!(run.issues.iter().all(|issue| issue.reason.contains("this sync ran out of time")), "{:?}", run.issues);
    assert!(reader.feeds.iter().all(|feed| !feed.has_failed()), "no feed has failed");
    // The next run has as little time.
    answers_left.store(2, Ordering::SeqCst);
    assert_eq!(reader.fetch_in_full().sorted_titles().len(), 2);
    let fetched = reader.feeds.iter().filter(|feed| feed.succeeded_at.is_some()).count();
    assert_eq!(fetched, 4, "others than before");
}

#[test]
fn a_run_that_reached_no_feed_has_failed() {
    let (stub, other) = (StubServer::start(), StubServer::start());
    stub.set_reply("/f", StubReply::feed("F", &["1"]));
    let mut reader = FeedReader::of_addresses(&[stub.url("/f")]);
    reader.fetch_manually();
    stub.set_reply("/f", StubReply::feed("F", &["1"]).hang());
    reader.setup.run = Duration::from_secs(1);
    for lists in [false, true] {
        if lists {
            other.set_reply("/list", StubReply::opml(&[stub.url("/f")]).hang());
            reader = FeedReader::of_addresses(&[other.url("/list")]);
            reader.setup.run = Duration::from_secs(1);
        }
        let run = reader.fetch_manually();
        let (code, message) = run.failure.expect("a failure");
        assert!(code == "timeout" && message.contains("raise LOCKSTEP_SYNC_TIMEOUT"), "{lists}, {code}: {message}");
        assert_eq!(run.issues.len(), 1, "{:?}", run.issues);
        assert!(reader.feeds.iter().all(|feed| !feed.has_failed()), "no feed has failed");
    }
}

#[test]
fn a_feed_that_was_not_requested_has_not_failed() {
    let (stub, other) = (StubServer::start(), StubServer::start());
    stub.set_reply("/table", StubReply::csv("id\n1\n").hang());
    stub.set_reply("/f", StubReply::feed("F", &["1"]));
    other.set_reply("/g", StubReply::feed("G", &["1"]));
    let (setup, table_observer) = (FetchSetup::new(), RecordingObserver::default());
    let table = SourceLocation::Url(stub.url("/table"));
    let timeout = ample_timeout(Duration::from_secs(3));
    let run = thread::scope(|scope| {
        scope.spawn(|| setup.fetch("csv", &table, None, &table_observer).map(drop));
        wait_until(|| stub.request_count("/table") == 1);
        // The limit of a feed is half of the time of the run; the other source takes longer than both.
        let mut reader = FeedReader::of_addresses(&[stub.url("/f"), other.url("/g")]).with_timeout(timeout);
        reader.setup.run = timeout * 7 / 3;
        let run = reader.fetch_manually();
        table_observer.stop.store(true, Ordering::Relaxed);
        let feed = reader.find_feed("/f");
        assert_eq!((feed.failures, &feed.error), (0, &None));
        run
    });
    assert_eq!((run.sorted_titles(), stub.request_count("/f")), (vec!["Article 1"], 0));
    assert!(run.only_issue().2.contains("this sync ran out of time"), "{:?}", run.issues);
}

#[test]
fn a_cancel_ends_all_feeds_at_once_and_keeps_their_records() {
    let (stub, other) = (StubServer::start(), StubServer::start());
    stub.set_reply("/f", StubReply::feed("F", &["1"]));
    stub.set_reply("/list", StubReply::opml(&[stub.url("/f"), stub.url("/hangs"), other.url("/hangs")]));
    let mut reader = FeedReader::of_addresses(&[stub.url("/list")]);
    stub.set_reply("/hangs", StubReply::feed("H", &["1"]));
    other.set_reply("/hangs", StubReply::feed("H", &["1"]));
    reader.fetch_manually();
    let feeds_before = reader.feeds.clone();
    stub.set_reply("/hangs", StubReply::feed("H", &["1"]).hang());
    other.set_reply("/hangs", StubReply::feed("H", &["1"]).hang_at(10));
    for (does_list_hang, hanging_path) in [(false, "/hangs"), (true, "/list")] {
        if does_list_hang {
            // The known feeds of the list are kept.
            stub.set_reply("/list", StubReply::opml(&[]).hang());
        }
        let observer = FeedObserver::default();
        let count_requests = || [stub.request_count(hanging_path), other.request_count("/hangs")];
        let [before, before_other] = count_requests();
        let (took, run) = thread::scope(|scope| {
            let stopping = scope.spawn(|| {
                wait_until(|| {
                    let [now, now_other] = count_requests();
                    now > before && (does_list_hang || now_other > before_other)
                });
                observer.stop.store(true, Ordering::Relaxed);
                LoadClock::start()
            });
            let run =
                reader.fetch_observed(|request| request.mode = lockstep::domain::operation::Mode::Full, &observer);
            (stopping.join().expect("no panic").elapsed(), run)
        });
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert_eq!(run.failure.expect("an end").0, "stopped");
        let shape = |feeds: &[lockstep::domain::feed::FeedRecord]| -> Vec<_> {
            feeds.iter().map(|feed| (feed.address.clone(), feed.identity, feed.failures, feed.lists.clone())).collect()
        };
        assert_eq!(shape(&reader.feeds), shape(&feeds_before));
    }
}

#[test]
fn all_feeds_together_have_a_size_limit() {
    let stub = StubServer::start();
    let filler = "x".repeat(40_000);
    let addresses: Vec<String> = (0..4).map(|n| stub.url(&format!("/{n}"))).collect();
    for n in 0..4 {
        stub.set_reply(
            &format!("/{n}"),
            StubReply::rss(&format!("<title>{filler}</title><item><guid>1</guid></item>")),
        );
    }
    let mut reader = FeedReader::of_addresses(&addresses);
    reader.setup.settings.max_bytes = 60_000;
    let run = reader.fetch_manually();
    assert_eq!(run.rows.map(|rows| rows.len()), Some(2));
    assert_eq!(run.issues.iter().filter(|issue| issue.reason.contains("LOCKSTEP_MAX_BYTES")).count(), 2);
}

#[test]
fn memory_does_not_grow_with_the_number_of_feeds() {
    let hosts: Vec<StubServer> = (0..8).map(|_| StubServer::start()).collect();
    let text = "x".repeat(50_000);
    let item = |n: usize| format!("<item><guid>{n}</guid><title>T</title><description>{text}</description></item>");
    let body = format!("<title>F</title>{}", (0..2).map(item).collect::<String>());
    let mut addresses = Vec::new();
    for host in &hosts {
        host.set_reply("/f", StubReply::rss(&body));
        addresses.extend((0..50).map(|n| host.url(&format!("/f?{n}"))));
    }
    hosts[0].set_reply("/list", StubReply::opml(&addresses));
    let mut reader = FeedReader::of_addresses(&[hosts[0].url("/list")]);
    reader.setup.run = Duration::from_secs(3600);
    let before = peak_memory();
    assert_eq!(reader.count_articles(), 400 * 2);
    let grown = peak_memory() - before;
    assert!(grown < 30_000, "{grown} kB more for 40 MB of articles");
}
