//! The labels, icons and tones of runs, shared by the panel, the badge, the dashboard and the history.

pub(in crate::web) use crate::domain::operation::{OperationKind as Kind, Stage, Status as RunStatus};
pub(in crate::web) use crate::domain::progress::RunStats;
use crate::domain::run_text;
use crate::domain::run_text::completed_sync::catalog_state_label;
use crate::domain::run_text::run_state::last_failure_label;
use crate::store::records::LatestResult;

/// How the latest run of a source ended. Previews do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) struct LatestRun {
    /// The terminal status.
    pub status: RunStatus,
    /// Its counts.
    pub stats: RunStats,
    /// How many removals it withheld.
    pub withheld: u64,
}

impl From<&LatestResult> for LatestRun {
    fn from(result: &LatestResult) -> Self {
        Self { status: result.status, stats: result.stats, withheld: result.withheld_removals }
    }
}

impl LatestRun {
    /// The state of the catalog as a label: "Up to date".
    pub(in crate::web) fn state_label(&self) -> String {
        match self.status {
            RunStatus::Completed => catalog_state_label(&self.stats, self.withheld),
            RunStatus::Failed => last_failure_label(&self.stats),
            status => run_text::outcome_label(status, &self.stats),
        }
    }

    /// Whether it left the catalog as its source was then.
    pub(in crate::web) fn was_applied(&self) -> bool {
        self.status == RunStatus::Completed && self.withheld == 0 && !run_text::has_left_out(&self.stats)
    }

    /// The name of its icon.
    pub(in crate::web) fn icon(&self) -> &'static str {
        if self.withheld > 0 { "warning" } else { run_icon(self.status, &self.stats) }
    }

    /// The name of its tone in the stylesheet.
    pub(in crate::web) fn tone(&self) -> &'static str {
        if self.withheld > 0 { "quiet" } else { run_tone(self.status, &self.stats) }
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
