//! What is told of a fetch of many feeds: only ever forward.

use chrono::{DateTime, Utc};

use super::tally::CrawlTally;
use crate::domain::progress::ProgressCount;
use crate::domain::run_text::fetching_feed_message;
use crate::fetch::{FetchObserver, FetchProgress};

/// What was told. Whoever tells holds the lock that this stands behind.
#[derive(Debug, Default)]
pub(super) struct CrawlProgress {
    bytes: u64,
    articles: u64,
    /// The largest share that was told; lists that turn out to be longer take nothing back.
    share: ProgressCount,
    feeds: ProgressCount,
}

impl CrawlProgress {
    /// Bytes that arrived so far.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// So many bytes more are here.
    pub(super) const fn arrived(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// So many articles more are here.
    pub(super) const fn found(&mut self, articles: u64) {
        self.articles += articles;
    }

    /// Tells how far it is.
    pub(super) fn tell(&mut self, tally: CrawlTally, watch: &dyn FetchObserver) {
        let now = ProgressCount { processed: tally.asked.min(tally.to_ask), total: tally.to_ask };
        let wide = |count: ProgressCount| (u128::from(count.processed), u128::from(count.total));
        let ((done, total), (best, of)) = (wide(now), wide(self.share));
        if done * of.max(1) >= best * total.max(1) {
            self.share = now;
        }
        self.feeds = ProgressCount {
            processed: now.processed.max(self.feeds.processed),
            total: now.total.max(self.feeds.total),
        };
        let message = match self.feeds.total {
            0 => "Fetching the list of feeds…".to_owned(),
            _ => fetching_feed_message(self.feeds),
        };
        watch.report_progress(&FetchProgress {
            message,
            steps: self.share,
            bytes: self.bytes,
            feeds: Some(self.feeds),
            articles: Some(ProgressCount { processed: self.articles, total: self.articles }),
        });
    }

    /// Tells that a server asked to wait a moment.
    pub(super) fn waiting(&self, host: &str, until: DateTime<Utc>, watch: &dyn FetchObserver) {
        watch.report_wait(host, until);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chrono::{DateTime, Utc};

    use super::CrawlProgress;
    use crate::fetch::feeds::crawl::tally::CrawlTally;
    use crate::fetch::{FetchObserver, FetchProgress};

    #[derive(Default)]
    struct Told(Mutex<Vec<FetchProgress>>);

    impl FetchObserver for Told {
        fn report_received(&self, _: u64, _: Option<u64>) {}
        fn report_wait(&self, _: &str, _: DateTime<Utc>) {}
        fn report_progress(&self, now: &FetchProgress) {
            self.0.lock().expect("the list").push(now.clone());
        }
        fn should_stop(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_list_that_turns_out_longer_takes_nothing_back() {
        let (told, mut telling) = (Told::default(), CrawlProgress::default());
        for (asked, to_ask) in [(0, 0), (0, 2), (1, 2), (1, 20), (2, 20), (15, 20), (20, 20)] {
            telling.tell(CrawlTally { asked, to_ask, ..CrawlTally::default() }, &told);
        }
        let told = told.0.into_inner().expect("the list");
        let messages: Vec<&str> = told.iter().map(|now| now.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "Fetching the list of feeds…",
                "Fetching feed 1 of 2…",
                "Fetching feed 2 of 2…",
                "Fetching feed 2 of 20…",
                "Fetching feed 3 of 20…",
                "Fetching feed 16 of 20…",
                "Fetching feed 20 of 20…"
            ]
        );
        let shares: Vec<u64> = told.iter().map(|now| now.steps.processed * 100 / now.steps.total.max(1)).collect();
        assert_eq!(shares, [0, 0, 50, 50, 50, 75, 100]);
    }
}
