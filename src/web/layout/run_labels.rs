//! The words, icons and colours for a run: what is done, where it stands, how far it is. Shared by the panel, the
//! badge and the dashboard. The lists themselves are the domain's.

pub use crate::domain::operation::{OperationKind as Kind, Stage, Status as RunStatus};
pub use crate::domain::progress::RunStats;
use crate::domain::run_text;

/// What a run does, in words.
pub trait KindWords {
    /// As the title of the panel while it runs.
    fn doing(self) -> &'static str;
    /// As the subject of a sentence.
    fn noun(self) -> &'static str;
    /// Where a run of this kind stands, in words that fit into a list: "Syncing, 45 %".
    fn standing(self, status: RunStatus, percent: u8) -> String;
}

impl KindWords for Kind {
    fn doing(self) -> &'static str {
        match self {
            Self::Sync => "Syncing",
            Self::Preview => "Previewing",
            Self::Undo => "Undoing",
            Self::Removal => "Removing",
        }
    }

    fn noun(self) -> &'static str {
        run_text::kind_label(self)
    }

    fn standing(self, status: RunStatus, percent: u8) -> String {
        match status {
            RunStatus::Running => format!("{}, {percent} %", self.doing()),
            status => status.word().to_owned(),
        }
    }
}

/// How the latest run of a source ended that was more than a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestRun {
    /// The terminal status.
    pub status: RunStatus,
    /// What it counted.
    pub stats: RunStats,
    /// How many removals it withheld.
    pub withheld: u64,
}

impl LatestRun {
    /// The state of the catalog, as a label: "Up to date".
    pub fn state(&self) -> String {
        match self.status {
            RunStatus::Completed => run_text::completed_state(&self.stats, self.withheld),
            RunStatus::Failed => {
                format!("Last {}", run_text::run_outcome(Kind::Sync, self.status, &self.stats).to_lowercase())
            }
            status => run_text::outcome(status, &self.stats),
        }
    }

    /// The name of its icon.
    pub fn icon(&self) -> &'static str {
        if self.withheld > 0 { "warning" } else { run_icon(self.status, &self.stats) }
    }

    /// The name of its colour in the stylesheet.
    pub fn tone(&self) -> &'static str {
        if self.withheld > 0 { "quiet" } else { run_tone(self.status, &self.stats) }
    }
}

/// The icon of a run: a completed one that had to leave something out is no plain success.
pub fn run_icon(status: RunStatus, stats: &RunStats) -> &'static str {
    if is_incomplete(status, stats) { "warning" } else { status.icon() }
}

/// The colour of the same.
pub fn run_tone(status: RunStatus, stats: &RunStats) -> &'static str {
    if is_incomplete(status, stats) { "quiet" } else { status.tone() }
}

fn is_incomplete(status: RunStatus, stats: &RunStats) -> bool {
    status == RunStatus::Completed && run_text::has_left_out(stats)
}

/// Where a run stands, as readers see it.
pub trait StatusWords {
    /// The word.
    fn word(self) -> &'static str;
    /// The name of its colour in the stylesheet.
    fn tone(self) -> &'static str;
    /// The name of its icon.
    fn icon(self) -> &'static str;
}

impl StatusWords for RunStatus {
    fn word(self) -> &'static str {
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

/// The part of the work a running run is in, as readers see it.
pub trait StageWords {
    /// The word.
    fn word(self) -> &'static str;
    /// The name of its icon.
    fn icon(self) -> &'static str;
}

impl StageWords for Stage {
    fn word(self) -> &'static str {
        match self {
            Self::Fetching => "Fetching",
            Self::Processing => "Processing",
            Self::Finalizing => "Finalizing",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Self::Fetching => "download",
            Self::Processing => "rows",
            Self::Finalizing => "flag",
        }
    }
}
