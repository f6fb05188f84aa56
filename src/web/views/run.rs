//! The words, icons and colours for a run: what is done, where it stands, how far it is. Shared by the panel, the
//! badge and the dashboard. The lists themselves are the domain's.

pub use crate::domain::operation::{OperationKind as Kind, Stage, Status as RunStatus};
pub use crate::domain::progress::Stats;

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
        match self {
            Self::Sync => "Sync",
            Self::Preview => "Preview",
            Self::Undo => "Undo",
            Self::Removal => "Removal",
        }
    }

    fn standing(self, status: RunStatus, percent: u8) -> String {
        match status {
            RunStatus::Running => format!("{}, {percent} %", self.doing()),
            status => status.word().to_owned(),
        }
    }
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
        match self {
            Self::Pending => "Waiting",
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Interrupted => "Interrupted",
        }
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
