//! The progress of a run: counts, the weight of each stage, and the percentage computed from them.

use serde::{Deserialize, Serialize};

use super::operation::{Stage, Status};

/// A number of processed things, and their total.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ProgressCount {
    /// The number processed so far.
    pub processed: u64,
    /// The total, or 0 while it is unknown.
    pub total: u64,
}

impl ProgressCount {
    /// Returns the larger values of this and `before`, so that displayed progress never goes back.
    #[must_use]
    pub fn at_least(self, before: Option<Self>) -> Self {
        let before = before.unwrap_or_default();
        Self { processed: self.processed.max(before.processed), total: self.total.max(before.total) }
    }
}

/// The counts of a run, as they are stored, sent and shown.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct RunStats {
    /// Rows processed, of all rows.
    pub items: ProgressCount,
    /// Bytes fetched, after decompression.
    pub bytes: u64,
    /// All bytes to fetch, while a file is fetched whose server reports its size; otherwise `None`.
    #[serde(rename = "bytesTotal", skip_serializing_if = "Option::is_none")]
    pub bytes_total: Option<u64>,
    /// Bytes fetched per second, while a file is fetched; otherwise `None`.
    #[serde(rename = "bytesPerSecond", skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
    /// Lines read.
    pub lines: u64,
    /// Items that are new in the catalog.
    pub added: u64,
    /// Items whose fields differ.
    pub updated: u64,
    /// Items whose fields are the same.
    pub unchanged: u64,
    /// Items removed from the catalog.
    pub removed: u64,
    /// Rows that were skipped.
    pub rejected: u64,
    /// Feeds fetched, of all feeds; `None` for a source without feeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feeds: Option<ProgressCount>,
    /// Articles processed, of all articles; `None` for a source without articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub articles: Option<ProgressCount>,
    /// The failed feeds, once the run has ended; `None` if there are none.
    #[serde(rename = "failedFeeds", skip_serializing_if = "Option::is_none")]
    pub failed_feeds: Option<FailedFeeds>,
}

/// The number of a source's feeds that failed, whether or not this run requested them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct FailedFeeds {
    /// The number of feeds whose last request failed.
    pub failed: u64,
    /// The number of all feeds.
    pub total: u64,
}

/// The weight of each stage in the progress of a run, in percent. The three add up to 100. Each kind of source has its
/// own weights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StageWeights {
    /// The share of the stage *fetching*, in percent.
    pub fetching: u8,
    /// The share of the stage *processing*, in percent.
    pub processing: u8,
    /// The share of the stage *finalizing*, in percent.
    pub finalizing: u8,
}

impl StageWeights {
    /// Returns the percentage of the whole run after `done` of `total` in `stage`. It is at most 99, because 100 means
    /// *completed*. A total of 0 (unknown) counts as no progress.
    #[must_use]
    pub fn overall_percent(self, stage: Stage, done: u64, total: u64) -> u8 {
        let (before, weight) = match stage {
            Stage::Fetching => (0, self.fetching),
            Stage::Processing => (self.fetching, self.processing),
            Stage::Finalizing => (self.fetching + self.processing, self.finalizing),
        };
        let share = if total == 0 { 0 } else { u128::from(weight) * u128::from(done.min(total)) / u128::from(total) };
        let percent = u128::from(before) + share;
        u8::try_from(percent.min(99)).unwrap_or(99)
    }
}

/// Returns the processed items per second and the estimated seconds left in the current stage (for feeds or bytes while
/// fetching, for items while processing). Both are `None` in the first second, when they would be meaningless.
#[must_use]
pub fn rate_and_eta(
    stats: &RunStats,
    ran: chrono::TimeDelta,
    status: Status,
    stage: Option<Stage>,
) -> (Option<f64>, Option<u64>) {
    let millis = u64::try_from(ran.num_milliseconds()).unwrap_or(0);
    if millis < 1000 {
        return (None, None);
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate is for people")]
    let rate = (stats.items.processed as f64 * 10_000.0 / millis as f64).round() / 10.0;
    let fetched_bytes = stats.bytes_total.map(|total| ProgressCount { processed: stats.bytes, total });
    let counted = match stage {
        // A reader account lists all its feeds at once, so their count says nothing about the time left.
        Some(Stage::Fetching) => stats.feeds.filter(|feeds| feeds.processed < feeds.total).or(fetched_bytes),
        Some(Stage::Processing) => Some(stats.items),
        Some(Stage::Finalizing) | None => None,
    };
    let eta = counted.filter(|count| status == Status::Running && count.processed > 0).map(|count| {
        let left = u128::from(count.total.saturating_sub(count.processed));
        u64::try_from(left * u128::from(millis) / u128::from(count.processed) / 1000).unwrap_or(u64::MAX)
    });
    (Some(rate).filter(|_| stats.items.processed > 0), eta)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{ProgressCount, RunStats, Stage, StageWeights, Status, rate_and_eta};

    const SHEET: StageWeights = StageWeights { fetching: 10, processing: 80, finalizing: 10 };

    #[test]
    fn stages_follow_each_other_without_a_gap_and_end_below_100() {
        assert_eq!(SHEET.overall_percent(Stage::Fetching, 0, 0), 0);
        assert_eq!(SHEET.overall_percent(Stage::Fetching, 5, 5), 10);
        assert_eq!(SHEET.overall_percent(Stage::Processing, 0, 1000), 10);
        assert_eq!(SHEET.overall_percent(Stage::Processing, 450, 1000), 46);
        assert_eq!(SHEET.overall_percent(Stage::Processing, 1000, 1000), 90);
        assert_eq!(SHEET.overall_percent(Stage::Finalizing, 1, 1), 99);
        assert_eq!(SHEET.overall_percent(Stage::Processing, u64::MAX, u64::MAX), 90);
    }

    #[test]
    fn the_time_left_is_that_of_feeds_while_they_are_fetched_and_of_items_afterwards() {
        let count = |processed| ProgressCount { processed, total: 300 };
        let fetching = RunStats { feeds: Some(count(100)), ..RunStats::default() };
        let reported = |stats, seconds, stage| rate_and_eta(stats, TimeDelta::seconds(seconds), Status::Running, stage);
        assert_eq!(reported(&fetching, 10, Some(Stage::Fetching)), (None, Some(20)));
        let file = RunStats { bytes: 25, bytes_total: Some(100), ..RunStats::default() };
        assert_eq!(reported(&file, 10, Some(Stage::Fetching)), (None, Some(30)));
        let nothing = RunStats::default();
        assert_eq!(reported(&nothing, 10, Some(Stage::Fetching)), (None, None));
        let processing = RunStats { items: count(150), ..fetching };
        assert_eq!(reported(&processing, 10, Some(Stage::Processing)), (Some(15.0), Some(10)));
        assert_eq!(reported(&processing, 0, Some(Stage::Processing)), (None, None));
        assert_eq!(reported(&processing, 10, Some(Stage::Finalizing)), (Some(15.0), None));
    }
}
