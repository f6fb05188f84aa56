//! What is known of the feeds of a source, and what this run makes of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::pacing;
use super::pacing::FetchDecision;
use super::tally::CrawlTally;
use crate::domain::feed::{EntryIdentity, FeedRecord};
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::source::Validators;
use crate::fetch::feeds::messages;
use crate::fetch::feeds::messages::{issue, noted};
use crate::fetch::feeds::parse::FeedList;
use crate::fetch::http::response_status::display_host;
use crate::fetch::http::web_address::parse_web_address;
use crate::fetch::{FetchError, FetchRequest};

/// Of how many of its feeds a server says so before it is taken to mean all that it serves: one may be meant by itself.
const SAID: u32 = 2;

/// An address that is to be asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::fetch) struct FeedJob {
    /// The address, or the name of a file of this machine.
    pub(in crate::fetch) address: String,
    /// Whether the source names it itself: then it may be a list.
    pub(in crate::fetch) given: bool,
}

/// An address that the source names.
pub(in crate::fetch) struct SourceAddress {
    pub(in crate::fetch) address: String,
    /// The feeds it names, where it is a list.
    pub(in crate::fetch) feeds: Option<Vec<String>>,
}

/// The ledger of one run.
pub(in crate::fetch) struct CrawlState<'a> {
    pub(in crate::fetch) order: FetchRequest<'a>,
    /// What was known before, by address.
    pub(in crate::fetch) before: HashMap<&'a str, &'a FeedRecord>,
    /// The feeds that each list named before.
    pub(in crate::fetch) lists: HashMap<&'a str, Vec<&'a FeedRecord>>,
    pub(in crate::fetch) given: Vec<SourceAddress>,
    /// The feeds of this run, and lists that fail.
    pub(in crate::fetch) feeds: HashMap<String, FeedRecord>,
    /// What is to be sent along the next time, where that is new.
    pub(in crate::fetch) each: BTreeMap<String, Validators>,
    pub(in crate::fetch) issues: HashMap<String, Vec<Issue>>,
    /// The servers that asked in this run to be left alone, by host and port: how often, and until when.
    silent: HashMap<String, (u32, DateTime<Utc>)>,
    pub(in crate::fetch) tally: CrawlTally,
}

impl<'a> CrawlState<'a> {
    /// A ledger for a source that names these addresses.
    pub(in crate::fetch) fn new(order: FetchRequest<'a>, addresses: &[String]) -> Self {
        let before = order.feeds.iter().map(|feed| (feed.address.as_str(), feed)).collect();
        let mut lists: HashMap<&str, Vec<&FeedRecord>> = HashMap::new();
        for feed in order.feeds {
            feed.lists.keys().for_each(|list| lists.entry(list).or_default().push(feed));
        }
        let mut seen = HashSet::new();
        let given = addresses.iter().filter(|address| seen.insert(address.as_str()));
        let given = given.map(|address| SourceAddress { address: address.clone(), feeds: None }).collect();
        let (feeds, each, issues, silent) = Default::default();
        Self { order, before, lists, given, feeds, each, issues, silent, tally: CrawlTally::default() }
    }

    /// What is to be asked first. Files of this machine (`local`) are read each time.
    pub(in crate::fetch) fn begin(&mut self, local: bool, now: DateTime<Utc>) -> Vec<FeedJob> {
        let mut jobs = Vec::new();
        for address in self.given.iter().map(|given| given.address.clone()).collect::<Vec<_>>() {
            let feed = self.remembered(&address);
            let is_list = self.is_list(&address);
            let turn =
                if local { FetchDecision::Ask } else { pacing::turn(&feed, self.known(&address), &self.order, now) };
            if !(is_list && matches!(turn, FetchDecision::Fresh | FetchDecision::Fine)) {
                self.feeds.insert(address.clone(), feed);
            }
            if turn == FetchDecision::Ask {
                self.tally.to_ask += u64::from(!is_list);
                jobs.push(FeedJob { address, given: true });
            } else if is_list {
                self.put_off(&address, turn, false, now);
                jobs.extend(self.as_before(&address, now));
            } else {
                self.put_off(&address, turn, true, now);
            }
        }
        // Lists tell how much there is to do. Those that an earlier run did not come to are asked before others.
        jobs.sort_by_key(|job| {
            let asked_at = self.feeds.get(&job.address).and_then(|feed| feed.asked_at);
            (!self.is_list(&job.address), asked_at)
        });
        jobs
    }

    /// The validators to send along for `address`: those of a version that this ledger remembers the feeds or the
    /// identity of.
    pub(in crate::fetch) fn known(&self, address: &str) -> Option<&'a Validators> {
        let known = self.order.validators.each.get(address)?;
        let remembered = match self.lists.get(address) {
            Some(named) => named.iter().all(|feed| feed.lists.get(address) == known.body_hash.as_ref()),
            None => self.before.get(address).is_some_and(|feed| feed.succeeded_at.is_some()),
        };
        remembered.then_some(known)
    }

    /// What the feed is called; its address where it has no name.
    pub(in crate::fetch) fn name(&self, address: &str) -> String {
        let title = self.feeds.get(address).map(|feed| feed.title.as_str()).unwrap_or_default();
        messages::name(title, address)
    }

    /// What tells the entries of the feed apart, if that is settled.
    pub(in crate::fetch) fn identity(&self, address: &str) -> Option<EntryIdentity> {
        self.feeds.get(address)?.identity
    }

    /// It was read, or there is nothing new. Answers what is to be asked now.
    pub(in crate::fetch) fn same(&mut self, job: &FeedJob, validators: Validators, now: DateTime<Utc>) -> Vec<FeedJob> {
        self.each.insert(job.address.clone(), validators);
        if job.given && self.is_list(&job.address) {
            self.feeds.remove(&job.address);
            return self.as_before(&job.address, now);
        }
        self.tally.answered += 1;
        self.settle(job, |feed| fared_well(feed, now));
        Vec::new()
    }

    /// A feed was read: `read` notes what is known of it now, `notes` are for people.
    pub(in crate::fetch) fn read(
        &mut self,
        job: &FeedJob,
        validators: Validators,
        notes: Vec<String>,
        now: DateTime<Utc>,
        read: impl FnOnce(&mut FeedRecord),
    ) {
        self.each.insert(job.address.clone(), validators);
        if self.is_list(&job.address) {
            // A list until now.
            self.tally.to_ask += 1;
            self.set_list(&job.address, Vec::new());
        }
        self.tally.answered += 1;
        self.settle(job, |feed| {
            fared_well(feed, now);
            read(feed);
        });
        for note in notes {
            self.issue(&job.address, noted(note));
        }
    }

    /// A list of feeds was read. Answers what is to be asked now.
    pub(in crate::fetch) fn listed(
        &mut self,
        job: &FeedJob,
        validators: Validators,
        list: FeedList,
        now: DateTime<Utc>,
    ) -> Vec<FeedJob> {
        let FeedJob { address, .. } = job;
        for note in list.notes {
            self.issue(address, noted(note));
        }
        if list.feeds.is_empty() {
            return self.failed(job, &messages::empty_list(), now);
        }
        let told = self.tally.to_ask;
        if !self.is_list(address) {
            self.tally.to_ask -= 1;
        }
        self.feeds.remove(address);
        let version = validators.body_hash.clone().unwrap_or_default();
        self.each.insert(address.clone(), validators);
        let mut feeds: Vec<_> = list.feeds.into_iter().map(|listed| (listed.address, listed.title)).collect();
        if list.is_cut {
            // What stood behind the cut before is not forgotten for that.
            let before = self.lists.get(&**address).into_iter().flatten();
            let before: Vec<_> = before.map(|feed| (feed.address.clone(), feed.title.clone())).collect();
            let named: HashSet<String> = feeds.iter().map(|(address, _)| address.clone()).collect();
            feeds.extend(before.into_iter().filter(|(address, _)| !named.contains(address)));
        }
        let jobs = self.enroll(address, &version, feeds, now);
        if self.tally.to_ask < told {
            // It brings no feed to ask, and was taken for one until now. What was told is not taken back.
            (self.tally.to_ask, self.tally.asked) = (told, self.tally.asked + 1);
        }
        jobs
    }

    /// It failed. The feeds that a list named before are asked all the same. Answers what is to be asked now.
    pub(in crate::fetch) fn failed(&mut self, job: &FeedJob, error: &FetchError, now: DateTime<Utc>) -> Vec<FeedJob> {
        let FetchError::Failed { code, message } = error else { return Vec::new() };
        let list = job.given && self.is_list(&job.address);
        self.tally.failing += u64::from(!list);
        let feed = self.feeds.entry(job.address.clone()).or_insert_with(|| FeedRecord::new(&*job.address));
        feed.failures = feed.failures.saturating_add(1);
        feed.error = Some(((*code).to_owned(), message.clone()));
        feed.named.clear();
        feed.asked_at = Some(now);
        feed.busy_until = None;
        let gone = *code == "gone";
        feed.resting_until =
            Some(if gone { pacing::rest_of_gone(now) } else { pacing::rest(feed.failures, fastrand::f64(), now) });
        let reason = if list { messages::list_failed(message) } else { message.clone() };
        self.issue(&job.address, (IssueKind::Refused, reason));
        if list {
            return self.as_before(&job.address, now);
        }
        self.tally.asked += 1;
        Vec::new()
    }

    /// The server `host` asks to be left alone until then. Answers what is to be asked now.
    pub(in crate::fetch) fn busy(
        &mut self,
        job: &FeedJob,
        host: String,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Vec<FeedJob> {
        let (times, latest) = self.silent.entry(host).or_insert((0, until));
        (*times, *latest) = (*times + 1, until.max(*latest));
        self.feeds.entry(job.address.clone()).or_insert_with(|| FeedRecord::new(&*job.address)).asked_at = Some(now);
        self.left_alone(job, until, now)
    }

    /// Until when nothing is asked where `address` is, if its server said so of enough of its feeds in this run.
    pub(in crate::fetch) fn silent_until(&self, address: &str) -> Option<DateTime<Utc>> {
        if self.silent.is_empty() {
            return None;
        }
        let (times, until) = self.silent.get(&display_host(&parse_web_address(address).ok()?))?;
        (*times >= SAID).then_some(*until)
    }

    /// It is left alone until then, as its server asked for. Answers what is to be asked now.
    pub(in crate::fetch) fn left_alone(
        &mut self,
        job: &FeedJob,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Vec<FeedJob> {
        let list = job.given && self.is_list(&job.address);
        self.tally.left_alone += u64::from(!list);
        let feed = self.feeds.entry(job.address.clone()).or_insert_with(|| FeedRecord::new(&*job.address));
        feed.busy_until = Some(until);
        self.issue(&job.address, noted(messages::busy(until, now)));
        if list {
            return self.as_before(&job.address, now);
        }
        self.tally.asked += 1;
        Vec::new()
    }

    /// This run did not come to it.
    pub(in crate::fetch) fn not_reached(&mut self, job: &FeedJob, why: &str) {
        self.tally.not_reached += 1;
        self.issue(&job.address, noted(why.to_owned()));
    }

    /// Says why `address` is not asked now, and counts it where it is a feed.
    pub(super) fn put_off(&mut self, address: &str, turn: FetchDecision, counts: bool, now: DateTime<Utc>) {
        match turn {
            FetchDecision::Resting(until) => {
                self.tally.failing += u64::from(counts);
                let reason = self.feeds.get(address).map(|feed| messages::resting(feed, until, now));
                self.issue(address, noted(reason.unwrap_or_default()));
                return;
            }
            FetchDecision::Busy(until) => self.issue(address, noted(messages::busy(until, now))),
            FetchDecision::Ask | FetchDecision::Fresh | FetchDecision::Fine => {}
        }
        self.tally.left_alone += u64::from(counts);
    }

    fn settle(&mut self, job: &FeedJob, change: impl FnOnce(&mut FeedRecord)) {
        self.tally.asked += 1;
        change(self.feeds.entry(job.address.clone()).or_insert_with(|| FeedRecord::new(&*job.address)));
    }

    fn issue(&mut self, address: &str, (kind, reason): (IssueKind, String)) {
        let issue = issue(self.name(address), kind, reason);
        self.issues.entry(address.to_owned()).or_default().push(issue);
    }
}

/// It answered as it should.
fn fared_well(feed: &mut FeedRecord, now: DateTime<Utc>) {
    (feed.failures, feed.error, feed.busy_until, feed.resting_until) = (0, None, None, None);
    feed.named.clear();
    (feed.asked_at, feed.succeeded_at) = (Some(now), Some(now));
}
