//! The labels, icons and tones of runs, shared by the panel, the badge, the dashboard and the history.

pub(in crate::web) use crate::domain::operation::{OperationKind as Kind, Stage, Status as RunStatus};
pub(in crate::web) use crate::domain::progress::RunStats;
use crate::domain::removal_review::RemovalReview;
use crate::domain::run_text;
use crate::domain::run_text::completed_sync::catalog_state_label;
use crate::domain::run_text::run_state::last_failure_label;
use crate::domain::run_text::undo::CHANGES_UNDONE;
use crate::store::records::LatestResult;

/// The icon of removals that wait for a decision.
pub(in crate::web) const REVIEW_ICON: &str = "review";
/// Their tone in the stylesheet.
pub(in crate::web) const REVIEW_TONE: &str = "warn";

/// How the latest run of a source ended. Previews do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) struct LatestRun {
    /// What it did.
    pub kind: Kind,
    /// The terminal status.
    pub status: RunStatus,
    /// Its counts.
    pub stats: RunStats,
    /// How many removals of its source wait for a decision.
    pub to_review: u64,
}

impl LatestRun {
    /// The latest run of a source. `review` is what is kept for a decision, even if an earlier run withheld it.
    pub(in crate::web) fn new(result: &LatestResult, review: Option<&RemovalReview>) -> Self {
        let open = review.filter(|review| review.is_open());
        Self {
            kind: result.kind,
            status: result.status,
            stats: result.stats,
            to_review: open.map_or(0, |review| review.item_count),
        }
    }

    /// Whether removals wait for a decision, and nothing more urgent is to be told.
    pub(in crate::web) fn needs_review(&self) -> bool {
        self.to_review > 0 && self.status == RunStatus::Completed
    }

    /// The state of the catalog as a label: "Up to date".
    pub(in crate::web) fn state_label(&self) -> String {
        match self.status {
            RunStatus::Completed if self.kind == Kind::Undo => CHANGES_UNDONE.to_owned(),
            RunStatus::Completed => catalog_state_label(&self.stats, self.to_review),
            RunStatus::Failed => last_failure_label(&self.stats),
            status => run_text::outcome_label(status, &self.stats),
        }
    }

    /// Whether it left the catalog as its source was then.
    pub(in crate::web) fn was_applied(&self) -> bool {
        self.status == RunStatus::Completed
            && self.kind != Kind::Undo
            && self.to_review == 0
            && !run_text::has_left_out(&self.stats)
    }

    /// The name of its icon.
    pub(in crate::web) fn icon(&self) -> &'static str {
        if self.needs_review() { REVIEW_ICON } else { run_icon(self.status, &self.stats) }
    }

    /// The name of its tone in the stylesheet.
    pub(in crate::web) fn tone(&self) -> &'static str {
        if self.needs_review() { REVIEW_TONE } else { run_tone(self.status, &self.stats) }
    }
}

/// The icon of a run. A completed run that skipped something gets a warning.
pub(in crate::web) fn run_icon(status: RunStatus, stats: &RunStats) -> &'static str {
    if is_incomplete(status, stats) { "warning" } else { status.icon() }
}

/// The tone of a run, for the same cases as [`run_icon`].
pub(in crate::web) fn run_tone(status: RunStatus, stats: &RunStats) -> &'static str {
    if is_incomplete(status, stats) { "quiet" } else { status.tone() }
}

fn is_incomplete(status: RunStatus, stats: &RunStats) -> bool {
    status == RunStatus::Completed && run_text::has_left_out(stats)
}

/// Labels of the status of a run.
pub(in crate::web) trait StatusLabels {
    /// The label: "Completed".
    fn label(self) -> &'static str;
    /// The name of its tone in the stylesheet.
    fn tone(self) -> &'static str;
    /// The name of its icon.
    fn icon(self) -> &'static str;
}

impl StatusLabels for RunStatus {
    fn label(self) -> &'static str {
        run_text::status_label(self)
    }

    fn tone(self) -> &'static str {
        match self {
            Self::Pending | Self::Running => "active",
            Self::Completed => "good",
            Self::Failed => "bad",
            Self::Cancelled | Self::Interrupted => "quiet",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Self::Pending => "clock",
            Self::Running => "sync",
            Self::Completed => "check",
            Self::Failed => "warning",
            Self::Cancelled => "stop",
            Self::Interrupted => "bolt",
        }
    }
}

/// The icon of the stage of an active run.
pub(in crate::web) trait StageIcon {
    /// The name of its icon.
    fn icon(self) -> &'static str;
}

impl StageIcon for Stage {
    fn icon(self) -> &'static str {
        match self {
            Self::Fetching => "download",
            Self::Processing => "rows",
            Self::Finalizing => "flag",
        }
    }
}
