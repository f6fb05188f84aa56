//! Feeds: which are requested, what is stored about them, and what a bad one affects.

mod guards;
mod hosts;
mod identity;
mod lists;
mod pacing;
mod whole;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use lockstep::domain::feed::FeedRecord;
use lockstep::domain::issue::{Issue, IssueKind};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Mode;
use lockstep::domain::rows::row::TextRow;
use lockstep::domain::source::Validators;
use lockstep::domain::sync_id::SyncId;
use lockstep::fetch::{FetchError, FetchObserver, FetchOutcome, FetchProgress, FetchRequest};

use super::{FetchSetup, read_rows, source_of_kind};
use crate::support::stub_server::{StubReply, StubServer};

/// A source made of feeds, with its state between two fetches.
pub(super) struct FeedReader {
    pub(super) setup: FetchSetup,
    pub(super) location: SourceLocation,
    pub(super) validators: Validators,
    pub(super) feeds: Vec<FeedRecord>,
}

/// The result of one fetch.
pub(super) struct FeedFetch {
    /// The rows; `None` if nothing is new.
    pub(super) rows: Option<Vec<TextRow>>,
    /// The code and the message of a failure.
    pub(super) failure: Option<(&'static str, String)>,
    pub(super) issues: Vec<Issue>,
    pub(super) progress: Vec<FetchProgress>,
    pub(super) bytes: u64,
}

impl FeedFetch {
    /// The titles of the articles, sorted, because feeds of several hosts arrive in any order.
    pub(super) fn sorted_titles(&self) -> Vec<&str> {
        let mut titles: Vec<&str> = self.rows.iter().flatten().map(|row| row.cells[0].as_str()).collect();
        titles.sort_unstable();
        titles
    }

    /// The keys of the articles, sorted.
    pub(super) fn sorted_keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.rows.iter().flatten().map(|row| row.cells[11].as_str()).collect();
        keys.sort_unstable();
        keys
    }

    /// Whether nothing was new.
    pub(super) fn is_unchanged(&self) -> bool {
        self.rows.is_none() && self.failure.is_none()
    }

    /// The only issue, with the name of its feed.
    pub(super) fn only_issue(&self) -> (&str, IssueKind, &str) {
        let [issue] = &self.issues[..] else { panic!("not one issue: {:#?}", self.issues) };
        assert_eq!(issue.row, None);
        (issue.column.as_deref().expect("the feed's name"), issue.kind, &issue.reason)
    }
}

impl FeedReader {
    /// A source that names these addresses.
    pub(super) fn of_addresses(addresses: &[String]) -> Self {
        Self::at_location(match addresses {
            [only] => SourceLocation::Url(only.clone()),
            many => SourceLocation::Urls(many.to_vec()),
        })
    }

    pub(super) fn at_location(location: SourceLocation) -> Self {
        Self { setup: FetchSetup::new(), location, validators: Validators::default(), feeds: Vec::new() }
    }

    pub(super) fn with_timeout(mut self, timeout: Duration) -> Self {
        self.setup.timeout = timeout;
        self
    }

    /// Fetches incrementally, as a scheduled sync.
    pub(super) fn fetch_scheduled(&mut self) -> FeedFetch {
        self.fetch_with(|request| request.is_manual = false)
    }

    /// Fetches incrementally, as a sync that a person started.
    pub(super) fn fetch_manually(&mut self) -> FeedFetch {
        self.fetch_with(|_| ())
    }

    /// Fetches everything, as a full sync.
    pub(super) fn fetch_in_full(&mut self) -> FeedFetch {
        self.fetch_with(|request| request.mode = Mode::Full)
    }

    /// Fetches incrementally and manually, after `change` to the request. The result is applied.
    pub(super) fn fetch_with(&mut self, change: impl FnOnce(&mut FetchRequest<'_>)) -> FeedFetch {
        let observer = FeedObserver::default();
        self.fetch_observed(change, &observer)
    }

    pub(super) fn fetch_observed(
        &mut self,
        change: impl FnOnce(&mut FetchRequest<'_>),
        observer: &FeedObserver,
    ) -> FeedFetch {
        let (validators, feeds) = (self.validators.clone(), self.feeds.clone());
        let mut request = FetchRequest {
            sync_id: Some(SyncId::new()),
            mode: Mode::Incremental,
            total_timeout: self.setup.run,
            feeds: &feeds,
            ..FetchRequest::for_probe(&validators, self.setup.timeout)
        };
        change(&mut request);
        let kinds = self.setup.source_kinds();
        let source = source_of_kind("feeds", self.location.clone());
        let fetched = kinds.get("feeds").expect("the kind").fetch(&source, &request, observer);
        let mut reported = observer.reported.lock().expect("notes");
        let FetchReports { issues, progress, feeds } = std::mem::take(&mut *reported);
        self.feeds = feeds.expect("feed records, however the fetch ends");
        let mut run = FeedFetch { rows: None, failure: None, issues, progress, bytes: 0 };
        match fetched {
            Ok(FetchOutcome::Content(content)) => {
                assert!(!content.is_complete());
                self.validators = content.validators().clone();
                (run.rows, run.bytes) = (Some(read_rows(&*content)), content.byte_count());
            }
            Ok(FetchOutcome::Unchanged(validators)) => self.validators = validators.expect("validators"),
            Err(FetchError::Stopped) => run.failure = Some(("stopped", String::new())),
            Err(FetchError::Failed { code, message }) => run.failure = Some((code, message)),
        }
        run
    }

    /// The number of articles of a full fetch, counted without keeping them in memory.
    pub(super) fn count_articles(&self) -> usize {
        let nothing = Validators::default();
        let request = FetchRequest {
            sync_id: Some(SyncId::new()),
            total_timeout: self.setup.run,
            ..FetchRequest::for_probe(&nothing, self.setup.timeout)
        };
        let source = source_of_kind("feeds", self.location.clone());
        let kinds = self.setup.source_kinds();
        match kinds.get("feeds").expect("the kind").fetch(&source, &request, &SilentObserver).expect("content") {
            FetchOutcome::Content(content) => content.rows().expect("rows").count(),
            FetchOutcome::Unchanged(_) => panic!("a full fetch is never unchanged"),
        }
    }

    /// The record of the feed whose address ends with `end`.
    pub(super) fn find_feed(&self, end: &str) -> &FeedRecord {
        self.feeds.iter().find(|feed| feed.address.ends_with(end)).expect("the feed")
    }

    /// The validators for the address that ends with `end`.
    pub(super) fn find_validators(&mut self, end: &str) -> &mut Validators {
        let mut each = self.validators.each.iter_mut();
        each.find(|(address, _)| address.ends_with(end)).map(|(_, known)| known).expect("validators")
    }

    /// Ends all rate limits and pauses after failures, as time does.
    pub(super) fn clear_waits(&mut self) {
        for feed in &mut self.feeds {
            (feed.rate_limited_until, feed.backing_off_until) = (None, None);
        }
    }
}

/// A timeout in whole seconds, at least `least`, that feeds on this machine keep: eight times as long as reading three
/// feeds takes now. It stays below the timeout that every feed has.
fn ample_timeout(least: Duration) -> Duration {
    let stub = StubServer::start();
    stub.set_reply("/feed", StubReply::feed("Feed", &["1"]));
    let addresses: Vec<String> = (0..3).map(|n| stub.url(&format!("/feed?{n}"))).collect();
    let started = Instant::now();
    assert_eq!(FeedReader::of_addresses(&addresses).fetch_manually().sorted_titles().len(), 3);
    Duration::from_secs((started.elapsed() * 8).as_secs() + 1).clamp(least, Duration::from_secs(29))
}

/// An observer that ignores everything.
struct SilentObserver;

impl FetchObserver for SilentObserver {
    fn report_received(&self, _: u64, _: Option<u64>) {}

    fn report_wait(&self, _: &str, _: DateTime<Utc>) {}

    fn should_stop(&self) -> bool {
        false
    }
}

#[derive(Default)]
struct FetchReports {
    issues: Vec<Issue>,
    progress: Vec<FetchProgress>,
    feeds: Option<Vec<FeedRecord>>,
}

/// An observer that records issues, progress and feeds, and cancels when `stop` is set.
#[derive(Default)]
pub(super) struct FeedObserver {
    pub(super) stop: AtomicBool,
    reported: Mutex<FetchReports>,
}

impl FetchObserver for FeedObserver {
    fn report_received(&self, _: u64, _: Option<u64>) {
        panic!("how far one of many feeds is says nothing of the whole");
    }

    fn report_wait(&self, _: &str, _: DateTime<Utc>) {}

    fn report_progress(&self, now: &FetchProgress) {
        self.reported.lock().expect("notes").progress.push(now.clone());
    }

    fn report_issue(&self, issue: Issue) {
        self.reported.lock().expect("notes").issues.push(issue);
    }

    fn report_feeds(&self, feeds: Vec<FeedRecord>) {
        self.reported.lock().expect("notes").feeds = Some(feeds);
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
