//! The measures of a run as the panel and the history show them: times, rate, feeds and articles.

use std::time::Duration;

use super::run_view::RunView;
use crate::domain::text::measures::{format_bytes, format_bytes_of, format_elapsed};
use crate::web::layout::run_labels::{RunStats, RunStatus, Stage};
use crate::web::layout::view::{counted, grouped};

impl RunView {
    /// The time left: "3 s", "2 min", "1 h 5 min".
    pub(in crate::web) fn eta_label(&self) -> Option<String> {
        self.eta_seconds.map(|s| match s {
            0..=90 => format!("{s} s"),
            91..=5400 => format!("{} min", s.div_ceil(60)),
            _ => format!("{} h {} min", s / 3600, s % 3600 / 60),
        })
    }

    /// How long it took: "0.4 s", "2 min 5 s".
    pub(in crate::web) fn duration_label(&self) -> Option<String> {
        self.duration_ms.map(|ms| match ms {
            0..100 => "under 0.1 s".to_owned(),
            _ => format_elapsed(Duration::from_millis(ms)),
        })
    }

    /// Whether it has counted items: not before it compares them with the catalog.
    pub(in crate::web) fn has_counts(&self) -> bool {
        match self.status {
            RunStatus::Pending => false,
            RunStatus::Running => self.stage != Stage::Fetching,
            RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled | RunStatus::Interrupted => true,
        }
    }

    /// How much of a file was fetched, while it is fetched: "12.4 of 31.0 MB"; "12.4 MB" if its size is unknown.
    pub(in crate::web) fn fetched_label(&self) -> Option<String> {
        let RunStats { bytes, bytes_total, feeds, .. } = self.stats;
        let is_fetched = self.stage == Stage::Fetching && feeds.is_none() && bytes > 0;
        is_fetched.then(|| bytes_total.map_or_else(|| format_bytes(bytes), |total| format_bytes_of(bytes, total)))
    }

    /// Items or bytes per second: "214/s", "1.2 MB/s".
    pub(in crate::web) fn rate_label(&self) -> Option<String> {
        if self.stage == Stage::Fetching && self.stats.bytes_per_second.is_some() {
            return self.stats.bytes_per_second.map(|rate| format!("{}/s", format_bytes(rate)));
        }
        // A rate is an estimate; below one it is not worth showing.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is at least one, and fractions do not matter"
        )]
        self.rate.filter(|rate| *rate >= 1.0).map(|rate| format!("{}/s", grouped(&(rate as u64))))
    }

    /// How many feeds the run fetched and how many articles they contained: "22 feeds, 47 articles".
    pub(in crate::web) fn feeds_label(&self) -> Option<String> {
        let Some(count) = self.stats.feeds else { return self.articles_label() };
        let feeds = counted(&count.total.max(count.processed), "feed", "feeds");
        Some(self.articles_label().map_or(feeds.clone(), |articles| format!("{feeds}, {articles}")))
    }

    /// How many articles the run found, once there are any: "47 articles".
    pub(in crate::web) fn articles_label(&self) -> Option<String> {
        let found = self.stats.articles.map(|count| count.total.max(count.processed)).filter(|found| *found > 0);
        found.map(|found| counted(&found, "article", "articles"))
    }
}
