//! Which feeds a source is made of: those that its lists name now, or named before where a list cannot be read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::articles;
use super::ledger::{Job, Ledger};
use super::pace::{self, Turn};
use crate::domain::feed::Feed;

/// The most feeds that a look at a place asks: a person waits for it, and sees twenty articles.
const LOOKED_AT: u64 = 4;

impl<'a> Ledger<'a> {
    /// Whether `address` was a list the last time.
    pub(super) fn is_list(&self, address: &str) -> bool {
        self.lists.contains_key(address)
    }

    pub(super) fn feeds_before(&self, list: &str) -> Vec<&'a Feed> {
        self.lists.get(list).cloned().unwrap_or_default()
    }

    /// What is remembered of a feed, but for the lists that name it: that is found out anew.
    pub(super) fn remembered(&self, address: &str) -> Feed {
        let feed = self.before.get(address).map_or_else(|| Feed::new(address), |feed| (*feed).clone());
        Feed { lists: BTreeMap::new(), ..feed }
    }

    /// Enrolls the feeds that a list named the last time.
    pub(super) fn as_before(&mut self, list: &str, now: DateTime<Utc>) -> Vec<Job> {
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
    ) -> Vec<Job> {
        let mut jobs = Vec::new();
        let addresses = feeds.iter().map(|(address, _)| address.clone()).collect();
        for (address, title) in feeds {
            if !self.join(list, version, &address, &title) {
                continue;
            }
            if self.order.sync.is_none() && self.tally.to_ask >= LOOKED_AT {
                continue;
            }
            let turn = pace::turn(&self.feeds[&address], self.known(&address), &self.order, now);
            if turn == Turn::Ask {
                self.tally.to_ask += 1;
                jobs.push(Job { address, given: false });
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
                feed.title = articles::clipped(title);
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
}
