//! Reports the progress of fetching many feeds. Progress never decreases.

use crate::domain::progress::ProgressCount;
use crate::domain::run_text::fetching_feed_message;
use crate::domain::run_text::run_progress::FETCHING_FEED_LIST;
use crate::fetch::feeds::crawl_tally::CrawlTally;
use crate::fetch::{FetchObserver, FetchProgress};

/// The progress reported so far.
#[derive(Debug, Default)]
pub(super) struct CrawlProgress {
    bytes: u64,
    articles: u64,
    /// The largest share that was reported. It does not shrink if a list has more feeds than expected.
    share: ProgressCount,
    feeds: ProgressCount,
}

impl CrawlProgress {
    /// How many bytes were received so far.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) const fn add_bytes(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    pub(super) const fn add_articles(&mut self, articles: u64) {
        self.articles += articles;
    }

    /// Reports progress according to `tally`.
    pub(super) fn report(&mut self, tally: CrawlTally, observer: &dyn FetchObserver) {
        let now = ProgressCount { processed: tally.done.min(tally.planned), total: tally.planned };
        let widen = |count: ProgressCount| (u128::from(count.processed), u128::from(count.total));
        let ((done, total), (best_done, best_total)) = (widen(now), widen(self.share));
        if done * best_total.max(1) >= best_done * total.max(1) {
            self.share = now;
        }
        self.feeds = ProgressCount {
            processed: now.processed.max(self.feeds.processed),
            total: now.total.max(self.feeds.total),
        };
        let message = match self.feeds.total {
            0 => FETCHING_FEED_LIST.to_owned(),
            _ => fetching_feed_message(self.feeds),
        };
        observer.report_progress(&FetchProgress {
            message,
            steps: self.share,
            bytes: self.bytes,
            feeds: Some(self.feeds),
            articles: Some(ProgressCount { processed: self.articles, total: self.articles }),
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chrono::{DateTime, Utc};

    use super::CrawlProgress;
    use crate::fetch::feeds::crawl_tally::CrawlTally;
    use crate::fetch::{FetchObserver, FetchProgress};

    #[derive(Default)]
    struct ReportedProgress(Mutex<Vec<FetchProgress>>);

    impl FetchObserver for ReportedProgress {
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
    fn progress_does_not_go_back_when_a_list_grows() {
        let (reported, mut progress) = (ReportedProgress::default(), CrawlProgress::default());
        for (done, planned) in [(0, 0), (0, 2), (1, 2), (1, 20), (2, 20), (15, 20), (20, 20)] {
            progress.report(CrawlTally { done, planned, ..CrawlTally::default() }, &reported);
        }
        let reported = reported.0.into_inner().expect("the list");
        let messages: Vec<&str> = reported.iter().map(|now| now.message.as_str()).collect();
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
        let shares: Vec<u64> = reported.iter().map(|now| now.steps.processed * 100 / now.steps.total.max(1)).collect();
        assert_eq!(shares, [0, 0, 50, 50, 50, 75, 100]);
    }
}
