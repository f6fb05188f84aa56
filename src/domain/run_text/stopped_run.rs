//! The messages of runs that did not complete: cancelled, timed out, interrupted or failed inside Lockstep.

use std::fmt::Display;
use std::time::Duration;

use super::kind_label;
use crate::domain::operation::OperationKind;
use crate::domain::text::measures;

/// The time limit of a run that was reached, and how much of that time the run waited for the database.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimit {
    /// The time limit.
    pub limit: Duration,
    /// The time in which the database did not respond.
    pub database_wait: Duration,
}

impl TimeLimit {
    /// Whether the run waited for the database for more than a quarter of its time.
    fn is_mostly_database_wait(self) -> bool {
        self.database_wait > self.limit / 4
    }
}

/// What happened to the changes of a run that did not complete.
const fn kept_changes(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Preview => "Nothing was written.",
        OperationKind::Sync | OperationKind::Undo | OperationKind::Removal => "Saved changes are kept.",
    }
}

/// What happened to the changes, and how to finish a sync.
const fn kept_changes_and_next_step(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Sync => "Saved changes are kept. Sync again to finish.",
        OperationKind::Preview | OperationKind::Undo | OperationKind::Removal => kept_changes(kind),
    }
}

/// The message of a run that a person cancelled at this percent.
#[must_use]
pub fn cancelled_message(kind: OperationKind, percent: u8) -> String {
    format!("Cancelled at {percent} %. {}", kept_changes_and_next_step(kind))
}

/// The message of a run that `requested_by` cancelled while it was queued.
#[must_use]
pub fn cancelled_before_start_message(requested_by: &str) -> String {
    format!("Cancelled by {requested_by} before it started. Nothing was changed.")
}

/// The message of a run that reached its time limit.
#[must_use]
pub fn timed_out_message(kind: OperationKind, percent: u8, time: TimeLimit) -> String {
    let (limit, kept) = (measures::format_limit(time.limit), kept_changes(kind));
    if time.is_mostly_database_wait() {
        let waited = measures::format_limit(Duration::from_secs(time.database_wait.as_secs().max(1)));
        format!(
            "Timed out after {limit} at {percent} %: the database did not respond for {waited}. {kept} Check the \
             database with `lockstep doctor`, then try again."
        )
    } else {
        format!(
            "Timed out after {limit} at {percent} %. {kept} Try again. If the source is large, raise \
             LOCKSTEP_SYNC_TIMEOUT."
        )
    }
}

/// The message of a run that was interrupted and is queued again.
#[must_use]
pub fn restarted_message(percent: u8) -> String {
    format!("The server restarted at {percent} %. {STARTING_AGAIN}")
}

/// The message of a queued run that continues an interrupted one.
pub const STARTING_AGAIN: &str = "Starting again; nothing is lost.";

/// The message of a run that was interrupted by a shutdown and is not queued again.
#[must_use]
pub fn shut_down_message(kind: OperationKind, percent: u8) -> String {
    format!("The server restarted at {percent} %. {}", kept_changes_and_next_step(kind))
}

/// The message of a run whose worker died and that is not queued again.
#[must_use]
pub fn worker_died_message(kind: OperationKind, percent: u8) -> String {
    format!("The server stopped at {percent} %. {}", kept_changes_and_next_step(kind))
}

/// The error of every interrupted run.
#[must_use]
pub fn interrupted_message(kind: OperationKind) -> String {
    format!("The server stopped during this {}. {}", kind_label(kind).to_lowercase(), kept_changes(kind))
}

/// The message of a run that failed because of a fault in Lockstep.
#[must_use]
pub const fn internal_error_message() -> &'static str {
    "Internal error. Saved changes are kept. Check the server log, and report the error with the ID of this sync."
}

/// The message of a run that failed because the disk of the database is full.
#[must_use]
pub const fn disk_full_message() -> &'static str {
    "The disk of the database is full. Saved changes are kept. Free up disk space, then sync again."
}

/// The message of a run that failed because of an error of the database.
#[must_use]
pub const fn database_error_message() -> &'static str {
    "The database returned an error. Saved changes are kept. Check the server log, then sync again."
}

/// The message of a fetch or a check that failed because of an error of the database.
#[must_use]
pub const fn database_unavailable_message() -> &'static str {
    "The database returned an error. Check the server log, then try again."
}

/// The message of a run for which the system could not start a thread.
#[must_use]
pub fn no_thread_message(error: &impl Display) -> String {
    format!("The system could not start a thread: {error}. Sync again, or raise the limit on threads.")
}

/// The message of a run whose kind of source this version does not support.
#[must_use]
pub fn unknown_kind_message(kind: &str) -> String {
    format!("Unknown type of source “{kind}”. Use a version of Lockstep that supports it.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_names_what_to_change() {
        let limit = Duration::from_secs(300);
        let message = |database_wait| timed_out_message(OperationKind::Sync, 63, TimeLimit { limit, database_wait });
        assert_eq!(
            message(Duration::from_secs(75)),
            "Timed out after 300 s at 63 %. Saved changes are kept. Try again. If the source is large, raise \
             LOCKSTEP_SYNC_TIMEOUT."
        );
        assert_eq!(
            message(Duration::from_secs(76)),
            "Timed out after 300 s at 63 %: the database did not respond for 76 s. Saved changes are kept. \
             Check the database with `lockstep doctor`, then try again."
        );
    }

    #[test]
    fn a_stopped_preview_wrote_nothing() {
        assert_eq!(cancelled_message(OperationKind::Preview, 7), "Cancelled at 7 %. Nothing was written.");
        assert_eq!(
            cancelled_message(OperationKind::Sync, 7),
            "Cancelled at 7 %. Saved changes are kept. Sync again to finish."
        );
        assert_eq!(
            interrupted_message(OperationKind::Preview),
            "The server stopped during this preview. Nothing was written."
        );
        assert_eq!(
            interrupted_message(OperationKind::Sync),
            "The server stopped during this sync. Saved changes are kept."
        );
    }
}
