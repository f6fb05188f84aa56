//! Runs: kinds, modes, statuses, and the allowed changes of status.

use serde::{Deserialize, Serialize};

use super::run_clock::RunClock;
use super::sync_id::SyncId;
use super::text::string_enum::string_enum;

string_enum! {
    /// The kind of a run.
    OperationKind {
        /// Updates the catalog to match the source.
        Sync = "sync",
        /// Compares source and catalog and writes nothing.
        Preview = "preview",
        /// Reverts the changes of an earlier run.
        Undo = "undo",
        /// Applies removals that a sync withheld.
        Removal = "removal",
    }
}

impl OperationKind {
    /// Returns whether an interrupted run of this kind is queued again. An undo is not: only a person may start it a
    /// second time.
    #[must_use]
    pub const fn is_restarted(self) -> bool {
        !matches!(self, Self::Undo)
    }
}

string_enum! {
    /// How much a sync fetches and compares.
    Mode {
        /// First asks whether the source has changed (ETag, Last-Modified, hash of the body).
        Incremental = "incremental",
        /// Fetches and compares everything.
        Full = "full",
    }
}

string_enum! {
    /// The status of a run.
    Status {
        /// Accepted and waiting for a worker.
        Pending = "pending",
        /// A live worker holds its lease.
        Running = "running",
        /// Everything is committed.
        Completed = "completed",
        /// It ended with an error; committed changes are kept.
        Failed = "failed",
        /// A person cancelled it.
        Cancelled = "cancelled",
        /// Its worker died, or the server was shut down.
        Interrupted = "interrupted",
    }
}

impl Status {
    /// Returns whether the status is pending or running. An active run blocks other runs of its source.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }

    /// Returns whether a run may change from this status to `next`. A terminal status never changes.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => matches!(next, Self::Running | Self::Cancelled),
            Self::Running => matches!(next, Self::Completed | Self::Failed | Self::Cancelled | Self::Interrupted),
            Self::Completed | Self::Failed | Self::Cancelled | Self::Interrupted => false,
        }
    }
}

string_enum! {
    /// The stage of a running operation.
    Stage {
        /// The source is fetched into a temporary file of limited size.
        Fetching = "fetching",
        /// Rows are turned into items, compared and written in batches.
        Processing = "processing",
        /// Removals, counts and the record are written in one transaction.
        Finalizing = "finalizing",
    }
}

/// The priority of a pending run; lower values are claimed first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RunPriority {
    /// A person started it.
    Manual = 0,
    /// It continues an interrupted run, or retries a scheduled sync that failed.
    Retry = 1,
    /// A schedule started it.
    Scheduled = 2,
}

impl RunPriority {
    /// Returns the number that is stored.
    #[must_use]
    pub const fn as_number(self) -> i32 {
        self as i32
    }

    /// Returns the priority for a stored number; unknown numbers have the lowest priority.
    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        match number {
            0 => Self::Manual,
            1 => Self::Retry,
            _ => Self::Scheduled,
        }
    }
}

/// The options of a start beyond kind and mode.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StartOptions {
    /// Also rewrite items whose content is unchanged.
    pub force_refresh: bool,
    /// Apply additions and removals even if both exceed half of the catalog.
    pub accept_rekey: bool,
    /// The review that a person saw when accepting this: it holds only for the listed removals, and for no more
    /// additions than were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rekey_of: Option<SyncId>,
    /// Fetch only the parts of the source, such as feeds, that failed the last time.
    pub only_failed: bool,
    /// How many automatic retries of a scheduled sync came before this run; `None` for a run that a person started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries_before: Option<u8>,
    /// The preview whose changes a sync applies; if the changes would differ now, nothing is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_preview: Option<SyncId>,
    /// The run that an undo reverts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo_of: Option<SyncId>,
    /// The review whose list of withheld removals a removal applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removals_of: Option<SyncId>,
}

impl StartOptions {
    /// Returns these options with what decides the comparison of `other`: a sync compares by the rules of the preview
    /// that it applies, and so does the preview that replaces an outdated one.
    #[must_use]
    pub const fn comparing_like(self, other: Self) -> Self {
        Self {
            accept_rekey: self.accept_rekey || other.accept_rekey,
            only_failed: self.only_failed || other.only_failed,
            ..self
        }
    }

    /// Returns whether an interrupted run of this kind with these options is queued again. A sync that applies a
    /// preview is not: what is left of its changes is not what the preview showed.
    #[must_use]
    pub const fn allow_restart(&self, kind: OperationKind) -> bool {
        kind.is_restarted() && self.apply_preview.is_none()
    }

    /// Returns the earlier run that this run is about: the run to revert, or whose list or preview is applied.
    #[must_use]
    pub fn target_run(&self) -> Option<SyncId> {
        self.undo_of.or(self.removals_of).or(self.apply_preview)
    }
}

impl StartOptions {
    /// Returns what a person decided beyond starting the run, for the audit log; `None` if there is nothing.
    #[must_use]
    pub fn describe_decision(&self) -> Option<&'static str> {
        if self.accept_rekey {
            return Some("accepted the new keys");
        }
        self.apply_preview.map(|_| "applied a preview")
    }

    /// Returns the options with which a person repeats a run that had these. Whoever accepted a changed key did so for
    /// the changes that were counted then, so the repeated run asks again.
    #[must_use]
    pub const fn for_repeat(self) -> Self {
        Self { accept_rekey: false, retries_before: None, ..self }
    }
}

/// A request to start a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartRequest {
    /// The kind of the run.
    pub kind: OperationKind,
    /// How much to fetch and compare.
    pub mode: Mode,
    /// The options of the start.
    pub options: StartOptions,
    /// The priority of the run.
    pub priority: RunPriority,
    /// The requester, for people: the name of a user or token, `schedule` or `command line`.
    pub requested_by: String,
}

impl StartRequest {
    /// Returns the request of the Sync button, pressed by `requested_by`.
    #[must_use]
    pub fn sync_by_hand(requested_by: &str) -> Self {
        Self {
            kind: OperationKind::Sync,
            mode: Mode::Incremental,
            options: StartOptions::default(),
            priority: RunPriority::Manual,
            requested_by: requested_by.to_owned(),
        }
    }
}

/// An operation as a worker gets it when claiming it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncOperation {
    /// Its id.
    pub id: SyncId,
    /// The id of the source.
    pub source_id: super::source::SourceId,
    /// The kind of the run.
    pub kind: OperationKind,
    /// How much it fetches and compares.
    pub mode: Mode,
    /// The options of the start.
    pub options: StartOptions,
    /// The priority, which shows whether a person started it.
    pub priority: RunPriority,
    /// The number of the attempt, from 1.
    pub attempt: i32,
    /// The interrupted run that it continues, if any.
    pub retry_of: Option<SyncId>,
    /// The requester, for people.
    pub requested_by: String,
    /// The time at which it was accepted.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

/// A worker's exclusive right to one operation. Every write checks it; a write is refused when the stored token
/// differs.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// The id of the operation.
    pub id: SyncId,
    /// The fencing token: a new random number for each claim.
    pub token: i64,
    /// The clock of the run, in the process of its worker; `None` in any other.
    pub clock: Option<RunClock>,
}

impl PartialEq for Lease {
    /// A lease is the same in each process, with or without the clock of the run.
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.token) == (other.id, other.token)
    }
}

impl Eq for Lease {}

#[cfg(test)]
mod tests {
    use super::{StartOptions, Status};
    use crate::domain::sync_id::SyncId;

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
    fn either_options_decide_the_comparison_and_the_others_stay() {
        let both = [false, true].map(|accept_rekey| StartOptions { accept_rekey, ..StartOptions::default() });
        let own = StartOptions { force_refresh: true, only_failed: true, ..StartOptions::default() };
        for (mine, other) in both.into_iter().flat_map(|mine| both.map(|other| (mine, other))) {
            let compared = StartOptions { force_refresh: true, ..mine }.comparing_like(other);
            assert_eq!(compared.accept_rekey, mine.accept_rekey || other.accept_rekey);
            assert!(compared.force_refresh && !compared.only_failed);
        }
        let none = StartOptions::default();
        assert_eq!(own.comparing_like(none), own);
        assert_eq!(none.comparing_like(own), StartOptions { only_failed: true, ..none });
    }

    #[test]
    fn a_run_is_about_the_run_that_it_reverts_or_whose_list_or_preview_it_applies() {
        let (undone, listed, previewed) = (SyncId::new(), SyncId::new(), SyncId::new());
        let none = StartOptions::default();
        assert_eq!(none.target_run(), None);
        assert_eq!(StartOptions { undo_of: Some(undone), ..none }.target_run(), Some(undone));
        assert_eq!(StartOptions { removals_of: Some(listed), ..none }.target_run(), Some(listed));
        assert_eq!(StartOptions { apply_preview: Some(previewed), ..none }.target_run(), Some(previewed));
        assert_eq!(StartOptions { rekey_of: Some(listed), ..none }.target_run(), None);
    }

    #[test]
    fn names_of_variants_are_read_back() {
        for &status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("in_progress".parse::<Status>().is_err());
    }
}
