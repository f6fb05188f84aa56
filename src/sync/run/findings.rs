//! The findings of a run, and the ending that is built from them.

use crate::domain::change_set::Change;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::issue::IssueList;
use crate::domain::operation::Status;
use crate::domain::progress::{FailedFeeds, RunStats};
use crate::domain::run_text;
use crate::store::finish::{RequeuePolicy, RunEnding};
use crate::store::reviews::ReviewChange;
use crate::sync::progress::reporter::ProgressReporter;

/// The findings of a run, however it ends.
#[derive(Default)]
pub(in crate::sync) struct RunFindings {
    pub(in crate::sync) stats: RunStats,
    pub(in crate::sync) issues: IssueList,
    /// The changes that a preview found.
    pub(in crate::sync) changes: Vec<Change>,
    /// What becomes of the removals that wait for a decision.
    pub(in crate::sync) review: ReviewChange,
    /// Whether a new preview is queued when the run fails, because the one that it should apply is outdated.
    pub(in crate::sync) preview_again: bool,
    /// The new state of the source's feeds; `None` keeps the stored records.
    pub(in crate::sync) feeds: Option<Vec<FeedRecord>>,
    /// The counts of feeds, if the source consists of feeds.
    pub(super) feed_counts: Option<FeedCounts>,
    /// Whether the content was only the newest part of the source.
    pub(in crate::sync) newest_only: bool,
    /// The changes of columns, as the end of a message. Empty when there are none.
    pub(in crate::sync) column_changes: String,
    /// The percentage that pollers saw last, when the run stopped.
    pub(super) published_percent: u8,
}

impl RunFindings {
    /// Takes over the counts and the percent of a run that stops now.
    pub(in crate::sync) fn record_progress(&mut self, reporter: &ProgressReporter) {
        // Both describe a fetch that goes on.
        self.stats = RunStats { bytes_total: None, bytes_per_second: None, ..reporter.current().stats };
        self.published_percent = reporter.published_percent();
    }

    /// The counts, with the feeds that failed.
    pub(in crate::sync) fn stats_with_feeds(&self) -> RunStats {
        let failed = self.feed_counts.filter(|counts| counts.failing > 0);
        let failed_feeds = failed.map(|counts| FailedFeeds { failed: counts.failing, total: counts.total });
        RunStats { failed_feeds, ..self.stats }
    }

    /// The ending with this status and this message.
    pub(in crate::sync) fn into_ending(self, status: Status, message: String) -> RunEnding {
        let Self { stats, issues, changes, review, preview_again, feeds, .. } = self;
        let requeue = if preview_again { RequeuePolicy::PreviewAgain } else { RequeuePolicy::No };
        RunEnding { stats: Some(stats), issues, changes, review, requeue, feeds, ..RunEnding::new(status, message) }
    }

    /// The ending of a run that failed with this code and this message.
    pub(super) fn failed(self, code: &str, message: &str) -> RunEnding {
        let message = run_text::stopped_message(message, &self.stats);
        RunEnding { error: Some((code.to_owned(), message.clone())), ..self.into_ending(Status::Failed, message) }
    }
}
