//! How the feeds of a source fare as a whole.

use chrono::{DateTime, Utc};

use super::feed::FeedRecord;

/// How many feeds a source is made of, and how many of them failed the last time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct FeedCounts {
    /// All of them.
    pub total: u64,
    /// Those whose last try failed.
    pub failing: u64,
    /// Until when none of those that failed may be asked by anybody, as their servers wish; `None` where one may.
    #[serde(skip)]
    pub silent_until: Option<DateTime<Utc>>,
}

impl FeedCounts {
    /// The counts of these feeds; `None` where there are none.
    #[must_use]
    pub fn from_feeds(feeds: &[FeedRecord]) -> Option<Self> {
        let failing = feeds.iter().filter(|feed| feed.has_failed());
        // Nothing is before every moment: one that may be asked now makes the earliest of all.
        let silent_until = failing.clone().map(|feed| feed.rate_limited_until).min().flatten();
        let (total, failing) = (feeds.len() as u64, failing.count() as u64);
        (total > 0).then_some(Self { total, failing, silent_until })
    }

    /// Whether a person may have those asked again at `now` that failed: where at least one of them may be.
    #[must_use]
    pub fn may_retry(&self, now: DateTime<Utc>) -> bool {
        self.failing > 0 && self.silent_until.is_none_or(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use super::FeedCounts;
    use crate::domain::feed::FeedRecord;

    #[test]
    fn those_that_failed_may_be_asked_again_where_one_server_does_not_mind() {
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
