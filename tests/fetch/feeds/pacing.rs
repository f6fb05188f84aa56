//! How often a feed is asked: what its server wishes, what its failures cost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lockstep::domain::issue::IssueKind;
use lockstep::domain::progress::ProgressCount;

use super::Reader;
use crate::support::PausePoint;
use crate::support::load_clock::LoadClock;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn a_feed_that_is_fresh_is_not_asked_but_in_full() {
    let stub = StubServer::start();
    let fresh = |guids: &[&str]| StubReply::feed("F", guids).header("Cache-Control", "max-age=600").etag("\"f\"");
    stub.set("/f", fresh(&["1"]));
    stub.set("/g", StubReply::feed("G", &["1"]).header("Cache-Control", "no-cache, max-age=600"));
    let mut reader = Reader::of(&[stub.url("/f"), stub.url("/g")]);
    reader.by_hand();
    let until = reader.known("/f").fresh_until.expect("fresh");
    assert!(until > Utc::now() + TimeDelta::seconds(590) && until <= Utc::now() + TimeDelta::seconds(600), "{until}");
    for run in [reader.by_hand(), reader.scheduled()] {
        assert!(run.is_unchanged() && run.issues.is_empty(), "{:?}", run.issues);
        assert_eq!(run.progress.last().and_then(|now| now.feeds), Some(ProgressCount { processed: 1, total: 1 }));
    }
    assert_eq!((stub.request_count("/f"), stub.request_count("/g")), (1, 3));
    assert_eq!(reader.known("/f").fresh_until, Some(until));

    assert_eq!(reader.full().titles().len(), 2);
    assert_eq!(stub.request_count("/f"), 2);
    // It is over, and 304 makes it fresh again.
    reader.known("/f").fresh_until = Some(Utc::now());
    assert!(reader.by_hand().is_unchanged());
    assert_eq!(stub.request_count("/f"), 3);
    assert!(reader.known("/f").fresh_until > Some(until));
    assert!(reader.by_hand().is_unchanged());
    assert_eq!(stub.request_count("/f"), 3);
}

#[test]
fn a_server_that_asks_for_a_long_wait_is_left_alone_by_everybody() {
    let (stub, other) = (StubServer::start(), StubServer::start());
    stub.set("/busy", StubReply::status(429).header("Retry-After", "3600"));
    other.set("/f", StubReply::feed("F", &["1"]));
    let mut reader = Reader::of(&[stub.url("/busy"), other.url("/f")]);
    let begun = LoadClock::start();
    let run = reader.by_hand();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(run.titles(), ["Article 1"]);
    let (name, kind, reason) = run.only_issue();
    assert!(name.ends_with("/busy") && kind == IssueKind::Noted, "{name}");
    assert!(reason.starts_with("Rate-limited until ") && reason.contains(" UTC"), "{reason}");
    let until = reader.feed("/busy").rate_limited_until.expect("a time");
    assert!((until - Utc::now()).num_seconds() > 3590);
    assert_eq!(reader.feed("/busy").failures, 0, "it is no failure");

    stub.set("/busy", StubReply::feed("Busy", &["1"]));
    for run in [reader.by_hand(), reader.full(), reader.scheduled(), reader.fetch(|order| order.only_failed = true)] {
        assert!(run.failure.is_none() && run.only_issue().2.starts_with("Rate-limited until "), "{:?}", run.failure);
    }
    assert_eq!(stub.request_count("/busy"), 1);
    reader.later();
    assert_eq!(reader.scheduled().titles(), ["Article 1"]);
    assert_eq!(reader.feed("/busy").rate_limited_until, None);
}

#[test]
fn a_server_that_asks_to_be_left_alone_means_all_its_feeds() {
    let (stub, other) = (StubServer::start(), StubServer::start());
    let mut addresses: Vec<String> = (0..50).map(|n| stub.url(&format!("/{n}"))).collect();
    stub.set("/0", StubReply::feed("First", &["1"]));
    // The first refusal may mean one feed; the second one means the server.
    let busy = || StubReply::status(429).header("Retry-After", "3600");
    stub.set("/1", busy());
    let (second_refused, is_first) = (PausePoint::default(), AtomicBool::new(true));
    let refused = second_refused.clone();
    stub.reply_with("/2", move |_| {
        refused.resume();
        if is_first.swap(false, Ordering::Relaxed) { busy() } else { StubReply::feed("F", &["1"]) }
    });
    // What leads to that server is not all that its own serves.
    let to = stub.url("/1");
    other.reply_with("/moved", move |_| {
        second_refused.pause();
        StubReply::redirect(302, &to)
    });
    other.set("/own", StubReply::feed("Own", &["1"]));
    addresses.extend([other.url("/moved"), other.url("/own")]);
    let mut reader = Reader::of(&addresses);
    let run = reader.by_hand();
    let hits = ["/0", "/1", "/2", "/3"].map(|path| stub.request_count(path));
    assert_eq!(hits, [1, 2, 1, 0]);
    assert_eq!((run.titles().len(), run.issues.len()), (2, 50), "{:?}", run.issues);
    assert!(run.issues.iter().all(|issue| issue.reason.contains("Rate-limited until")));
    let left = |reader: &Reader| reader.feeds.iter().filter(|feed| feed.rate_limited_until > Some(Utc::now())).count();
    assert_eq!(left(&reader), 51, "the one that was read before as well");
    assert!(reader.feeds.iter().all(|feed| !feed.has_failed()));
    assert_eq!(run.progress.last().and_then(|now| now.feeds), Some(ProgressCount { processed: 52, total: 52 }));

    reader.full();
    let hits: usize = (0..50).map(|n| stub.request_count(&format!("/{n}"))).sum();
    assert_eq!((hits, other.request_count("/own")), (4, 2), "until then it is asked for nothing");
    reader.later();
    stub.set("/1", StubReply::feed("F", &["1"]));
    reader.full();
    let hits: usize = (0..50).map(|n| stub.request_count(&format!("/{n}"))).sum();
    assert_eq!((hits, left(&reader)), (55, 0));
}

#[test]
fn a_short_wait_is_waited_for() {
    let stub = StubServer::start();
    stub.set("/busy", StubReply::status(503).header("Retry-After", "1"));
    stub.then("/busy", StubReply::feed("F", &["1"]));
    let run = Reader::of(&[stub.url("/busy")]).by_hand();
    assert_eq!((run.titles(), run.issues.len()), (vec!["Article 1"], 0));
    // Fifteen seconds are too long to hold a run up, though it has them.
    stub.set("/later", StubReply::status(503).header("Retry-After", "15"));
    let begun = LoadClock::start();
    assert!(Reader::of(&[stub.url("/later")]).by_hand().only_issue().2.starts_with("Rate-limited until "));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // One that asks again and again is left alone.
    stub.set("/again", StubReply::status(503).header("Retry-After", "1"));
    let mut reader = Reader::of(&[stub.url("/again")]);
    let run = reader.by_hand();
    assert!(run.failure.is_none() && run.only_issue().2.starts_with("Rate-limited until "), "{:?}", run.failure);
    assert_eq!(stub.request_count("/again"), 3);
}

#[test]
fn a_feed_that_fails_rests_and_people_need_not_wait() {
    let stub = StubServer::start();
    stub.set("/bad", StubReply::status(404));
    stub.set("/f", StubReply::feed("F", &["1"]));
    let mut reader = Reader::of(&[stub.url("/bad"), stub.url("/f")]);
    for (failures, minutes) in [(1, 5), (2, 10), (3, 20)] {
        reader.by_hand();
        let feed = reader.feed("/bad");
        let rests = feed.backing_off_until.expect("a rest") - Utc::now();
        assert_eq!(feed.failures, failures);
        assert!(rests <= TimeDelta::minutes(minutes) && rests > TimeDelta::minutes(minutes) * 3 / 4, "{rests}");
    }
    let run = reader.scheduled();
    assert_eq!(stub.request_count("/bad"), 3);
    assert!(run.is_unchanged());
    let (_, kind, reason) = run.only_issue();
    assert!(kind == IssueKind::Noted && reason.starts_with("Failed 3 times in a row. Next retry at "), "{reason}");

    let asked = stub.request_count("/f");
    reader.fetch(|order| order.only_failed = true);
    assert_eq!((stub.request_count("/bad"), stub.request_count("/f")), (4, asked), "only the failed ones");
    stub.set("/bad", StubReply::feed("Good now", &["1"]));
    reader.later();
    assert_eq!(reader.scheduled().titles(), ["Article 1"]);
    let feed = reader.feed("/bad");
    assert_eq!((feed.failures, &feed.error, feed.backing_off_until), (0, &None, None));
}

#[test]
fn a_source_whose_feeds_all_rest_after_failures_has_not_succeeded() {
    let stub = StubServer::start();
    stub.set("/bad", StubReply::status(500));
    let mut reader = Reader::of(&[stub.url("/bad")]);
    assert_eq!(reader.by_hand().failure.expect("a failure").0, "no_feed");
    let hits = stub.request_count("/bad");
    let run = reader.scheduled();
    assert_eq!((run.failure.expect("a failure").0, stub.request_count("/bad")), ("no_feed", hits));
}

#[test]
fn a_feed_that_is_gone_is_named_and_asked_once_a_day() {
    let stub = StubServer::start();
    stub.set("/gone", StubReply::status(410));
    stub.set("/f", StubReply::feed("F", &["1"]));
    let mut reader = Reader::of(&[stub.url("/gone"), stub.url("/f")]);
    let run = reader.by_hand();
    assert!(run.only_issue().2.contains("Remove it from this source"), "{:?}", run.issues);
    let rests = reader.feed("/gone").backing_off_until.expect("a rest") - Utc::now();
    assert!(rests > TimeDelta::hours(23) && rests <= TimeDelta::hours(24), "{rests}");
}

#[test]
fn a_feed_that_moved_for_good_is_noted_with_its_new_address() {
    let stub = StubServer::start();
    stub.set("/new", StubReply::feed("F", &["1"]));
    stub.set("/old", StubReply::redirect(301, "/new?token=s3cret"));
    stub.set("/away", StubReply::redirect(302, "/new"));
    let run = Reader::of(&[stub.url("/old"), stub.url("/away")]).by_hand();
    let (name, kind, reason) = run.only_issue();
    // The two have the same title.
    assert!(name.starts_with("F (127.0.0.1") && name.ends_with("/old)") && kind == IssueKind::Noted, "{name}");
    assert!(
        reason.contains("Moved permanently to ") && reason.contains("/new?…") && !reason.contains("s3cret"),
        "{reason}"
    );
}
