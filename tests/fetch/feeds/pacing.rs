//! How often a feed is requested: freshness, rate limits, and pauses after failures.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lockstep::domain::issue::IssueKind;
use lockstep::domain::progress::ProgressCount;

use super::FeedReader;
use crate::support::PausePoint;
use crate::support::load_clock::LoadClock;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn a_fresh_feed_is_requested_only_by_a_full_sync() {
    let stub = StubServer::start();
    let fresh = |guids: &[&str]| StubReply::feed("F", guids).header("Cache-Control", "max-age=600").etag("\"f\"");
    stub.set_reply("/f", fresh(&["1"]));
    stub.set_reply("/g", StubReply::feed("G", &["1"]).header("Cache-Control", "no-cache, max-age=600"));
    let mut reader = FeedReader::of_addresses(&[stub.url("/f"), stub.url("/g")]);
    reader.fetch_manually();
    let until = reader.find_validators("/f").fresh_until.expect("fresh");
    assert!(until > Utc::now() + TimeDelta::seconds(590) && until <= Utc::now() + TimeDelta::seconds(600), "{until}");
    for run in [reader.fetch_manually(), reader.fetch_scheduled()] {
        assert!(run.is_unchanged() && run.issues.is_empty(), "{:?}", run.issues);
        assert_eq!(run.progress.last().and_then(|now| now.feeds), Some(ProgressCount { processed: 1, total: 1 }));
    }
    assert_eq!((stub.request_count("/f"), stub.request_count("/g")), (1, 3));
    assert_eq!(reader.find_validators("/f").fresh_until, Some(until));

    assert_eq!(reader.fetch_in_full().sorted_titles().len(), 2);
    assert_eq!(stub.request_count("/f"), 2);
    // The freshness has ended, and a 304 renews it.
    reader.find_validators("/f").fresh_until = Some(Utc::now());
    assert!(reader.fetch_manually().is_unchanged());
    assert_eq!(stub.request_count("/f"), 3);
    assert!(reader.find_validators("/f").fresh_until > Some(until));
    assert!(reader.fetch_manually().is_unchanged());
    assert_eq!(stub.request_count("/f"), 3);
}

#[test]
fn no_run_requests_a_server_that_asked_for_a_long_wait() {
    let (stub, other) = (StubServer::start(), StubServer::start());
    stub.set_reply("/busy", StubReply::status(429).header("Retry-After", "3600"));
    other.set_reply("/f", StubReply::feed("F", &["1"]));
    let mut reader = FeedReader::of_addresses(&[stub.url("/busy"), other.url("/f")]);
    let clock = LoadClock::start();
    let run = reader.fetch_manually();
    assert!(clock.elapsed() < Duration::from_secs(2), "{:?}", clock.elapsed());
    assert_eq!(run.sorted_titles(), ["Article 1"]);
    let (name, kind, reason) = run.only_issue();
    assert!(name.ends_with("/busy") && kind == IssueKind::Noted, "{name}");
    assert!(reason.starts_with("Rate-limited until ") && reason.contains(" UTC"), "{reason}");
    let until = reader.find_feed("/busy").rate_limited_until.expect("a time");
    assert!((until - Utc::now()).num_seconds() > 3590);
    assert_eq!(reader.find_feed("/busy").failures, 0, "it is no failure");

    stub.set_reply("/busy", StubReply::feed("Busy", &["1"]));
    for run in [
        reader.fetch_manually(),
        reader.fetch_in_full(),
        reader.fetch_scheduled(),
        reader.fetch_with(|request| request.only_failed = true),
    ] {
        assert!(run.failure.is_none() && run.only_issue().2.starts_with("Rate-limited until "), "{:?}", run.failure);
    }
    assert_eq!(stub.request_count("/busy"), 1);
    reader.clear_waits();
    assert_eq!(reader.fetch_scheduled().sorted_titles(), ["Article 1"]);
    assert_eq!(reader.find_feed("/busy").rate_limited_until, None);
}

#[test]
fn a_rate_limit_applies_to_all_feeds_of_a_server() {
    let (stub, other) = (StubServer::start(), StubServer::start());
    let mut addresses: Vec<String> = (0..50).map(|n| stub.url(&format!("/{n}"))).collect();
    stub.set_reply("/0", StubReply::feed("First", &["1"]));
    // The first refusal may concern one feed; the second one concerns the whole server.
    let busy = || StubReply::status(429).header("Retry-After", "3600");
    stub.set_reply("/1", busy());
    let (second_refused, is_first) = (PausePoint::default(), AtomicBool::new(true));
    let refused = second_refused.clone();
    stub.reply_with("/2", move |_| {
        refused.resume();
        if is_first.swap(false, Ordering::Relaxed) { busy() } else { StubReply::feed("F", &["1"]) }
    });
    // A redirect to that server affects only this address of the other host.
    let to = stub.url("/1");
    other.reply_with("/moved", move |_| {
        second_refused.pause();
        StubReply::redirect(302, &to)
    });
    other.set_reply("/own", StubReply::feed("Own", &["1"]));
    addresses.extend([other.url("/moved"), other.url("/own")]);
    let mut reader = FeedReader::of_addresses(&addresses);
    let run = reader.fetch_manually();
    let hits = ["/0", "/1", "/2", "/3"].map(|path| stub.request_count(path));
    assert_eq!(hits, [1, 2, 1, 0]);
    assert_eq!((run.sorted_titles().len(), run.issues.len()), (2, 50), "{:?}", run.issues);
    assert!(run.issues.iter().all(|issue| issue.reason.contains("Rate-limited until")));
    let left =
        |reader: &FeedReader| reader.feeds.iter().filter(|feed| feed.rate_limited_until > Some(Utc::now())).count();
    assert_eq!(left(&reader), 51, "the one that was read before as well");
    assert!(reader.feeds.iter().all(|feed| !feed.has_failed()));
    assert_eq!(run.progress.last().and_then(|now| now.feeds), Some(ProgressCount { processed: 52, total: 52 }));

    reader.fetch_in_full();
    let hits: usize = (0..50).map(|n| stub.request_count(&format!("/{n}"))).sum();
    assert_eq!((hits, other.request_count("/own")), (4, 2), "until then it gets no request");
    reader.clear_waits();
    stub.set_reply("/1", StubReply::feed("F", &["1"]));
    reader.fetch_in_full();
    let hits: usize = (0..50).map(|n| stub.request_count(&format!("/{n}"))).sum();
    assert_eq!((hits, left(&reader)), (55, 0));
}

#[test]
fn a_short_wait_is_obeyed() {
    let stub = StubServer::start();
    stub.set_reply("/busy", StubReply::status(503).header("Retry-After", "1"));
    stub.queue_reply("/busy", StubReply::feed("F", &["1"]));
    let run = FeedReader::of_addresses(&[stub.url("/busy")]).fetch_manually();
    assert_eq!((run.sorted_titles(), run.issues.len()), (vec!["Article 1"], 0));
    // A run does not wait fifteen seconds for one feed, although it has the time.
    stub.set_reply("/later", StubReply::status(503).header("Retry-After", "15"));
    let clock = LoadClock::start();
    assert!(
        FeedReader::of_addresses(&[stub.url("/later")])
            .fetch_manually()
            .only_issue()
            .2
            .starts_with("Rate-limited until ")
    );
    assert!(clock.elapsed() < Duration::from_secs(5), "{:?}", clock.elapsed());
    // A server that asks for a wait again and again counts as rate-limited.
    stub.set_reply("/again", StubReply::status(503).header("Retry-After", "1"));
    let mut reader = FeedReader::of_addresses(&[stub.url("/again")]);
    let run = reader.fetch_manually();
    assert!(run.failure.is_none() && run.only_issue().2.starts_with("Rate-limited until "), "{:?}", run.failure);
    assert_eq!(stub.request_count("/again"), 3);
}

#[test]
fn a_failed_feed_pauses_for_schedules_only() {
    let stub = StubServer::start();
    stub.set_reply("/bad", StubReply::status(404));
    stub.set_reply("/f", StubReply::feed("F", &["1"]));
    let mut reader = FeedReader::of_addresses(&[stub.url("/bad"), stub.url("/f")]);
    for (failures, minutes) in [(1, 5), (2, 10), (3, 20)] {
        reader.fetch_manually();
        let feed = reader.find_feed("/bad");
        let rests = feed.backing_off_until.expect("a rest") - Utc::now();
        assert_eq!(feed.failures, failures);
        assert!(rests <= TimeDelta::minutes(minutes) && rests > TimeDelta::minutes(minutes) * 3 / 4, "{rests}");
    }
    let run = reader.fetch_scheduled();
    assert_eq!(stub.request_count("/bad"), 3);
    assert!(run.is_unchanged());
    let (_, kind, reason) = run.only_issue();
    assert!(kind == IssueKind::Noted && reason.starts_with("Failed 3 times in a row. Next retry at "), "{reason}");

    let count_before = stub.request_count("/f");
    reader.fetch_with(|request| request.only_failed = true);
    assert_eq!((stub.request_count("/bad"), stub.request_count("/f")), (4, count_before), "only the failed ones");
    stub.set_reply("/bad", StubReply::feed("Good now", &["1"]));
    reader.clear_waits();
    assert_eq!(reader.fetch_scheduled().sorted_titles(), ["Article 1"]);
    let feed = reader.find_feed("/bad");
    assert_eq!((feed.failures, &feed.error, feed.backing_off_until), (0, &None, None));
}

#[test]
fn a_source_whose_feeds_are_all_paused_has_failed() {
    let stub = StubServer::start();
    stub.set_reply("/bad", StubReply::status(500));
    let mut reader = FeedReader::of_addresses(&[stub.url("/bad")]);
    assert_eq!(reader.fetch_manually().failure.expect("a failure").0, "no_feed");
    let hits = stub.request_count("/bad");
    let run = reader.fetch_scheduled();
    assert_eq!((run.failure.expect("a failure").0, stub.request_count("/bad")), ("no_feed", hits));
}

#[test]
fn a_feed_that_is_gone_is_reported_and_requested_once_a_day() {
    let stub = StubServer::start();
    stub.set_reply("/gone", StubReply::status(410));
    stub.set_reply("/f", StubReply::feed("F", &["1"]));
    let mut reader = FeedReader::of_addresses(&[stub.url("/gone"), stub.url("/f")]);
    let run = reader.fetch_manually();
    assert!(run.only_issue().2.contains("Remove it from this source"), "{:?}", run.issues);
    let rests = reader.find_feed("/gone").backing_off_until.expect("a rest") - Utc::now();
    assert!(rests > TimeDelta::hours(23) && rests <= TimeDelta::hours(24), "{rests}");
}

#[test]
fn a_feed_that_moved_for_good_is_noted_with_its_new_address() {
    let stub = StubServer::start();
    stub.set_reply("/new", StubReply::feed("F", &["1"]));
    stub.set_reply("/old", StubReply::redirect(301, "/new?token=s3cret"));
    stub.set_reply("/away", StubReply::redirect(302, "/new"));
    let run = FeedReader::of_addresses(&[stub.url("/old"), stub.url("/away")]).fetch_manually();
    let (name, kind, reason) = run.only_issue();
    // Both feeds have the same title.
    assert!(name.starts_with("F (127.0.0.1") && name.ends_with("/old)") && kind == IssueKind::Noted, "{name}");
    assert!(
        reason.contains("Moved permanently to ") && reason.contains("/new?…") && !reason.contains("s3cret"),
        "{reason}"
    );
}
