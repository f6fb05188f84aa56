//! One run and the rules of its life: kinds, modes, statuses and which status may follow which.

use serde::{Deserialize, Serialize};

use super::sync_id::SyncId;
use super::text::enum_names::words;

words! {
    /// What a run does.
    OperationKind {
        /// Bring the catalog to what the source holds.
        Sync = "sync",
        /// Compare and write nothing.
        Preview = "preview",
        /// Take back what an earlier run changed.
        Undo = "undo",
        /// Apply removals that a sync withheld.
        Removal = "removal",
    }
}

impl OperationKind {
    /// Whether an interrupted run of this kind is queued again. An undo is not: it never starts twice without a person.
    #[must_use]
    pub const fn is_restarted(self) -> bool {
        !matches!(self, Self::Undo)
    }
}

words! {
    /// How much a sync fetches.
    Mode {
        /// Ask the source whether anything is new first (ETag, Last-Modified, hash of the body).
        Incremental = "incremental",
        /// Fetch and compare everything.
        Full = "full",
    }
}

words! {
    /// Where a run stands.
    Status {
        /// Accepted and waiting for a worker.
        Pending = "pending",
        /// A live worker holds its lease.
        Running = "running",
        /// Everything is committed.
        Completed = "completed",
        /// It ended with an error; what was committed stays.
        Failed = "failed",
        /// A person ended it.
        Cancelled = "cancelled",
        /// Its worker died or was told to stop.
        Interrupted = "interrupted",
    }
}

impl Status {
    /// Pending or running: it stands in the way of another run of the same source.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }

    /// Whether a run may go from this status to `next`. Nothing leaves a terminal status.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => matches!(next, Self::Running | Self::Cancelled),
            Self::Running => matches!(next, Self::Completed | Self::Failed | Self::Cancelled | Self::Interrupted),
            Self::Completed | Self::Failed | Self::Cancelled | Self::Interrupted => false,
        }
    }
}

words! {
    /// What a running operation is doing.
    Stage {
        /// Source to bounded temporary file.
        Fetching = "fetching",
        /// Rows to items, compared and written in batches.
        Processing = "processing",
        /// Removals, counts and the kept record, in one transaction.
        Finalizing = "finalizing",
    }
}

/// Which waiting run is claimed first; lower goes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RunPriority {
    /// A person waits for it.
    Manual = 0,
    /// It continues a run that was interrupted.
    Retry = 1,
    /// A schedule started it.
    Scheduled = 2,
}

impl RunPriority {
    /// The stored number.
    #[must_use]
    pub const fn as_number(self) -> i32 {
        self as i32
    }

    /// The priority that is stored as this number; an unknown one is as little urgent as can be.
    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        match number {
            0 => Self::Manual,
            1 => Self::Retry,
            _ => Self::Scheduled,
        }
    }
}

/// What a start asks for beyond kind and mode.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StartOptions {
    /// Rewrite items whose hash is unchanged too.
    pub force_refresh: bool,
    /// Apply additions and removals although both exceed half of the catalog.
    pub accept_rekey: bool,
    /// Ask only those parts of the source, such as feeds, that failed the last time.
    pub only_failed: bool,
}

/// A start that someone asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartRequest {
    /// What to do.
    pub kind: OperationKind,
    /// How much to fetch.
    pub mode: Mode,
    /// Further wishes.
    pub options: StartOptions,
    /// How urgent.
    pub priority: RunPriority,
    /// Who asked, for people: a user's or token's name, `schedule`, `command line`.
    pub requested_by: String,
}

/// A SyncOperation as a worker sees it when it has claimed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncOperation {
    /// Its id.
    pub id: SyncId,
    /// The source it mirrors.
    pub source_id: super::source::SourceId,
    /// What it does.
    pub kind: OperationKind,
    /// How much it fetches.
    pub mode: Mode,
    /// Further wishes.
    pub options: StartOptions,
    /// How urgent it is: whether a person waits for it.
    pub priority: RunPriority,
    /// Which try this is; the first is 1.
    pub attempt: i32,
    /// The interrupted run it continues.
    pub retry_of: Option<SyncId>,
    /// Who asked.
    pub requested_by: String,
    /// When it was accepted.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

/// A worker's right to one operation: every write names it, and a write whose lease is no longer the stored one is
/// not made. `token` is the fencing token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lease {
    /// The operation it is for.
    pub id: SyncId,
    /// Drawn anew at each claim.
    pub token: i64,
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn nothing_leaves_a_terminal_status_and_the_legal_transitions_are_six() {
        let mut legal = Vec::new();
        for &from in Status::ALL {
            for &to in Status::ALL {
                if from.may_become(to) {
                    assert!(from.is_active(), "{from} must not become {to}");
                    legal.push((from, to));
                }
            }
        }
        assert_eq!(legal.len(), 6, "{legal:?}");
    }

    #[test]
    fn words_read_back_as_themselves() {
        for &status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("in_progress".parse::<Status>().is_err());
    }
}
