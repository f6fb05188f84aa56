//! Which feeds a source is made of: those that its lists name now, or named before where a list cannot be read.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use url::Url;

use super::pacing;
use super::pacing::FetchDecision;
use super::state::{CrawlState, FeedJob};
use crate::domain::feed::FeedRecord;
use crate::domain::feed_names::feed_names;
use crate::domain::issue::Issue;
use crate::domain::rows::row::clipped;
use crate::domain::source::Validators;
use crate::fetch::feeds::messages;

/// The most feeds that a look at a place asks: a person waits for it, and sees twenty articles.
const LOOKED_AT: u64 = 4;

impl<'a> CrawlState<'a> {
    /// Whether `address` was a list the last time.
    pub(super) fn is_list(&self, address: &str) -> bool {
        self.lists.contains_key(address)
    }

    pub(super) fn feeds_before(&self, list: &str) -> Vec<&'a FeedRecord> {
        self.lists.get(list).cloned().unwrap_or_default()
    }

    /// What is remembered of a feed, but for the lists that name it: that is found out anew.
    pub(super) fn remembered(&self, address: &str) -> FeedRecord {
        let feed = self.before.get(address).map_or_else(|| FeedRecord::new(address), |feed| (*feed).clone());
        FeedRecord { lists: BTreeMap::new(), ..feed }
    }

    /// Enrolls the feeds that a list named the last time.
    pub(super) fn as_before(&mut self, list: &str, now: DateTime<Utc>) -> Vec<FeedJob> {
        let before = self.feeds_before(list);
        let version = before.first().and_then(|feed| feed.lists.get(list)).cloned().unwrap_or_default();
        let feeds = before.iter().map(|feed| (feed.address.clone(), feed.title.clone())).collect();
        self.enroll(list, &version, feeds, now)
    }

    /// Takes the feeds of a list in, and answers which of them are to be asked now.
    pub(super) fn enroll(
        &mut self,
        list: &str,
        version: &str,
        feeds: Vec<(String, String)>,
        now: DateTime<Utc>,
    ) -> Vec<FeedJob> {
        let mut jobs = Vec::new();
        let addresses = feeds.iter().map(|(address, _)| address.clone()).collect();
        for (address, title) in feeds {
            if !self.join(list, version, &address, &title) {
                continue;
            }
            if self.order.sync_id.is_none() && self.tally.to_ask >= LOOKED_AT {
                continue;
            }
            let turn = pacing::turn(&self.feeds[&address], self.known(&address), &self.order, now);
            if turn == FetchDecision::Ask {
                self.tally.to_ask += 1;
                jobs.push(FeedJob { address, given: false });
            } else {
                self.put_off(&address, turn, true, now);
            }
        }
        self.set_list(list, addresses);
        // Those that an earlier run did not come to are asked first.
        jobs.sort_by_key(|job| self.feeds[&job.address].asked_at);
        jobs
    }

    /// Notes that a list names a feed. Answers whether that is the first time.
    pub(super) fn join(&mut self, list: &str, version: &str, address: &str, title: &str) -> bool {
        if self.given.iter().any(|given| given.address == address) {
            return false;
        }
        let first = !self.feeds.contains_key(address);
        if first {
            let feed = self.remembered(address);
            self.feeds.insert(address.to_owned(), feed);
        }
        if let Some(feed) = self.feeds.get_mut(address) {
            feed.lists.insert(list.to_owned(), version.to_owned());
            if feed.title.is_empty() {
                feed.title = clipped(title);
            }
        }
        first
    }

    pub(super) fn set_list(&mut self, list: &str, feeds: Vec<String>) {
        if let Some(given) = self.given.iter_mut().find(|given| given.address == list) {
            given.feeds = Some(feeds);
        }
    }

    /// Keeps what is known of the lists that this run did not come to, and of their feeds.
    pub(super) fn keep_lists(&mut self) {
        let unread = self.given.iter().filter(|given| given.feeds.is_none() && self.is_list(&given.address));
        for list in unread.map(|given| given.address.clone()).collect::<Vec<_>>() {
            let feeds = self.feeds_before(&list);
            for feed in &feeds {
                let version = feed.lists.get(&list).cloned().unwrap_or_default();
                self.join(&list, &version, &feed.address, &feed.title);
            }
            self.set_list(&list, feeds.iter().map(|feed| feed.address.clone()).collect());
            if self.feeds.get(&list).is_some_and(|feed| !feed.has_failed() && feed.busy_until.is_none()) {
                self.feeds.remove(&list);
            }
        }
    }

    /// A web page was found in the place of a feed; these are the feeds that it names. Answers what is to be asked now.
    pub(super) fn found_page(&mut self, job: &FeedJob, feeds: &[Url], now: DateTime<Utc>) -> Vec<FeedJob> {
        let jobs = self.failed(job, &messages::no_feed_here(feeds), now);
        if let Some(feed) = self.feeds.get_mut(&job.address) {
            feed.named = feeds.iter().map(Url::to_string).collect();
        }
        jobs
    }

    /// What is known of all feeds from now on, what is to be sent along the next time, and what people are told, all in
    /// the order of the source.
    pub(in crate::fetch) fn close(mut self) -> (Vec<FeedRecord>, Validators, Vec<Issue>) {
        self.keep_lists();
        // Those that were read before their server said so are not to be asked either.
        let silent = self.feeds.keys().filter_map(|address| Some((address.clone(), self.silent_until(address)?)));
        for (address, until) in silent.collect::<Vec<_>>() {
            if let Some(feed) = self.feeds.get_mut(&address) {
                feed.busy_until = feed.busy_until.max(Some(until));
            }
        }
        let mut feeds = Vec::new();
        let mut each = BTreeMap::new();
        let mut told: Vec<(String, Vec<Issue>)> = Vec::new();
        for given in &self.given {
            let named = given.feeds.iter().flatten();
            for address in std::iter::once(&given.address).chain(named) {
                feeds.extend(self.feeds.remove(address));
                told.extend(self.issues.remove(address).map(|issues| (address.clone(), issues)));
                let known = self.each.remove(address).or_else(|| self.order.validators.each.get(address).cloned());
                each.extend(known.map(|known| (address.clone(), known)));
            }
        }
        // What was told before all titles were known.
        let names: HashMap<&str, String> = addresses(&feeds).zip(feed_names(&feeds)).collect();
        let issues = told.into_iter().flat_map(|(address, issues)| {
            let name = names.get(address.as_str()).cloned();
            issues.into_iter().map(move |issue| Issue { column: name.clone().or(issue.column), ..issue })
        });
        let issues = issues.collect();
        (feeds, Validators { each, ..Validators::default() }, issues)
    }
}

fn addresses(feeds: &[FeedRecord]) -> impl Iterator<Item = &str> {
    feeds.iter().map(|feed| feed.address.as_str())
}
