//! The progress of a run that each of the two stores has, and the rules for when a store needs a newer value.

use std::time::{Duration, Instant};

use crate::status::board::REPEAT_INTERVAL;
use crate::store::lease::RunProgress;

/// The database is written when the percent grew by this much, even if its interval has not passed.
const DATABASE_PERCENT_STEP: u8 = 5;

/// What the database has of the progress.
pub(super) struct DatabaseState {
    pub(super) published: RunProgress,
    pub(super) published_at: Instant,
    /// Whether the last write succeeded.
    pub(super) is_available: bool,
}

/// What the primary store has of the progress.
pub(super) struct PrimaryState {
    pub(super) published: Option<PrimaryReport>,
    /// Whether no write has failed yet. After a failure the database alone has the status of the run.
    pub(super) is_available: bool,
}

/// The last report to the primary store.
pub(super) struct PrimaryReport {
    pub(super) progress: RunProgress,
    /// The percent of the report, which may be lower than that of the progress.
    pub(super) percent: u8,
    pub(super) published_at: Instant,
}

impl DatabaseState {
    /// Whether the current progress has to be written now.
    pub(super) fn is_due(&self, current: &RunProgress, interval: Duration) -> bool {
        let is_step = current.stage != self.published.stage
            || current.percent >= self.published.percent.saturating_add(DATABASE_PERCENT_STEP);
        (is_step && self.is_available) || self.published_at.elapsed() >= interval
    }
}

impl PrimaryReport {
    /// Whether the primary store needs no new report. A report that grows old is repeated, because readers take an old
    /// report as the sign of a dead worker.
    pub(super) fn is_current(&self, progress: &RunProgress, percent: u8) -> bool {
        self.progress == *progress && self.percent == percent && self.published_at.elapsed() < REPEAT_INTERVAL
    }
}
