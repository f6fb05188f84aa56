//! The words for a run: what is done, where it stands, how far it is. Shared by the panel, the badge and the dashboard.

/// What a run does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Takes over what changed.
    #[default]
    Sync,
    /// Compares and writes nothing.
    Preview,
    /// Takes a finished sync back.
    Undo,
    /// Removes what an earlier sync withheld.
    Removal,
}

impl Kind {
    /// As the title of the panel while it runs.
    pub fn doing(self) -> &'static str {
        match self {
            Self::Sync => "Syncing",
            Self::Preview => "Previewing",
            Self::Undo => "Undoing",
            Self::Removal => "Removing",
        }
    }

    /// As the subject of a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Sync => "Sync",
            Self::Preview => "Preview",
            Self::Undo => "Undo",
            Self::Removal => "Removal",
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RunStatus {
    /// Accepted, waiting for a worker.
    #[default]
    Pending,
    /// A worker is on it.
    Running,
    /// Everything is committed.
    Completed,
    /// It ended with an error.
    Failed,
    /// Someone stopped it.
    Cancelled,
    /// The server went away under it.
    Interrupted,
}

impl RunStatus {
    /// Whether it still goes on.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }

    /// The word readers see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "Waiting",
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Interrupted => "Interrupted",
        }
    }

    /// The name of its colour in the stylesheet.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Pending | Self::Running => "active",
            Self::Completed => "good",
            Self::Failed => "bad",
            Self::Cancelled | Self::Interrupted => "quiet",
        }
    }

    /// The name of its icon.
    pub fn icon(self) -> &'static str {
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

/// The part of the work a running run is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Bringing the source here.
    #[default]
    Fetching,
    /// Comparing rows and writing what differs.
    Processing,
    /// Removals, counts and the record, in one transaction.
    Finalizing,
}

impl Stage {
    /// The word readers see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fetching => "Fetching",
            Self::Processing => "Processing",
            Self::Finalizing => "Finalizing",
        }
    }

    /// The name of its icon.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Fetching => "download",
            Self::Processing => "rows",
            Self::Finalizing => "flag",
        }
    }
}

/// What a run counted so far. In a preview the same numbers mean "would be".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Rows looked at.
    pub processed: u64,
    /// Rows there are; zero while unknown.
    pub total: u64,
    /// Bytes fetched.
    pub bytes: u64,
    /// Items that are new.
    pub added: u64,
    /// Items with a changed field.
    pub updated: u64,
    /// Items that were already right.
    pub unchanged: u64,
    /// Items that left the source and were removed.
    pub removed: u64,
    /// Rows that could not be taken.
    pub rejected: u64,
}

impl Stats {
    /// Whether anything in the catalog differs afterwards.
    pub fn changed_anything(&self) -> bool {
        self.added + self.updated + self.removed > 0
    }
}
