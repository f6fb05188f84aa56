//! The feeds of a source are asked, several hosts at once, and their articles written down one feed at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::{Condvar, Mutex};
use url::Url;

use super::articles::{self, Origin};
use super::ask::{self, Arrived, FEED_TIME, Reply};
use super::document;
use super::identity;
use super::ledger::{Job, Ledger};
use super::list;
use super::roll::Roll;
use super::sentences;
use super::shape::{Shape, shape};
use super::telling::Telling;
use crate::domain::feed::Identity;
use crate::fetch::address::parse;
use crate::fetch::halt::{SLICE, deadline};
use crate::fetch::http::Client;
use crate::fetch::row_file::RowWriter;
use crate::fetch::{FetchError, Order, Watch};

/// How many hosts are asked at the same time.
const HANDS: usize = 8;

/// A way to read a file of this machine.
pub(super) type ReadLocal<'a> = dyn Fn() -> Result<Arrived, FetchError> + Sync + 'a;

/// A fetch of many feeds under way.
pub(super) struct Gathering<'a> {
    client: &'a Client,
    order: Order<'a>,
    watch: &'a dyn Watch,
    /// Set where the source is a file of this machine.
    local: Option<&'a ReadLocal<'a>>,
    /// The most bytes of all feeds together.
    most_bytes: u64,
    /// When the last feed must be here, so that the run has time for what follows.
    ends: Instant,
    state: Mutex<State<'a>>,
    changed: Condvar,
    /// Where articles go. Whoever has it reads a feed: one at a time is in memory.
    out: Mutex<RowWriter>,
}

struct State<'a> {
    ledger: Ledger<'a>,
    roll: Roll<Job>,
    telling: Telling,
    /// Why nothing more can be written down.
    broken: Option<FetchError>,
}

/// What came of it.
pub(super) struct Gathered<'a> {
    pub(super) ledger: Ledger<'a>,
    pub(super) out: RowWriter,
    pub(super) bytes: u64,
    pub(super) broken: Option<FetchError>,
}

impl<'a> Gathering<'a> {
    /// A fetch of what `addresses` name; of the file that `local` reads, if it is given, which the one address stands for.
    pub(super) fn new(
        client: &'a Client,
        most_bytes: u64,
        order: Order<'a>,
        watch: &'a dyn Watch,
        (addresses, local): (&[String], Option<&'a ReadLocal<'a>>),
    ) -> Result<Self, FetchError> {
        let out = Mutex::new(RowWriter::new(work_dir(client))?);
        let ledger = Ledger::new(order, addresses);
        let state = State { ledger, roll: Roll::new(), telling: Telling::default(), broken: None };
        // A run keeps a fifth of its time for its articles.
        let ends = deadline(order.within.mul_f64(0.8));
        let (state, changed) = (Mutex::new(state), Condvar::new());
        Ok(Self { client, order, watch, local, most_bytes, ends, state, changed, out })
    }

    /// Asks all that is to be asked. It ends with the last feed, with the time, or soon after the watch says stop.
    pub(super) fn run(self) -> Gathered<'a> {
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
        let State { ledger, telling, broken, .. } = self.state.into_inner();
        Gathered { ledger, out: self.out.into_inner(), bytes: telling.bytes(), broken }
    }

    fn work(&self) {
        while let Some(errand) = self.next() {
            self.ask(&errand.job);
        }
    }

    /// What to ask next; waits while somebody else may still find more.
    fn next(&self) -> Option<Errand<'_, 'a>> {
        let mut state = self.state.lock();
        loop {
            if self.watch.should_stop() || state.broken.is_some() {
                state.roll.clear();
                return None;
            }
            let why = if self.time_left().is_zero() { Some(sentences::NO_TIME) } else { None };
            let full = state.telling.bytes() >= self.most_bytes;
            if let Some(why) = why.or(full.then_some(sentences::NO_ROOM)) {
                for job in state.roll.clear() {
                    state.ledger.not_reached(&job, why);
                }
            }
            if let Some((place, job)) = state.roll.take() {
                return Some(Errand { gathering: self, place, job });
            }
            if state.roll.is_over() {
                return None;
            }
            self.changed.wait_for(&mut state, SLICE);
        }
    }

    fn time_left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    fn ask(&self, job: &Job) {
        let left = self.time_left();
        let timeout = self.order.timeout.min(FEED_TIME);
        let order = Order { timeout: timeout.min(left), within: left, ..self.order };
        let known = self.state.lock().ledger.known(&job.address);
        let ear = Ear { gathering: self, most: AtomicU64::new(0) };
        let reply = match self.local {
            Some(read) if job.given => read().map(|arrived| match known {
                Some(known) if self.order.is_same(known, arrived.hash()) => Reply::Same(known.clone()),
                _ => Reply::New(arrived),
            }),
            _ => ask::ask(self.client, &job.address, known, &order, &ear),
        };
        match reply {
            Ok(Reply::Same(validators)) => self.settle(|ledger, now| ledger.same(job, validators, now)),
            Ok(Reply::Busy(until)) => self.settle(|ledger, now| ledger.busy(job, until, now)),
            Ok(Reply::New(arrived)) => self.take(job, &arrived),
            Err(FetchError::Failed { code: "timeout", .. }) if left < timeout && self.time_left().is_zero() => {
                self.settle(|ledger, _| {
                    ledger.not_reached(job, sentences::NO_TIME);
                    Vec::new()
                });
            }
            Err(error) => self.fail(job, error),
        }
    }

    /// Takes what arrived: a list, or a feed.
    fn take(&self, job: &Job, arrived: &Arrived) {
        let mut out = self.out.lock();
        if self.watch.should_stop() {
            return;
        }
        let read = arrived.read().and_then(|bytes| match shape(&bytes) {
            Shape::List if job.given => guarded(|| list::addresses(&bytes, arrived.charset.as_deref())).map(Read::List),
            Shape::List => Err(sentences::nested_list()),
            Shape::Page => Err(sentences::no_feed_here()),
            Shape::Feed | Shape::Other => {
                let base = bare(&arrived.url);
                guarded(|| document::parse(&bytes, arrived.charset.as_deref(), &base)).map(Read::Feed)
            }
        });
        match read {
            Ok(Read::List(list)) => {
                drop(out);
                self.settle(|ledger, now| ledger.listed(job, arrived.validators.clone(), list, now));
            }
            Ok(Read::Feed(document)) => {
                let written = self.write(&mut out, job, arrived, document);
                drop(out);
                written.unwrap_or_else(|error| self.fail(job, error));
            }
            Err(error) => {
                drop(out);
                self.fail(job, error);
            }
        }
    }

    fn write(
        &self,
        out: &mut RowWriter,
        job: &Job,
        arrived: &Arrived,
        feed: document::Document,
    ) -> Result<(), FetchError> {
        let document::Document { title, entries, mut notes, .. } = feed;
        let (known, called) = {
            let state = self.state.lock();
            (state.ledger.identity(&job.address), state.ledger.name(&job.address))
        };
        let identity = known.or_else(|| identity::choose(&entries));
        let name = if title.is_empty() { called } else { title.clone() };
        let (before, count) = (out.rows(), entries.len() as u64);
        let from = Origin { address: &job.address, name: &name, identity: identity.unwrap_or(Identity::Guid) };
        let repeated = articles::write(out, entries, from)?;
        if repeated > 0 {
            notes.push(sentences::repeated(repeated));
        }
        if arrived.moved {
            notes.push(sentences::moved(arrived.url.as_str()));
        }
        let articles = out.rows() - before;
        self.settle_found(articles, |ledger, now| {
            ledger.read(job, arrived.validators.clone(), notes, now, |feed| {
                (feed.identity, feed.entries) = (identity, count);
                if !title.is_empty() {
                    feed.title = title;
                }
            });
            Vec::new()
        });
        Ok(())
    }

    fn fail(&self, job: &Job, error: FetchError) {
        match error {
            FetchError::Failed { code: "disk", .. } => self.state.lock().broken = Some(error),
            // A stop leaves everything as it is.
            FetchError::Stopped => {}
            FetchError::Failed { .. } => self.settle(|ledger, now| ledger.failed(job, &error, now)),
        }
    }

    fn settle(&self, change: impl FnOnce(&mut Ledger<'a>, DateTime<Utc>) -> Vec<Job>) {
        self.settle_found(0, change);
    }

    fn settle_found(&self, articles: u64, change: impl FnOnce(&mut Ledger<'a>, DateTime<Utc>) -> Vec<Job>) {
        let state = &mut *self.state.lock();
        let jobs = change(&mut state.ledger, Utc::now());
        self.enqueue(state, jobs);
        state.telling.found(articles);
        state.telling.tell(state.ledger.tally, self.watch);
    }

    /// Puts jobs on the roll. What is no address has failed by that.
    fn enqueue(&self, state: &mut State<'a>, jobs: Vec<Job>) {
        for job in jobs {
            match parse(&job.address) {
                _ if job.given && self.local.is_some() => state.roll.add("", job),
                Ok(url) => state.roll.add(&place(&url), job),
                Err(error) => {
                    let more = state.ledger.failed(&job, &error, Utc::now());
                    self.enqueue(state, more);
                }
            }
        }
        self.changed.notify_all();
    }
}

/// What a body turned out to be.
enum Read {
    List(list::List),
    Feed(document::Document),
}

/// A job under way. Its place is given back when this is dropped, whatever happened.
struct Errand<'g, 'a> {
    gathering: &'g Gathering<'a>,
    place: String,
    job: Job,
}

impl Drop for Errand<'_, '_> {
    fn drop(&mut self) {
        self.gathering.state.lock().roll.give_back(&self.place);
        self.gathering.changed.notify_all();
    }
}

/// Hears what one feed tells, and adds it to what the others tell.
struct Ear<'g, 'a> {
    gathering: &'g Gathering<'a>,
    /// The most bytes that were here: a try that begins anew counts when it is past that.
    most: AtomicU64,
}

impl Watch for Ear<'_, '_> {
    fn received(&self, bytes: u64, _: Option<u64>) {
        let before = self.most.fetch_max(bytes, Ordering::Relaxed);
        let state = &mut *self.gathering.state.lock();
        state.telling.arrived(bytes.saturating_sub(before));
        state.telling.tell(state.ledger.tally, self.gathering.watch);
    }

    fn waiting(&self, host: &str, until: DateTime<Utc>) {
        let state = self.gathering.state.lock();
        state.telling.waiting(host, until, self.gathering.watch);
    }

    fn should_stop(&self) -> bool {
        self.gathering.watch.should_stop()
    }
}

/// Reads what comes from outside; a reader that panics costs the one feed that made it.
fn guarded<T>(read: impl FnOnce() -> Result<T, FetchError>) -> Result<T, FetchError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        let sentence = "It could not be read because of a mistake in Lockstep. The log of the server says more; please \
                        report it with the address of the feed.";
        Err(FetchError::failed("internal", sentence))
    })
}

/// Where relative links of a feed lead from; user name, password and query of its address are in none of them.
fn bare(url: &Url) -> Url {
    let mut url = url.clone();
    // Both fail only for addresses that cannot carry credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url
}

fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    format!("{host}:{}", url.port_or_known_default().unwrap_or(0))
}

fn work_dir(client: &Client) -> &Path {
    &client.work_dir
}
