//! Runs the threads that fetch the feeds of a source, several hosts at once. Articles are written one feed at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::{Condvar, Mutex};

use super::feed_job::FeedJob;
use super::feed_request::{FEED_TIMEOUT, FeedBody, FeedResponse, request_feed};
use super::host_queue::HostQueue;
use super::progress::CrawlProgress;
use super::state::CrawlState;
use crate::fetch::feeds::messages;
use crate::fetch::http::HttpClient;
use crate::fetch::http::cancel_token::{POLL_INTERVAL, deadline};
use crate::fetch::http::web_address::{host_key, parse_web_address};
use crate::fetch::row_file::RowWriter;
use crate::fetch::{FetchError, FetchObserver, FetchRequest};

/// How many hosts are fetched from at the same time.
const MAX_CONCURRENT_HOSTS: usize = 8;

/// The share of a run's time that is used for fetching; the rest is for its articles.
const FETCH_TIME_SHARE: f64 = 0.8;

/// Reads the body of a source that is a local file.
pub(in crate::fetch) type ReadLocalFile<'a> = dyn Fn(&dyn FetchObserver) -> Result<FeedBody, FetchError> + Sync + 'a;

/// Fetches the feeds of one source in one run.
pub(in crate::fetch) struct FeedCrawler<'a> {
    client: &'a HttpClient,
    pub(super) request: FetchRequest<'a>,
    pub(super) observer: &'a dyn FetchObserver,
    /// The text encoding configured for the source.
    pub(super) encoding: Option<&'a str>,
    /// Set if the source is a local file.
    read_local: Option<&'a ReadLocalFile<'a>>,
    /// The size limit of all feeds together.
    max_total_bytes: u64,
    /// When fetching ends.
    deadline: Instant,
    pub(super) shared: Mutex<SharedCrawlState<'a>>,
    /// Notified when a job was added or a host became free.
    changed: Condvar,
    /// The articles. A thread holds the lock while it parses a feed, so that only one feed at a time is in memory.
    pub(super) rows: Mutex<RowWriter>,
}

/// The state that the threads of a crawl share.
pub(super) struct SharedCrawlState<'a> {
    pub(super) state: CrawlState<'a>,
    queue: HostQueue<FeedJob>,
    progress: CrawlProgress,
    /// Why no more articles can be written, if writing failed.
    disk_error: Option<FetchError>,
}

/// The result of a crawl.
pub(in crate::fetch) struct CrawlResult<'a> {
    pub(in crate::fetch) state: CrawlState<'a>,
    pub(in crate::fetch) rows: RowWriter,
    pub(in crate::fetch) bytes: u64,
    pub(in crate::fetch) disk_error: Option<FetchError>,
}

impl<'a> FeedCrawler<'a> {
    /// A crawl of the feeds and lists at `addresses`. With `read_local`, the only address is the path of that local
    /// file.
    ///
    /// # Errors
    /// `disk` when the temporary file for the articles cannot be created.
    pub(in crate::fetch) fn new(
        client: &'a HttpClient,
        max_total_bytes: u64,
        request: FetchRequest<'a>,
        observer: &'a dyn FetchObserver,
        (addresses, read_local): (&[String], Option<&'a ReadLocalFile<'a>>),
        encoding: Option<&'a str>,
    ) -> Result<Self, FetchError> {
        let rows = Mutex::new(RowWriter::new(&client.settings.work_dir)?);
        let shared = SharedCrawlState {
            state: CrawlState::new(request, addresses),
            queue: HostQueue::new(),
            progress: CrawlProgress::default(),
            disk_error: None,
        };
        let deadline = deadline(request.total_timeout.mul_f64(FETCH_TIME_SHARE));
        let (shared, changed) = (Mutex::new(shared), Condvar::new());
        Ok(Self { client, request, observer, encoding, read_local, max_total_bytes, deadline, shared, changed, rows })
    }

    /// Fetches all feeds that are due. Ends after the last one, at the deadline, or soon after a stop is requested.
    pub(in crate::fetch) fn run(self) -> CrawlResult<'a> {
        {
            let shared = &mut *self.shared.lock();
            let jobs = shared.state.first_jobs(self.read_local.is_some(), Utc::now());
            self.enqueue(shared, jobs);
            shared.progress.report(shared.state.tally, self.observer);
        }
        thread::scope(|scope| {
            for _ in 1..MAX_CONCURRENT_HOSTS {
                let spawned =
                    thread::Builder::new().name("lockstep-feeds".to_owned()).spawn_scoped(scope, || self.work());
                if spawned.is_err() {
                    // If a thread cannot be started, fewer threads fetch the same feeds.
                    break;
                }
            }
            self.work();
        });
        let SharedCrawlState { state, progress, disk_error, .. } = self.shared.into_inner();
        CrawlResult { state, rows: self.rows.into_inner(), bytes: progress.bytes(), disk_error }
    }

    fn work(&self) {
        while let Some(slot) = self.next_slot() {
            self.fetch_feed(&slot.job);
        }
    }

    /// The next job with its host. Waits while a running job may still add more. `None` when the crawl is over.
    fn next_slot(&self) -> Option<HostSlot<'_, 'a>> {
        let mut shared = self.shared.lock();
        loop {
            if self.observer.should_stop() || shared.disk_error.is_some() {
                shared.queue.drain();
                return None;
            }
            let is_full = shared.progress.bytes() >= self.max_total_bytes;
            let limit = match self.time_left().is_zero() {
                true => Some(messages::NO_TIME_LEFT),
                false => is_full.then_some(messages::SIZE_LIMIT_REACHED),
            };
            if let Some(reason) = limit {
                for job in shared.queue.drain() {
                    shared.state.record_not_reached(&job, reason);
                }
            }
            if let Some((host, job)) = shared.queue.take_next() {
                let Some(until) = shared.state.host_rate_limited_until(&job.address) else {
                    return Some(HostSlot { crawler: self, host, job });
                };
                shared.queue.release(&host);
                self.update_locked(&mut shared, |state, now| state.record_rate_limited(&job, until, now));
                continue;
            }
            if shared.queue.is_finished() {
                return None;
            }
            self.changed.wait_for(&mut shared, POLL_INTERVAL);
        }
    }

    fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn fetch_feed(&self, job: &FeedJob) {
        let left = self.time_left();
        let timeout = self.request.timeout.min(FEED_TIMEOUT);
        let request = FetchRequest { timeout: timeout.min(left), total_timeout: left, ..self.request };
        let known = self.shared.lock().state.known_validators(&job.address);
        let forwarder = FeedProgressForwarder { crawler: self, max_received: AtomicU64::new(0) };
        let response = match self.read_local {
            Some(read_local) if job.is_source_address => read_local(&forwarder).map(|body| match known {
                Some(known) if self.request.is_unchanged(known, body.hash()) => FeedResponse::Unchanged(known.clone()),
                _ => FeedResponse::New(body),
            }),
            _ => request_feed(self.client, &job.address, known, &request, &forwarder),
        };
        match response {
            Ok(FeedResponse::Unchanged(validators)) => {
                self.update(|state, now| state.record_unchanged(job, validators, now));
            }
            Ok(FeedResponse::RateLimited { host, until }) => {
                self.update(|state, now| state.record_rate_limit_response(job, host, until, now));
            }
            Ok(FeedResponse::WebPage(feeds)) => self.update(|state, now| state.record_web_page(job, &feeds, now)),
            Ok(FeedResponse::New(body)) => self.ingest(job, &body),
            // The feed had less time than its own timeout, because the crawl ended or another request occupied its
            // host.
            Err(FetchError::Failed { code: "timeout", .. }) if self.time_left().is_zero() => {
                self.update(|state, _| {
                    state.record_not_reached(job, messages::NO_TIME_LEFT);
                    Vec::new()
                });
            }
            Err(error) => self.record_failure(job, error),
        }
    }

    pub(super) fn record_failure(&self, job: &FeedJob, error: FetchError) {
        match error {
            FetchError::Failed { code: "disk", .. } => self.shared.lock().disk_error = Some(error),
            // A stop is not the fault of the feed.
            FetchError::Stopped => {}
            FetchError::Failed { .. } => self.update(|state, now| state.record_failure(job, &error, now)),
        }
    }

    /// Applies `change`, queues the jobs that it returns, and reports progress.
    pub(super) fn update(&self, change: impl FnOnce(&mut CrawlState<'a>, DateTime<Utc>) -> Vec<FeedJob>) {
        self.update_with_articles(0, change);
    }

    /// Like [`FeedCrawler::update`], but also counts this many new articles.
    pub(super) fn update_with_articles(
        &self,
        articles: u64,
        change: impl FnOnce(&mut CrawlState<'a>, DateTime<Utc>) -> Vec<FeedJob>,
    ) {
        let shared = &mut *self.shared.lock();
        shared.progress.add_articles(articles);
        self.update_locked(shared, change);
    }

    fn update_locked(
        &self,
        shared: &mut SharedCrawlState<'a>,
        change: impl FnOnce(&mut CrawlState<'a>, DateTime<Utc>) -> Vec<FeedJob>,
    ) {
        let jobs = change(&mut shared.state, Utc::now());
        self.enqueue(shared, jobs);
        shared.progress.report(shared.state.tally, self.observer);
    }

    /// Queues jobs by host. A job with an invalid address fails at once.
    fn enqueue(&self, shared: &mut SharedCrawlState<'a>, jobs: Vec<FeedJob>) {
        for job in jobs {
            match parse_web_address(&job.address) {
                _ if job.is_source_address && self.read_local.is_some() => shared.queue.push("", job),
                Ok(url) => shared.queue.push(&host_key(&url), job),
                Err(error) => {
                    let more = shared.state.record_failure(&job, &error, Utc::now());
                    self.enqueue(shared, more);
                }
            }
        }
        self.changed.notify_all();
    }
}

/// A running job, which occupies its host. Dropping it releases the host.
struct HostSlot<'c, 'a> {
    crawler: &'c FeedCrawler<'a>,
    host: String,
    job: FeedJob,
}

impl Drop for HostSlot<'_, '_> {
    fn drop(&mut self) {
        self.crawler.shared.lock().queue.release(&self.host);
        self.crawler.changed.notify_all();
    }
}

/// Adds the progress of one request to the progress of the crawl.
struct FeedProgressForwarder<'c, 'a> {
    crawler: &'c FeedCrawler<'a>,
    /// The most bytes that a single attempt received. Bytes of a retry count only beyond that.
    max_received: AtomicU64,
}

impl FetchObserver for FeedProgressForwarder<'_, '_> {
    fn report_received(&self, bytes: u64, _: Option<u64>) {
        let before = self.max_received.fetch_max(bytes, Ordering::Relaxed);
        let shared = &mut *self.crawler.shared.lock();
        shared.progress.add_bytes(bytes.saturating_sub(before));
        shared.progress.report(shared.state.tally, self.crawler.observer);
    }

    fn report_wait(&self, host: &str, until: DateTime<Utc>) {
        // Locked so that reports of several threads do not overlap.
        let _shared = self.crawler.shared.lock();
        self.crawler.observer.report_wait(host, until);
    }

    fn should_stop(&self) -> bool {
        self.crawler.observer.should_stop()
    }
}
