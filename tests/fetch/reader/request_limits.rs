//! Limits of reader servers: quotas, waits and timeouts; and which requests carry secrets.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Mode;

use super::{ALL_DIALECTS, ReaderObserver, StoredFields, fetch_articles, fetch_within, find_field, sample_articles};
use crate::fetch::{FetchSetup, RecordingObserver, expect_failure};
use crate::support::load_clock::LoadClock;
use crate::support::reader_server::{
    ACCOUNT_SECRETS, ReaderArticle, ReaderDialect, ReaderFault, ReaderReplyTransform, ReaderServer,
};
use crate::support::stub_server::StubReply;
use crate::support::waiting::wait_until;

#[test]
fn a_used_up_quota_postpones_the_remaining_articles() {
    let articles = ReaderArticle::make_many(1000, 350);
    let server = ReaderServer::start(ReaderDialect::Inoreader, articles.clone());
    server.set_quota(6, 0, 4000);
    let observer = ReaderObserver::default();
    let (keys, stored) =
        fetch_articles(&server.url(), Mode::Incremental, &StoredFields::new(), &observer).expect("what was allowed");
    assert_eq!(observer.waits.lock().expect("waits").len(), 0, "it does not wait for the quota of tomorrow");
    assert_eq!(keys, articles[..200].iter().map(ReaderArticle::key).collect::<Vec<_>>(), "the newest");
    let issues = observer.list_issues();
    assert!(issues.len() == 1 && issues[0].contains("The next sync fetches the remaining 150 articles."), "{issues:?}");
    assert!(issues[0].contains("until") && issues[0].contains("UTC"), "{issues:?}");
    assert_eq!(
        server.take_request_names().len(),
        7,
        "the login is not counted, and what would be refused is not asked"
    );
    server.set_quota(100, 0, 4000);
    let (_, all) = fetch_articles(&server.url(), Mode::Incremental, &stored, &observer).expect("the rest");
    assert_eq!((all.len(), server.take_request_names().len()), (350, 7));
    // A full sync that is cut short keeps the stored articles, with their new states.
    server.change_articles(|articles| articles.iter_mut().for_each(|article| article.read = true));
    server.set_quota(5, 0, 4000);
    let (_, now) = fetch_articles(&server.url(), Mode::Full, &all, &ReaderObserver::default()).expect("all the same");
    assert_eq!(now.len(), 350);
    assert!(articles.iter().all(|article| find_field(&now, article, "read") == "yes"));
}

#[test]
fn a_quota_that_allows_no_useful_request_fails_with_the_time_of_the_next_try() {
    let server = ReaderServer::start(ReaderDialect::Inoreader, sample_articles());
    for used in [100, 98, 97] {
        server.set_quota(100, used, 4000);
        let (code, message) =
            expect_failure(fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &ReaderObserver::default()));
        assert!(code == "rate_limited" && message.contains("Rate-limited by"), "{code}: {message}");
    }
}

#[test]
fn a_short_wait_is_obeyed_and_reported() {
    let server = ReaderServer::start(ReaderDialect::Inoreader, sample_articles());
    let in_a_second = |header: &'static str| ReaderFault::Status(429, vec![(header, "1".to_owned())]);
    server.inject_fault("all", 1..2, in_a_second("X-Reader-Limits-Reset-After"));
    server.inject_fault("contents", 1..2, in_a_second("Retry-After"));
    let observer = ReaderObserver::default();
    let started = Instant::now();
    let (keys, _) = fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &observer).expect("in the end");
    assert!(keys.len() == 3 && started.elapsed() > Duration::from_millis(1900), "{:?}", started.elapsed());
    assert_eq!(observer.waits.lock().expect("waits").len(), 2);
    // The quota is used up for a short time: the fetch waits before the server would refuse it.
    server.set_quota(4, 0, 1);
    server.take_requests();
    let server = &server;
    thread::scope(|scope| {
        scope.spawn(move || {
            wait_until(|| server.is_quota_used_up());
            server.set_quota(4, 0, 1);
        });
        fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &observer).expect("a fetch after the wait");
    });
    assert_eq!(observer.waits.lock().expect("waits").len(), 3);
    assert_eq!(server.take_request_names().len(), 6);
}

#[test]
fn a_run_with_little_time_left_keeps_the_articles_it_has() {
    let server = ReaderServer::start(ReaderDialect::FreshRss, ReaderArticle::make_many(5000, 900));
    // A run without a limit shows how fast this machine is.
    let started = Instant::now();
    fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &ReaderObserver::default()).expect("all articles");
    let limit = (started.elapsed() * 8).max(Duration::from_secs(12));
    let (observer, started) = (ReaderObserver::default(), Instant::now());
    // However long the first two batches took, the third one is answered after two thirds of the time.
    let wait_for_the_last_third = move |_| {
        let wait = (limit * 2 / 3).saturating_sub(started.elapsed());
        StubReply::status(503).header("Retry-After", &(wait.as_secs() + 1).to_string())
    };
    let transform = ReaderReplyTransform(Arc::new(wait_for_the_last_third));
    server.inject_fault("contents", 3..4, ReaderFault::ChangedReply(transform));
    let (keys, _) =
        fetch_within(limit, &server.url(), Mode::Incremental, &StoredFields::new(), &observer).expect("a part");
    assert_eq!(keys.len(), 300, "{:?}", observer.list_issues());
    let issues = observer.list_issues();
    assert!(issues.len() == 1 && issues[0].contains("The next sync fetches the remaining 600 articles."), "{issues:?}");
}

#[test]
fn the_newest_ten_thousand_articles_are_taken() {
    let articles = ReaderArticle::make_many(50_000, 10_050);
    let stored: StoredFields = {
        let few = ReaderServer::start(ReaderDialect::Miniflux, articles[..1].to_vec());
        let (_, one) =
            fetch_articles(&few.url(), Mode::Full, &StoredFields::new(), &ReaderObserver::default()).expect("one");
        let fields = one.into_values().next().expect("its fields");
        let with = |key: String| {
            let mut fields = fields.clone();
            fields.last_mut().expect("the key").1.clone_from(&key);
            (key, fields)
        };
        articles.iter().map(|article| with(article.key())).collect()
    };
    let server = ReaderServer::start(ReaderDialect::Miniflux, articles.clone());
    let observer = ReaderObserver::default();
    let (keys, now) = fetch_articles(&server.url(), Mode::Incremental, &stored, &observer).expect("the newest");
    assert_eq!((keys.len(), observer.list_issues().len()), (10_000, 1));
    assert!(observer.list_issues()[0].contains("the newest 10,000 are mirrored"), "{:?}", observer.list_issues());
    assert!(articles[..10_000].iter().all(|article| (find_field(&now, article, "read") == "yes") == article.read));
}

#[test]
fn a_cancel_ends_a_server_that_hangs() {
    for part in ["login", "all", "contents"] {
        let server = ReaderServer::start(ReaderDialect::Miniflux, sample_articles());
        server.inject_fault(part, 1..usize::MAX, ReaderFault::Hang);
        let (setup, observer) = (FetchSetup::new(), RecordingObserver::default());
        let location = SourceLocation::Url(server.url());
        thread::scope(|scope| {
            let fetching = scope.spawn(|| setup.fetch("reader", &location, None, &observer).map(drop));
            wait_until(|| server.has_been_asked_for(part));
            thread::sleep(Duration::from_millis(200));
            observer.stop.store(true, Ordering::Relaxed);
            let clock = LoadClock::start();
            assert_eq!(expect_failure(fetching.join().expect("no panic")).0, "stopped", "{part}");
            assert!(clock.elapsed() < Duration::from_secs(1), "{part}");
        });
    }
}

#[test]
fn secrets_are_sent_only_where_they_are_needed() {
    for dialect in ALL_DIALECTS {
        let server = ReaderServer::start(dialect, sample_articles());
        fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &ReaderObserver::default()).expect("articles");
        for request in server.take_requests() {
            let login = request.what == "login";
            assert_eq!(request.field("Passwd").is_some(), login, "{request:?}");
            let header = request.header("Authorization").unwrap_or_default();
            assert!(!header.starts_with("Basic"), "{request:?}");
            assert_eq!(header.is_empty(), login, "{request:?}");
            assert_eq!(request.header("AppKey").is_some(), dialect == ReaderDialect::Inoreader, "{request:?}");
            let in_query = request.fields.iter().filter(|(name, _)| name != "Passwd" && name != "T");
            for (name, value) in in_query {
                assert!(ACCOUNT_SECRETS.iter().all(|secret| !value.contains(secret)), "{name}: {value}");
            }
        }
    }
}
