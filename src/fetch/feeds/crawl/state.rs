//! Keeps the records of the feeds of a source during one run.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::feed_job::{FeedJob, SourceAddress};
use super::host_rate_limits::HostRateLimits;
use super::pacing;
use super::pacing::FetchDecision;
use crate::domain::feed::{EntryIdentity, FeedRecord};
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::source::Validators;
use crate::fetch::feeds::crawl_tally::CrawlTally;
use crate::fetch::feeds::messages;
use crate::fetch::feeds::parse::FeedList;
use crate::fetch::{FetchError, FetchRequest};

/// The feeds of a source in one run: their records from before, and the results so far.
pub(in crate::fetch) struct CrawlState<'a> {
    pub(super) request: FetchRequest<'a>,
    /// The records of the feeds from before this run, by address.
    pub(super) before: HashMap<&'a str, &'a FeedRecord>,
    /// The feeds that each list named before this run.
    pub(super) lists: HashMap<&'a str, Vec<&'a FeedRecord>>,
    pub(super) source_addresses: Vec<SourceAddress>,
    /// The records of the feeds in this run, and of lists that failed.
    pub(super) feeds: HashMap<String, FeedRecord>,
    /// The new validators, by address.
    pub(super) validators: BTreeMap<String, Validators>,
    pub(super) issues: HashMap<String, Vec<Issue>>,
    /// The rate limits that hosts declared in this run.
    rate_limits: HostRateLimits,
    pub(in crate::fetch) tally: CrawlTally,
}

impl<'a> CrawlState<'a> {
    /// The state at the beginning of a run of a source that names `addresses`.
    pub(super) fn new(request: FetchRequest<'a>, addresses: &[String]) -> Self {
        let before = request.feeds.iter().map(|feed| (feed.address.as_str(), feed)).collect();
        let mut lists: HashMap<&str, Vec<&FeedRecord>> = HashMap::new();
        for feed in request.feeds {
            feed.lists.keys().for_each(|list| lists.entry(list).or_default().push(feed));
        }
        let mut seen = HashSet::new();
        let source_addresses = addresses.iter().filter(|address| seen.insert(address.as_str()));
        let source_addresses =
            source_addresses.map(|address| SourceAddress { address: address.clone(), feeds: None }).collect();
        let (feeds, validators, issues, rate_limits) = Default::default();
        Self {
            request,
            before,
            lists,
            source_addresses,
            feeds,
            validators,
            issues,
            rate_limits,
            tally: CrawlTally::default(),
        }
    }

    /// The first jobs of the run: the addresses of the source that are due, and the feeds of lists that are not. A
    /// local file (`is_local`) is always due.
    pub(super) fn first_jobs(&mut self, is_local: bool, now: DateTime<Utc>) -> Vec<FeedJob> {
        let mut jobs = Vec::new();
        for address in self.source_addresses.iter().map(|given| given.address.clone()).collect::<Vec<_>>() {
            let feed = self.remembered_feed(&address);
            let is_list = self.is_list(&address);
            let decision = if is_local {
                FetchDecision::Fetch
            } else {
                pacing::decide_fetch(&feed, self.known_validators(&address), &self.request, now)
            };
            if !(is_list && matches!(decision, FetchDecision::Fresh | FetchDecision::NotFailed)) {
                self.feeds.insert(address.clone(), feed);
            }
            if decision == FetchDecision::Fetch {
                self.tally.planned += u64::from(!is_list);
                jobs.push(FeedJob { address, is_source_address: true });
            } else if is_list {
                self.record_postponed(&address, decision, false, now);
                jobs.extend(self.add_feeds_listed_before(&address, now));
            } else {
                self.record_postponed(&address, decision, true, now);
            }
        }
        // Lists come first because they add feeds. Then come feeds that earlier runs did not reach.
        jobs.sort_by_key(|job| {
            let requested_at = self.feeds.get(&job.address).and_then(|feed| feed.requested_at);
            (!self.is_list(&job.address), requested_at)
        });
        jobs
    }

    /// The validators for the request to `address`. `None` if the feeds of that list, or the entry identity of that
    /// feed, are not known: they cannot be taken from a response without content.
    pub(super) fn known_validators(&self, address: &str) -> Option<&'a Validators> {
        let known = self.request.validators.each.get(address)?;
        let remembered = match self.lists.get(address) {
            Some(named) => named.iter().all(|feed| feed.lists.get(address) == known.body_hash.as_ref()),
            None => self.before.get(address).is_some_and(|feed| feed.succeeded_at.is_some()),
        };
        remembered.then_some(known)
    }

    /// The title of the feed, or its address if it has none.
    pub(super) fn feed_label(&self, address: &str) -> String {
        let title = self.feeds.get(address).map(|feed| feed.title.as_str()).unwrap_or_default();
        messages::feed_label(title, address)
    }

    /// What identifies the entries of the feed. `None` until it is chosen.
    pub(super) fn entry_identity(&self, address: &str) -> Option<EntryIdentity> {
        self.feeds.get(address)?.identity
    }

    /// Records that a feed or list did not change. Returns the jobs that follow.
    pub(super) fn record_unchanged(
        &mut self,
        job: &FeedJob,
        validators: Validators,
        now: DateTime<Utc>,
    ) -> Vec<FeedJob> {
        self.validators.insert(job.address.clone(), validators);
        if job.is_source_address && self.is_list(&job.address) {
            self.feeds.remove(&job.address);
            return self.add_feeds_listed_before(&job.address, now);
        }
        self.tally.succeeded += 1;
        self.record_done(job, |feed| mark_succeeded(feed, now));
        Vec::new()
    }

    /// Records that a feed was read: `change` updates its record, `notes` are for people.
    pub(super) fn record_feed(
        &mut self,
        job: &FeedJob,
        validators: Validators,
        notes: Vec<String>,
        now: DateTime<Utc>,
        change: impl FnOnce(&mut FeedRecord),
    ) {
        self.validators.insert(job.address.clone(), validators);
        if self.is_list(&job.address) {
            // The address was a list before, which is not counted as a feed.
            self.tally.planned += 1;
            self.set_listed_feeds(&job.address, Vec::new());
        }
        self.tally.succeeded += 1;
        self.record_done(job, |feed| {
            mark_succeeded(feed, now);
            change(feed);
        });
        for note in notes {
            self.add_issue(&job.address, messages::note(note));
        }
    }

    /// Records that a list of feeds was read. Returns the jobs for its feeds.
    pub(super) fn record_list(
        &mut self,
        job: &FeedJob,
        validators: Validators,
        list: FeedList,
        now: DateTime<Utc>,
    ) -> Vec<FeedJob> {
        let FeedJob { address, .. } = job;
        for note in list.notes {
            self.add_issue(address, messages::note(note));
        }
        if list.feeds.is_empty() {
            return self.record_failure(job, &messages::empty_list(), now);
        }
        let planned_before = self.tally.planned;
        if !self.is_list(address) {
            self.tally.planned -= 1;
        }
        self.feeds.remove(address);
        let version = validators.body_hash.clone().unwrap_or_default();
        self.validators.insert(address.clone(), validators);
        let mut feeds: Vec<_> = list.feeds.into_iter().map(|listed| (listed.address, listed.title)).collect();
        if list.is_cut {
            // Feeds that the list named before may be in the part that is missing, so they are kept.
            let before = self.lists.get(&**address).into_iter().flatten();
            let before: Vec<_> = before.map(|feed| (feed.address.clone(), feed.title.clone())).collect();
            let named: HashSet<String> = feeds.iter().map(|(address, _)| address.clone()).collect();
            feeds.extend(before.into_iter().filter(|(address, _)| !named.contains(address)));
        }
        let jobs = self.add_listed_feeds(address, &version, feeds, now);
        if self.tally.planned < planned_before {
            // The list was counted as one feed, and none of its feeds is due. Reported progress must not go back.
            (self.tally.planned, self.tally.done) = (planned_before, self.tally.done + 1);
        }
        jobs
    }

    /// Records that a feed or list failed. Returns the jobs that follow: the feeds that the list named before.
    pub(super) fn record_failure(&mut self, job: &FeedJob, error: &FetchError, now: DateTime<Utc>) -> Vec<FeedJob> {
        let FetchError::Failed { code, message } = error else { return Vec::new() };
        let is_list = job.is_source_address && self.is_list(&job.address);
        self.tally.failing += u64::from(!is_list);
        let feed = self.feed_record(&job.address);
        feed.failures = feed.failures.saturating_add(1);
        feed.error = Some(((*code).to_owned(), message.clone()));
        feed.linked_feeds.clear();
        feed.requested_at = Some(now);
        feed.rate_limited_until = None;
        let gone = *code == "gone";
        feed.backing_off_until = Some(if gone {
            pacing::gone_back_off_until(now)
        } else {
            pacing::back_off_until(feed.failures, fastrand::f64(), now)
        });
        let reason = if is_list { messages::list_failed(message) } else { message.clone() };
        self.add_issue(&job.address, (IssueKind::Refused, reason));
        if is_list {
            return self.add_feeds_listed_before(&job.address, now);
        }
        self.tally.done += 1;
        Vec::new()
    }

    /// Records that `host` rate-limited a feed. Returns the jobs that follow.
    pub(super) fn record_rate_limit_response(
        &mut self,
        job: &FeedJob,
        host: String,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Vec<FeedJob> {
        self.rate_limits.add(host, until);
        self.feed_record(&job.address).requested_at = Some(now);
        self.record_rate_limited(job, until, now)
    }

    /// Until when the host of `address` counts as rate-limited in this run, if it does.
    pub(super) fn host_rate_limited_until(&self, address: &str) -> Option<DateTime<Utc>> {
        self.rate_limits.until(address)
    }

    /// Records that a feed or list is not fetched because of a rate limit. Returns the jobs that follow.
    pub(super) fn record_rate_limited(
        &mut self,
        job: &FeedJob,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Vec<FeedJob> {
        let is_list = job.is_source_address && self.is_list(&job.address);
        self.tally.skipped += u64::from(!is_list);
        let feed = self.feed_record(&job.address);
        feed.rate_limited_until = Some(until);
        self.add_issue(&job.address, messages::note(messages::rate_limited(until, now)));
        if is_list {
            return self.add_feeds_listed_before(&job.address, now);
        }
        self.tally.done += 1;
        Vec::new()
    }

    /// Records that this run had no time or space left for a feed or list.
    pub(super) fn record_not_reached(&mut self, job: &FeedJob, reason: &str) {
        self.tally.not_reached += 1;
        self.add_issue(&job.address, messages::note(reason.to_owned()));
    }

    /// Records why `address` is not fetched now. `counts` is false for lists.
    pub(super) fn record_postponed(
        &mut self,
        address: &str,
        decision: FetchDecision,
        counts: bool,
        now: DateTime<Utc>,
    ) {
        match decision {
            FetchDecision::BackingOff(until) => {
                self.tally.failing += u64::from(counts);
                let reason = self.feeds.get(address).map(|feed| messages::backing_off(feed, until, now));
                self.add_issue(address, messages::note(reason.unwrap_or_default()));
                return;
            }
            FetchDecision::RateLimited(until) => {
                self.add_issue(address, messages::note(messages::rate_limited(until, now)));
            }
            FetchDecision::Fetch | FetchDecision::Fresh | FetchDecision::NotFailed => {}
        }
        self.tally.skipped += u64::from(counts);
    }

    /// The record of a feed. A new feed gets a new record.
    fn feed_record(&mut self, address: &str) -> &mut FeedRecord {
        self.feeds.entry(address.to_owned()).or_insert_with(|| FeedRecord::new(address))
    }

    /// Counts a feed as done and updates its record.
    fn record_done(&mut self, job: &FeedJob, change: impl FnOnce(&mut FeedRecord)) {
        self.tally.done += 1;
        change(self.feed_record(&job.address));
    }

    fn add_issue(&mut self, address: &str, (kind, reason): (IssueKind, String)) {
        let issue = messages::feed_issue(self.feed_label(address), kind, reason);
        self.issues.entry(address.to_owned()).or_default().push(issue);
    }
}

/// Records the success of a feed and clears its failures.
fn mark_succeeded(feed: &mut FeedRecord, now: DateTime<Utc>) {
    (feed.failures, feed.error, feed.rate_limited_until, feed.backing_off_until) = (0, None, None, None);
    feed.linked_feeds.clear();
    (feed.requested_at, feed.succeeded_at) = (Some(now), Some(now));
}
