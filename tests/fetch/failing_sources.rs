//! Faults while content is delivered, for each kind: the fetch fails with a message that names the host and no secret.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lockstep::domain::feed::FeedRecord;
use lockstep::domain::issue::Issue;
use lockstep::domain::source::Validators;
use lockstep::domain::sync_id::SyncId;
use lockstep::fetch::{FetchError, FetchObserver, FetchOutcome, FetchRequest};

use super::{FetchSetup, peak_memory, source_of_kind};
use crate::support::load_clock::LoadClock;
use crate::support::source_fixture::SourceFixture;
use crate::support::stub_server::{ReplyTransform, StubReply};
use crate::support::waiting::WAIT_LIMIT;

/// Records issues and feeds.
#[derive(Default)]
struct IssueObserver {
    issues: Mutex<Vec<Issue>>,
    feeds: Mutex<Vec<FeedRecord>>,
}

impl FetchObserver for IssueObserver {
    fn report_received(&self, _: u64, _: Option<u64>) {}

    fn report_wait(&self, _: &str, _: DateTime<Utc>) {}

    fn report_issue(&self, issue: Issue) {
        self.issues.lock().expect("issues").push(issue);
    }

    fn report_feeds(&self, feeds: Vec<FeedRecord>) {
        *self.feeds.lock().expect("feeds") = feeds;
    }

    fn should_stop(&self) -> bool {
        false
    }
}

/// The end of a fetch that must fail: its code, its message and how long it took.
pub(super) struct FetchEnd {
    code: String,
    pub(super) message: String,
    took: Duration,
}

/// Fetches a source with a timeout of `limit` and at most `max_bytes`.
fn expect_failed_fetch(fixture: &SourceFixture, limit: Duration, max_bytes: u64) -> FetchEnd {
    let mut setup = FetchSetup::new();
    fixture.apply_settings(&mut setup.settings);
    setup.settings.max_bytes = max_bytes;
    let (nothing, observer) = (Validators::default(), IssueObserver::default());
    let request = FetchRequest {
        sync_id: Some(SyncId::new()),
        total_timeout: WAIT_LIMIT,
        ..FetchRequest::for_probe(&nothing, limit)
    };
    let clock = LoadClock::start();
    let fetched = setup.source_kinds().get(fixture.kind).expect("a kind").fetch(
        &source_of_kind(fixture.kind, fixture.location.clone()),
        &request,
        &observer,
    );
    let took = clock.elapsed();
    let (code, message) = match fetched {
        Err(FetchError::Failed { code, message }) => (code.to_owned(), message),
        Err(FetchError::Stopped) => panic!("{}: nobody stopped it", fixture.name),
        Ok(FetchOutcome::Unchanged(_)) => panic!("{}: it went well", fixture.name),
        Ok(FetchOutcome::Content(content)) => {
            panic!("{}: it went well with {} lines", fixture.name, content.line_count())
        }
    };
    let (issues, feeds) = (observer.issues.into_inner().expect("issues"), observer.feeds.into_inner().expect("feeds"));
    for secret in fixture.secrets() {
        let reported = format!("{message} {issues:?} {:?}", feeds.iter().map(|feed| &feed.error).collect::<Vec<_>>());
        assert!(!reported.contains(&secret), "{}: {secret} in {reported}", fixture.name);
    }
    // The error of a single feed is stored with the feed.
    let own = feeds.into_iter().find_map(|feed| feed.error);
    let (code, message) = own.map_or((code, message.clone()), |(code, text)| {
        assert!(message.contains(&text), "{}: {message}", fixture.name);
        (code, message)
    });
    assert!(message.ends_with('.') && !message.contains('\n'), "{}: {message}", fixture.name);
    FetchEnd { code, message, took }
}

/// The limits of a fetch that must fail.
pub(super) struct ExpectedFailure {
    limit: Duration,
    max_time: Duration,
    max_bytes: u64,
}

impl Default for ExpectedFailure {
    fn default() -> Self {
        // A fetch that fails on the way is tried three times, with pauses in between.
        Self { limit: WAIT_LIMIT, max_time: Duration::from_secs(6), max_bytes: 5_000_000 }
    }
}

/// Changes the replies of a source of each kind, fetches all at the same time, and passes each failure to `judge`.
#[track_caller]
pub(super) fn fail_every_fixture(
    expected: &ExpectedFailure,
    transform: impl Fn(StubReply) -> StubReply + Send + Sync + 'static,
    judge: impl Fn(&SourceFixture, &FetchEnd) + Sync,
) {
    let transform: ReplyTransform = Arc::new(transform);
    let fixtures = SourceFixture::all();
    thread::scope(|scope| {
        for fixture in &fixtures {
            fixture.inject_fault(&transform);
            let judge = &judge;
            scope.spawn(move || {
                let end = expect_failed_fetch(fixture, expected.limit, expected.max_bytes);
                println!("{}: {} in {:?}: {}", fixture.name, end.code, end.took, end.message);
                assert!(end.took < expected.max_time, "{}: {:?}: {}", fixture.name, end.took, end.message);
                judge(fixture, &end);
            });
        }
    });
}

/// Asserts that the failure has this code, and that its message names the host and says what to do.
#[track_caller]
pub(super) fn assert_failure(fixture: &SourceFixture, end: &FetchEnd, code: &str, expected_text: &str) {
    let FetchEnd { code: reported, message, .. } = end;
    assert!(
        reported == code && message.contains(expected_text),
        "{}: not {code} “{expected_text}”: {reported}: {message}",
        fixture.name
    );
    assert!(
        message.contains(&fixture.host) || fixture.uses_google() && message.contains("Google"),
        "{}: {message}",
        fixture.name
    );
}

#[test]
fn every_kind_of_source_delivers_its_content_without_faults() {
    for fixture in SourceFixture::all() {
        let mut setup = FetchSetup::new();
        fixture.apply_settings(&mut setup.settings);
        let content = setup
            .fetch_content(fixture.kind, &fixture.location)
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        assert!(content.line_count() >= 20, "{}: {}", fixture.name, content.line_count());
    }
}

#[test]
fn a_gzip_that_ends_in_the_middle_is_not_taken() {
    fail_every_fixture(
        &ExpectedFailure::default(),
        |whole| whole.gzip().halved(),
        |fixture, end| {
            assert_failure(fixture, end, "truncated", "Try again.");
        },
    );
}

#[test]
fn a_gzip_bomb_stops_at_the_limit_with_flat_memory() {
    let bomb = StubReply::bomb(100_000_000);
    let before = peak_memory();
    fail_every_fixture(
        &ExpectedFailure::default(),
        move |_| bomb.clone(),
        |fixture, end| {
            assert_failure(fixture, end, "too_large", "");
        },
    );
    assert!(peak_memory() < before + 50_000, "{before} → {} kB", peak_memory());
}

#[test]
fn a_length_that_is_larger_than_the_body_is_an_error() {
    fail_every_fixture(&ExpectedFailure::default(), StubReply::overstated, |fixture, end| {
        assert_failure(fixture, end, "truncated", "Try again.");
    });
}

#[test]
fn more_than_the_limit_is_refused() {
    let expected = ExpectedFailure { max_bytes: 100_000, ..ExpectedFailure::default() };
    let large = vec![b' '; 100_001];
    fail_every_fixture(
        &expected,
        move |whole| whole.body(&large),
        |fixture, end| {
            assert_failure(fixture, end, "too_large", "LOCKSTEP_MAX_BYTES");
        },
    );
}

#[test]
fn a_drip_ends_at_the_timeout() {
    let expected = ExpectedFailure {
        limit: Duration::from_millis(1500),
        max_time: Duration::from_secs(3),
        ..ExpectedFailure::default()
    };
    fail_every_fixture(
        &expected,
        |whole| whole.drip(1, Duration::from_millis(200)),
        |fixture, end| {
            assert_failure(fixture, end, "timeout", "did not send the file within 1500 ms");
        },
    );
}

#[test]
fn a_server_that_never_answers_fails_at_the_timeout() {
    let expected = ExpectedFailure {
        limit: Duration::from_millis(1500),
        max_time: Duration::from_secs(3),
        ..ExpectedFailure::default()
    };
    fail_every_fixture(&expected, StubReply::hang, |fixture, end| {
        assert_failure(fixture, end, "timeout", "did not send the file within 1500 ms");
    });
}

#[test]
fn a_web_page_is_never_taken_for_content() {
    let page = |_| StubReply::html("<!doctype html><title>Log in</title><form action=/login>");
    fail_every_fixture(&ExpectedFailure::default(), page, |fixture, end| {
        let (code, expected_text) = match fixture.kind {
            "sheet" if fixture.google().is_some() => ("bad_answer", "Check for a proxy"),
            "sheet" => ("sign_in_page", "Anyone with the link"),
            "feeds" => ("html_page", "a web page, not a feed"),
            "reader" => ("no_reader", "No reader server at "),
            _ => ("html_page", "a web page instead of a data file"),
        };
        assert_failure(fixture, end, code, expected_text);
    });
}

#[test]
fn a_connection_that_is_reset_during_the_body_is_an_error() {
    let expected = ExpectedFailure::default();
    fail_every_fixture(&expected, StubReply::reset, |fixture, end| {
        assert_failure(fixture, end, "truncated", "arrived incomplete");
    });
}
