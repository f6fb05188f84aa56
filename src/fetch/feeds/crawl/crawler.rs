//! The feeds of a source are asked, several hosts at once, and their articles written down one feed at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::{Condvar, Mutex};

use super::feed_request;
use super::feed_request::{ArrivedBody, FEED_TIME, FeedResponse};
use super::host_queue::HostQueue;
use super::progress::CrawlProgress;
use super::state::{CrawlState, FeedJob};
use crate::fetch::feeds::messages;
use crate::fetch::http::HttpClient;
use crate::fetch::http::cancel_token::{POLL_INTERVAL, deadline};
use crate::fetch::http::web_address::{host_key, parse_web_address};
use crate::fetch::row_file::RowWriter;
use crate::fetch::{FetchError, FetchObserver, FetchRequest};

/// How many hosts are asked at the same time.
const HANDS: usize = 8;

/// A way to read a file of this machine.
pub(in crate::fetch) type ReadLocal<'a> = dyn Fn(&dyn FetchObserver) -> Result<ArrivedBody, FetchError> + Sync + 'a;

/// A fetch of many feeds under way.
pub(in crate::fetch) struct FeedCrawler<'a> {
    client: &'a HttpClient,
    pub(in crate::fetch) order: FetchRequest<'a>,
    pub(in crate::fetch) watch: &'a dyn FetchObserver,
    /// The text encoding that is set for the source.
    pub(in crate::fetch) encoding: Option<&'a str>,
    /// Set where the source is a file of this machine.
    local: Option<&'a ReadLocal<'a>>,
    /// The most bytes of all feeds together.
    most_bytes: u64,
    /// When the last feed must be here, so that the run has time for what follows.
    ends: Instant,
    pub(in crate::fetch) state: Mutex<CrawlerState<'a>>,
    changed: Condvar,
    /// Where articles go. Whoever has it reads a feed: one at a time is in memory.
    pub(in crate::fetch) out: Mutex<RowWriter>,
}

pub(in crate::fetch) struct CrawlerState<'a> {
    pub(in crate::fetch) ledger: CrawlState<'a>,
    roll: HostQueue<FeedJob>,
    telling: CrawlProgress,
    /// Why nothing more can be written down.
    broken: Option<FetchError>,
}

/// What came of it.
pub(in crate::fetch) struct CrawlResult<'a> {
    pub(in crate::fetch) ledger: CrawlState<'a>,
    pub(in crate::fetch) out: RowWriter,
    pub(in crate::fetch) bytes: u64,
    pub(in crate::fetch) broken: Option<FetchError>,
}

impl<'a> FeedCrawler<'a> {
    /// A fetch of what `addresses` name; of the file that `local` reads, if it is given, which the one address stands
    /// for. `encoding` is what is set for the source.
    pub(in crate::fetch) fn new(
        client: &'a HttpClient,
        most_bytes: u64,
        order: FetchRequest<'a>,
        watch: &'a dyn FetchObserver,
        (addresses, local): (&[String], Option<&'a ReadLocal<'a>>),
        encoding: Option<&'a str>,
    ) -> Result<Self, FetchError> {
        let out = Mutex::new(RowWriter::new(&client.settings.work_dir)?);
        let ledger = CrawlState::new(order, addresses);
        let state = CrawlerState { ledger, roll: HostQueue::new(), telling: CrawlProgress::default(), broken: None };
        // A run keeps a fifth of its time for its articles.
        let ends = deadline(order.total_timeout.mul_f64(0.8));
        let (state, changed) = (Mutex::new(state), Condvar::new());
        Ok(Self { client, order, watch, encoding, local, most_bytes, ends, state, changed, out })
    }

    /// Asks all that is to be asked. It ends with the last feed, with the time, or soon after the watch says stop.
    pub(in crate::fetch) fn run(self) -> CrawlResult<'a> {
        {
            let state = &mut *self.state.lock();
            let jobs = state.ledger.begin(self.local.is_some(), Utc::now());
            self.enqueue(state, jobs);
            state.telling.tell(state.ledger.tally, self.watch);
        }
        thread::scope(|scope| {
            for _ in 1..HANDS {
                let spawned =
                    thread::Builder::new().name("lockstep-feeds".to_owned()).spawn_scoped(scope, || self.work());
                if spawned.is_err() {
                    // Fewer hands do as well.
                    break;
                }
            }
            self.work();
        });
        let CrawlerState { ledger, telling, broken, .. } = self.state.into_inner();
        CrawlResult { ledger, out: self.out.into_inner(), bytes: telling.bytes(), broken }
    }

    fn work(&self) {
        while let Some(errand) = self.next() {
            self.ask(&errand.job);
        }
    }

    /// What to ask next; waits while somebody else may still find more.
    fn next(&self) -> Option<HostSlot<'_, 'a>> {
        let mut state = self.state.lock();
        loop {
            if self.watch.should_stop() || state.broken.is_some() {
                state.roll.clear();
                return None;
            }
            let why = if self.time_left().is_zero() { Some(messages::NO_TIME) } else { None };
            let full = state.telling.bytes() >= self.most_bytes;
            if let Some(why) = why.or(full.then_some(messages::NO_ROOM)) {
                for job in state.roll.clear() {
                    state.ledger.not_reached(&job, why);
                }
            }
            if let Some((place, job)) = state.roll.take() {
                let Some(until) = state.ledger.silent_until(&job.address) else {
                    return Some(HostSlot { gathering: self, place, job });
                };
                state.roll.give_back(&place);
                self.settle_in(&mut state, |ledger, now| ledger.left_alone(&job, until, now));
                continue;
            }
            if state.roll.is_over() {
                return None;
            }
            self.changed.wait_for(&mut state, POLL_INTERVAL);
        }
    }

    fn time_left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    fn ask(&self, job: &FeedJob) {
        let left = self.time_left();
        let timeout = self.order.timeout.min(FEED_TIME);
        let order = FetchRequest { timeout: timeout.min(left), total_timeout: left, ..self.order };
        let known = self.state.lock().ledger.known(&job.address);
        let ear = FeedProgressForwarder { gathering: self, most: AtomicU64::new(0) };
        let reply = match self.local {
            Some(read) if job.given => read(&ear).map(|arrived| match known {
                Some(known) if self.order.is_same(known, arrived.hash()) => FeedResponse::Same(known.clone()),
                _ => FeedResponse::New(arrived),
            }),
            _ => feed_request::ask(self.client, &job.address, known, &order, &ear),
        };
        match reply {
            Ok(FeedResponse::Same(validators)) => self.settle(|ledger, now| ledger.same(job, validators, now)),
            Ok(FeedResponse::Busy { host, until }) => self.settle(|ledger, now| ledger.busy(job, host, until, now)),
            Ok(FeedResponse::Page(feeds)) => self.settle(|ledger, now| ledger.found_page(job, &feeds, now)),
            Ok(FeedResponse::New(arrived)) => self.take(job, &arrived),
            // It had less than its time, or none where somebody else talked to its host all the while.
            Err(FetchError::Failed { code: "timeout", .. }) if self.time_left().is_zero() => {
                self.settle(|ledger, _| {
                    ledger.not_reached(job, messages::NO_TIME);
                    Vec::new()
                });
            }
            Err(error) => self.fail(job, error),
        }
    }

    pub(in crate::fetch) fn fail(&self, job: &FeedJob, error: FetchError) {
        match error {
            FetchError::Failed { code: "disk", .. } => self.state.lock().broken = Some(error),
            // A stop leaves everything as it is.
            FetchError::Stopped => {}
            FetchError::Failed { .. } => self.settle(|ledger, now| ledger.failed(job, &error, now)),
        }
    }

    pub(in crate::fetch) fn settle(&self, change: impl FnOnce(&mut CrawlState<'a>, DateTime<Utc>) -> Vec<FeedJob>) {
        self.settle_found(0, change);
    }

    pub(in crate::fetch) fn settle_found(
        &self,
        articles: u64,
        change: impl FnOnce(&mut CrawlState<'a>, DateTime<Utc>) -> Vec<FeedJob>,
    ) {
        let state = &mut *self.state.lock();
        state.telling.found(articles);
        self.settle_in(state, change);
    }

    fn settle_in(
        &self,
        state: &mut CrawlerState<'a>,
        change: impl FnOnce(&mut CrawlState<'a>, DateTime<Utc>) -> Vec<FeedJob>,
    ) {
        let jobs = change(&mut state.ledger, Utc::now());
        self.enqueue(state, jobs);
        state.telling.tell(state.ledger.tally, self.watch);
    }

    /// Puts jobs on the roll. What is no address has failed by that.
    fn enqueue(&self, state: &mut CrawlerState<'a>, jobs: Vec<FeedJob>) {
        for job in jobs {
            match parse_web_address(&job.address) {
                _ if job.given && self.local.is_some() => state.roll.add("", job),
                Ok(url) => state.roll.add(&host_key(&url), job),
                Err(error) => {
                    let more = state.ledger.failed(&job, &error, Utc::now());
                    self.enqueue(state, more);
                }
            }
        }
        self.changed.notify_all();
    }
}

/// A job under way. Its place is given back when this is dropped, whatever happened.
struct HostSlot<'g, 'a> {
    gathering: &'g FeedCrawler<'a>,
    place: String,
    job: FeedJob,
}

impl Drop for HostSlot<'_, '_> {
    fn drop(&mut self) {
        self.gathering.state.lock().roll.give_back(&self.place);
        self.gathering.changed.notify_all();
    }
}

/// Hears what one feed tells, and adds it to what the others tell.
struct FeedProgressForwarder<'g, 'a> {
    gathering: &'g FeedCrawler<'a>,
    /// The most bytes that were here: a try that begins anew counts when it is past that.
    most: AtomicU64,
}

impl FetchObserver for FeedProgressForwarder<'_, '_> {
    fn report_received(&self, bytes: u64, _: Option<u64>) {
        let before = self.most.fetch_max(bytes, Ordering::Relaxed);
        let state = &mut *self.gathering.state.lock();
        state.telling.arrived(bytes.saturating_sub(before));
        state.telling.tell(state.ledger.tally, self.gathering.watch);
    }

    fn report_wait(&self, host: &str, until: DateTime<Utc>) {
        let state = self.gathering.state.lock();
        state.telling.waiting(host, until, self.gathering.watch);
    }

    fn should_stop(&self) -> bool {
        self.gathering.watch.should_stop()
    }
}
