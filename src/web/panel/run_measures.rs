//! The measures of a run as the panel and the history show them: times, rate, feeds and articles.

use std::time::Duration;

use super::run_view::RunView;
use crate::domain::text::measures;
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
            _ => measures::format_elapsed(Duration::from_millis(ms)),
        })
    }

    /// Items per second: "214/s".
    pub(in crate::web) fn rate_label(&self) -> Option<String> {
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
