//! Feeds of several hosts: in parallel between hosts, one by one for each host, none at the cost of the others.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use lockstep::domain::location::SourceLocation;

use super::{FeedObserver, FeedReader, SilentObserver};
use crate::fetch::{FetchSetup, peak_memory};
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
    let mut reader = FeedReader::of_addresses(&[stub.url("/hangs"), stub.url("/f"), other.url("/g")]);
    reader = reader.with_timeout(Duration::from_secs(4));
    let run = reader.fetch_manually();
    assert_eq!(run.sorted_titles().len(), 2);
    let (name, _, reason) = run.only_issue();
    assert!(name.ends_with("/hangs") && reason.contains("did not send the file within 4 s"), "{name}: {reason}");
}

#[test]
fn feeds_that_a_run_had_no_time_for_are_first_in_the_next_run() {
    let stub = StubServer::start();
    let addresses: Vec<String> = (0..6).map(|n| stub.url(&format!("/{n}"))).collect();
    for n in 0..6 {
        stub.set_reply(&format!("/{n}"), StubReply::feed("F", &["1"]).after(Duration::from_millis(1500)));
    }
    stub.set_reply("/list", StubReply::opml(&addresses));
    let mut reader = FeedReader::of_addresses(&[stub.url("/list")]);
    reader.setup.run = Duration::from_millis(6000);
    let run = reader.fetch_manually();
    let read = run.sorted_titles().len();
    assert!((1..=3).contains(&read), "{read}");
    assert_eq!(run.issues.len(), 6 - read);
    assert!(run.issues.iter().all(|issue| issue.reason.contains("this sync ran out of time")), "{:?}", run.issues);
    assert!(reader.feeds.iter().all(|feed| !feed.has_failed()), "no feed has failed");
    // The next run has as little time.
    let again = reader.fetch_in_full().sorted_titles().len();
    let asked = reader.feeds.iter().filter(|feed| feed.succeeded_at.is_some()).count();
    assert_eq!(asked, (read + again).min(6), "others than before");
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
    let setup = FetchSetup::new().with_timeout(Duration::from_secs(20));
    let table = SourceLocation::Url(stub.url("/table"));
    let run = thread::scope(|scope| {
        scope.spawn(|| setup.fetch("csv", &table, None, &SilentObserver).map(drop));
        wait_until(|| stub.request_count("/table") == 1);
        // The limit of a feed is half of the time of the run; the other source takes longer than both.
        let mut reader =
            FeedReader::of_addresses(&[stub.url("/f"), other.url("/g")]).with_timeout(Duration::from_secs(3));
        reader.setup.run = Duration::from_millis(7000);
        let run = reader.fetch_manually();
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
    let before = reader.feeds.clone();
    stub.set_reply("/hangs", StubReply::feed("H", &["1"]).hang());
    other.set_reply("/hangs", StubReply::feed("H", &["1"]).hang_at(10));
    for change in [false, true] {
        if change {
            // Now the list itself hangs; its known feeds are kept.
            stub.set_reply("/list", StubReply::opml(&[]).hang());
        }
        let watch = FeedObserver::default();
        let (took, run) = thread::scope(|scope| {
            let stopping = scope.spawn(|| {
                thread::sleep(Duration::from_millis(500));
                watch.stop.store(true, Ordering::Relaxed);
                LoadClock::start()
            });
            let run = reader.fetch_observed(|order| order.mode = lockstep::domain::operation::Mode::Full, &watch);
            (stopping.join().expect("no panic").elapsed(), run)
        });
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert_eq!(run.failure.expect("an end").0, "stopped");
        let shape = |feeds: &[lockstep::domain::feed::FeedRecord]| -> Vec<_> {
            feeds.iter().map(|feed| (feed.address.clone(), feed.identity, feed.failures, feed.lists.clone())).collect()
        };
        assert_eq!(shape(&reader.feeds), shape(&before));
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
    assert!(grown < 25_000, "{grown} kB more for 40 MB of articles");
}
