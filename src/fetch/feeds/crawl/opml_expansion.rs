//! Expands the lists of a source to their feeds. If a list cannot be read, the feeds of its last version are used.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use url::Url;

use super::feed_job::FeedJob;
use super::pacing;
use super::pacing::FetchDecision;
use super::state::CrawlState;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_names::feed_names;
use crate::domain::issue::Issue;
use crate::domain::source::Validators;
use crate::domain::text::shortening::clip_name;
use crate::fetch::feeds::messages;

/// How many feeds a probe fetches. People wait for a probe, and it shows only twenty articles.
const MAX_PROBED_FEEDS: u64 = 4;

impl<'a> CrawlState<'a> {
    /// Whether `address` was a list in the last run.
    pub(super) fn is_list(&self, address: &str) -> bool {
        self.lists.contains_key(address)
    }

    /// The feeds that a list named before this run.
    fn feeds_listed_before(&self, list: &str) -> Vec<&'a FeedRecord> {
        self.lists.get(list).cloned().unwrap_or_default()
    }

    /// The record of a feed from before this run, without the lists that name it, which are collected again.
    pub(super) fn remembered_feed(&self, address: &str) -> FeedRecord {
        let feed = self.before.get(address).map_or_else(|| FeedRecord::new(address), |feed| (*feed).clone());
        FeedRecord { lists: BTreeMap::new(), ..feed }
    }

    /// Adds the feeds that a list named before this run. Returns the jobs for those that are due.
    pub(super) fn add_feeds_listed_before(&mut self, list: &str, now: DateTime<Utc>) -> Vec<FeedJob> {
        let before = self.feeds_listed_before(list);
        let version = before.first().and_then(|feed| feed.lists.get(list)).cloned().unwrap_or_default();
        let feeds = before.iter().map(|feed| (feed.address.clone(), feed.title.clone())).collect();
        self.add_listed_feeds(list, &version, feeds, now)
    }

    /// Adds the feeds of a list. Returns the jobs for those that are due.
    pub(super) fn add_listed_feeds(
        &mut self,
        list: &str,
        version: &str,
        feeds: Vec<(String, String)>,
        now: DateTime<Utc>,
    ) -> Vec<FeedJob> {
        let mut jobs = Vec::new();
        let addresses = feeds.iter().map(|(address, _)| address.clone()).collect();
        for (address, title) in feeds {
            if !self.add_listed_feed(list, version, &address, &title) {
                continue;
            }
            if self.request.sync_id.is_none() && self.tally.planned >= MAX_PROBED_FEEDS {
                continue;
            }
            let decision =
                pacing::decide_fetch(&self.feeds[&address], self.known_validators(&address), &self.request, now);
            if decision == FetchDecision::Fetch {
                self.tally.planned += 1;
                jobs.push(FeedJob { address, is_source_address: false });
            } else {
                self.record_postponed(&address, decision, true, now);
            }
        }
        self.set_listed_feeds(list, addresses);
        // Feeds that earlier runs did not reach come first.
        jobs.sort_by_key(|job| self.feeds[&job.address].requested_at);
        jobs
    }

    /// Adds a feed that a list names. Returns whether it is new in this run.
    fn add_listed_feed(&mut self, list: &str, version: &str, address: &str, title: &str) -> bool {
        if self.source_addresses.iter().any(|given| given.address == address) {
            return false;
        }
        let is_new = !self.feeds.contains_key(address);
        if is_new {
            let feed = self.remembered_feed(address);
            self.feeds.insert(address.to_owned(), feed);
        }
        if let Some(feed) = self.feeds.get_mut(address) {
            feed.lists.insert(list.to_owned(), version.to_owned());
            if feed.title.is_empty() {
                feed.title = clip_name(title);
            }
        }
        is_new
    }

    /// Stores which feeds a list names.
    pub(super) fn set_listed_feeds(&mut self, list: &str, feeds: Vec<String>) {
        if let Some(given) = self.source_addresses.iter_mut().find(|given| given.address == list) {
            given.feeds = Some(feeds);
        }
    }

    /// Keeps the feeds of lists that were not read in this run.
    fn keep_unread_lists(&mut self) {
        let unread = self.source_addresses.iter().filter(|given| given.feeds.is_none() && self.is_list(&given.address));
        for list in unread.map(|given| given.address.clone()).collect::<Vec<_>>() {
            let feeds = self.feeds_listed_before(&list);
            for feed in &feeds {
                let version = feed.lists.get(&list).cloned().unwrap_or_default();
                self.add_listed_feed(&list, &version, &feed.address, &feed.title);
            }
            self.set_listed_feeds(&list, feeds.iter().map(|feed| feed.address.clone()).collect());
            if self.feeds.get(&list).is_some_and(|feed| !feed.has_failed() && feed.rate_limited_until.is_none()) {
                self.feeds.remove(&list);
            }
        }
    }

    /// Records that an address is a web page that links to `feeds`. Returns the jobs that follow.
    pub(super) fn record_web_page(&mut self, job: &FeedJob, feeds: &[Url], now: DateTime<Utc>) -> Vec<FeedJob> {
        let jobs = self.record_failure(job, &messages::web_page_instead(feeds), now);
        if let Some(feed) = self.feeds.get_mut(&job.address) {
            feed.linked_feeds = feeds.iter().map(Url::to_string).collect();
        }
        jobs
    }

    /// The records of all feeds, the validators for the next run, and the issues, all in the order of the source.
    pub(in crate::fetch) fn into_results(mut self) -> (Vec<FeedRecord>, Validators, Vec<Issue>) {
        self.keep_unread_lists();
        // The rate limit of a host also applies to its feeds that were read before it was declared.
        let rate_limited =
            self.feeds.keys().filter_map(|address| Some((address.clone(), self.host_rate_limited_until(address)?)));
        for (address, until) in rate_limited.collect::<Vec<_>>() {
            if let Some(feed) = self.feeds.get_mut(&address) {
                feed.rate_limited_until = feed.rate_limited_until.max(Some(until));
            }
        }
        let mut feeds = Vec::new();
        let mut validators = BTreeMap::new();
        let mut issues_by_feed: Vec<(String, Vec<Issue>)> = Vec::new();
        for given in &self.source_addresses {
            let named = given.feeds.iter().flatten();
            for address in std::iter::once(&given.address).chain(named) {
                feeds.extend(self.feeds.remove(address));
                issues_by_feed.extend(self.issues.remove(address).map(|issues| (address.clone(), issues)));
                let known =
                    self.validators.remove(address).or_else(|| self.request.validators.each.get(address).cloned());
                validators.extend(known.map(|known| (address.clone(), known)));
            }
        }
        // Labels are final only now that all titles are known.
        let names: HashMap<&str, String> = addresses(&feeds).zip(feed_names(&feeds)).collect();
        let issues = issues_by_feed.into_iter().flat_map(|(address, issues)| {
            let name = names.get(address.as_str()).cloned();
            issues.into_iter().map(move |issue| Issue { column: name.clone().or(issue.column), ..issue })
        });
        let issues = issues.collect();
        (feeds, Validators { each: validators, ..Validators::default() }, issues)
    }
}

fn addresses(feeds: &[FeedRecord]) -> impl Iterator<Item = &str> {
    feeds.iter().map(|feed| feed.address.as_str())
}
