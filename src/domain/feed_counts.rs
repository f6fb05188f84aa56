//! Counts the feeds of a source and those that failed.

use chrono::{DateTime, Utc};

use super::feed::FeedRecord;

/// The number of feeds of a source, and how many of them failed the last time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct FeedCounts {
    /// The number of feeds.
    pub total: u64,
    /// The number of feeds whose last request failed.
    pub failing: u64,
    /// The time until which the servers of all failing feeds asked not to be contacted; `None` if at least one may be
    /// requested.
    #[serde(skip)]
    pub retry_blocked_until: Option<DateTime<Utc>>,
}

impl FeedCounts {
    /// Counts these feeds; `None` if there are none.
    #[must_use]
    pub fn from_feeds(feeds: &[FeedRecord]) -> Option<Self> {
        let failing = feeds.iter().filter(|feed| feed.has_failed());
        // `None` is less than every time, so a feed that may be requested now is the minimum.
        let retry_blocked_until = failing.clone().map(|feed| feed.rate_limited_until).min().flatten();
        let (total, failing) = (feeds.len() as u64, failing.count() as u64);
        (total > 0).then_some(Self { total, failing, retry_blocked_until })
    }

    /// Returns whether a manual retry at `now` may request at least one of the failing feeds.
    #[must_use]
    pub fn may_retry(&self, now: DateTime<Utc>) -> bool {
        self.failing > 0 && self.retry_blocked_until.is_none_or(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use super::FeedCounts;
    use crate::domain::feed::FeedRecord;

    #[test]
    fn failed_feeds_can_be_retried_if_one_server_allows_it() {
        let now = Utc::now();
        let (soon, later) = (now + TimeDelta::minutes(1), now + TimeDelta::hours(1));
        let feed = |failures, rate_limited_until| FeedRecord {
            failures,
            rate_limited_until,
            ..FeedRecord::new("https://h.example/")
        };
        let counts = |feeds: &[FeedRecord]| FeedCounts::from_feeds(feeds).expect("counts");
        assert_eq!(FeedCounts::from_feeds(&[]), None);
        let fine = counts(&[feed(0, Some(later)), feed(0, None)]);
        assert_eq!((fine.total, fine.failing, fine.may_retry(now)), (2, 0, false));
        let one = counts(&[feed(1, Some(later)), feed(2, None)]);
        assert_eq!((one.failing, one.may_retry(now)), (2, true));
        let both = counts(&[feed(1, Some(later)), feed(2, Some(soon)), feed(0, None)]);
        assert_eq!((both.failing, both.may_retry(now), both.may_retry(soon)), (2, false, true));
    }
}
