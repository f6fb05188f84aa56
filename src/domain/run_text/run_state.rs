//! The texts of the panel and the history about one run: its title, its message and the advice after a failure.

use super::preview::{PREVIEWING_AGAIN, SOURCE_CHANGED};
use super::run_progress::{STARTING_MESSAGE, WAITING_FOR_WORKER};
use super::stopped_run::{STARTING_AGAIN, cancelled_message, restarted_message, worker_died_message};
use super::withheld_items::needs_review_label;
use super::{kind_label, run_outcome_label, status_label};
use crate::domain::operation::{OperationKind, Stage, Status};
use crate::domain::progress::RunStats;

/// The message of a failed run whose error was not kept.
const UNKNOWN_ERROR: &str = "The run could not be completed.";

/// The state of a run, for the texts about it.
#[derive(Clone, Copy, Debug)]
pub struct RunState<'a> {
    /// The kind of the run.
    pub kind: OperationKind,
    /// Its status.
    pub status: Status,
    /// Percent, 0 to 100, as the page shows it.
    pub percent: u8,
    /// Its counts.
    pub stats: &'a RunStats,
    /// The number of the attempt: 1, or 2 after a restart.
    pub attempt: u32,
    /// Whether it has been queued so long that all workers must be busy.
    pub is_waiting: bool,
    /// Whether a worker has claimed it.
    pub has_started: bool,
    /// Whether a cancel was requested.
    pub cancel_requested: bool,
    /// Whether another run continues it.
    pub has_successor: bool,
    /// Whether removals that it withheld wait for a decision.
    pub needs_review: bool,
    /// Whether it is a preview that replaces one whose changes could not be applied any more.
    pub replaces_outdated: bool,
    /// The stored message: of its worker, or of its end.
    pub message: &'a str,
    /// The error message of a failed run.
    pub error: Option<&'a str>,
}

/// The page that shows an advice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdvicePlace {
    /// The panel, which has the button “Sync anyway”.
    Panel,
    /// The page of the run in the history, which does not have this button.
    History,
}

/// The activity of a run of this kind: "Syncing".
#[must_use]
pub const fn active_label(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Sync => "Syncing",
        OperationKind::Preview => "Previewing",
        OperationKind::Undo => "Undoing",
        OperationKind::Removal => "Removing",
    }
}

/// A stage as a label: "Fetching".
#[must_use]
pub const fn stage_label(stage: Stage) -> &'static str {
    match stage {
        Stage::Fetching => "Fetching",
        Stage::Processing => "Processing",
        Stage::Finalizing => "Finalizing",
    }
}

/// The kind and progress of a run, short enough for a list: "Syncing, 45 %".
#[must_use]
pub fn progress_label(kind: OperationKind, status: Status, percent: u8) -> String {
    match status {
        Status::Running => format!("{}, {percent} %", active_label(kind)),
        status => status_label(status).to_owned(),
    }
}

/// The state of a catalog whose latest sync failed: "Last sync failed, 3 rows skipped".
#[must_use]
pub fn last_failure_label(stats: &RunStats) -> String {
    format!("Last {}", run_outcome_label(OperationKind::Sync, Status::Failed, stats).to_lowercase())
}

/// The state of a catalog whose latest sync completed, but which may be out of date since.
pub const LAST_COMPLETED_LABEL: &str = "Last sync completed";

/// The latest run of a catalog if it did not complete: "Last sync failed", "Last preview interrupted".
#[must_use]
pub fn last_run_label(kind: OperationKind, status: Status) -> String {
    format!("Last {}", run_outcome_label(kind, status, &RunStats::default()).to_lowercase())
}

/// The title of a run: "Syncing", "Sync completed, 3 rows skipped".
#[must_use]
pub fn run_title(run: &RunState<'_>) -> String {
    match run.status {
        Status::Pending if run.is_waiting => status_label(Status::Pending).to_owned(),
        Status::Running if run.cancel_requested => "Stopping".to_owned(),
        Status::Pending | Status::Running => active_label(run.kind).to_owned(),
        Status::Completed if run.kind == OperationKind::Preview => "Preview".to_owned(),
        Status::Completed if run.needs_review => needs_review_label(run.stats),
        status => run_outcome_label(run.kind, status, run.stats),
    }
}

/// The message of a run in its current state.
#[must_use]
pub fn run_message(run: &RunState<'_>) -> String {
    let RunState { kind, percent, .. } = *run;
    let is_preview = kind == OperationKind::Preview;
    match run.status {
        Status::Pending | Status::Running if run.replaces_outdated && !run.cancel_requested => {
            PREVIEWING_AGAIN.to_owned()
        }
        Status::Completed if run.replaces_outdated => format!("{SOURCE_CHANGED} {}", run.message),
        Status::Pending if run.attempt > 1 => format!("The server restarted. {STARTING_AGAIN}"),
        Status::Pending if run.is_waiting => WAITING_FOR_WORKER.to_owned(),
        Status::Pending => STARTING_MESSAGE.to_owned(),
        Status::Running if run.cancel_requested && is_preview => "Stopping after the current batch.".to_owned(),
        Status::Running if run.cancel_requested => {
            "Stopping after the current batch. Saved changes are kept.".to_owned()
        }
        Status::Running | Status::Completed => run.message.to_owned(),
        Status::Failed => run.error.unwrap_or(UNKNOWN_ERROR).to_owned(),
        Status::Cancelled if !run.has_started => run.message.to_owned(),
        Status::Cancelled => cancelled_message(kind, percent),
        Status::Interrupted if run.has_successor => restarted_message(percent),
        Status::Interrupted => worker_died_message(kind, percent),
    }
}

/// What screen readers announce about a run: its start, each stage, and its outcome. The text stays the same within a
/// stage, so that progress is not announced.
#[must_use]
pub fn run_announcement(run: &RunState<'_>, stage: Stage) -> String {
    match run.status {
        Status::Pending if run.is_waiting => format!("{} queued.", kind_label(run.kind)),
        Status::Pending => format!("{} started.", kind_label(run.kind)),
        Status::Running if run.cancel_requested => run_message(run),
        Status::Running => format!("{}…", stage_label(stage)),
        _ => format!("{}. {}", run_title(run), run_message(run)),
    }
}

/// What to do about a run that failed with this code.
#[must_use]
pub fn failure_advice(code: Option<&str>, place: AdvicePlace) -> &'static str {
    match (code, place) {
        (Some("empty_source"), AdvicePlace::Panel) => {
            "Check that it is the right tab or file and was not cleared, then sync again. An empty source never \
             empties the catalog. If you no longer need it, remove the source in the settings."
        }
        (Some("empty_source"), AdvicePlace::History) => {
            "Check that it is the right tab or file and was not cleared, then try again."
        }
        (Some("key_changed"), AdvicePlace::Panel) => {
            "Fix the source, or choose another key column in its settings. “Sync anyway” applies all changes."
        }
        (Some("key_changed"), AdvicePlace::History) => {
            "Fix the source, or choose another key column in its settings, then try again."
        }
        (Some("list_outdated"), _) => "The catalog is unchanged. Sync to see what needs review now.",
        (Some("preview_outdated"), _) => "The catalog is unchanged. Check the new preview, then apply it.",
        // These may end a run that has saved changes, so they do not promise an unchanged catalog.
        (Some("internal" | "database"), _) => "Try again in a moment. If it fails again, check the server log.",
        (Some("timeout"), _) => "Try again in a few minutes.",
        (Some("disk" | "disk_full"), _) => "Free up disk space on the server, then try again.",
        (Some("rate_limited" | "server_error" | "bad_answer" | "unknown_host"), _) => {
            "The catalog is unchanged. Try again in a few minutes."
        }
        (Some("unknown_kind"), _) => "The catalog is unchanged. Update Lockstep, then try again.",
        (Some("no_key_column"), _) => "The catalog is unchanged. Fix the key column, then try again.",
        _ => "The catalog is unchanged. Fix the source or its URL, then try again.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::run_text::{kind_label, outcome_label};

    const KINDS: [OperationKind; 4] =
        [OperationKind::Sync, OperationKind::Preview, OperationKind::Undo, OperationKind::Removal];
    const STATUSES: [Status; 6] =
        [Status::Pending, Status::Running, Status::Completed, Status::Failed, Status::Cancelled, Status::Interrupted];

    fn state(kind: OperationKind, status: Status, stats: &RunStats) -> RunState<'_> {
        RunState {
            kind,
            status,
            percent: 63,
            stats,
            attempt: 1,
            is_waiting: false,
            has_started: true,
            cancel_requested: false,
            has_successor: false,
            needs_review: false,
            replaces_outdated: false,
            message: "Syncing album 63 of 100…",
            error: None,
        }
    }

    #[test]
    fn every_state_of_every_kind_of_run_has_a_title_and_a_message() {
        let stats = RunStats::default();
        for kind in KINDS {
            assert!(!kind_label(kind).is_empty() && !active_label(kind).is_empty());
            for status in STATUSES {
                for (is_waiting, cancel_requested, has_successor) in
                    [(false, false, false), (true, false, false), (false, true, false), (false, false, true)]
                {
                    let run = RunState { is_waiting, cancel_requested, has_successor, ..state(kind, status, &stats) };
                    let (title, message) = (run_title(&run), run_message(&run));
                    assert!(!title.is_empty() && !title.ends_with('.'), "{run:?}: {title}");
                    assert!(message.ends_with(['.', '…']), "{run:?}: {message}");
                }
                assert!(!outcome_label(status, &stats).is_empty());
                assert!(!progress_label(kind, status, 63).is_empty());
            }
        }
    }

    #[test]
    fn a_run_is_shown_as_queued_only_while_it_waits() {
        let stats = RunStats::default();
        let run = state(OperationKind::Sync, Status::Pending, &stats);
        let texts = |run: &RunState<'_>| (run_title(run), run_message(run));
        assert_eq!(texts(&run), ("Syncing".to_owned(), "Starting…".to_owned()));
        let waiting = RunState { is_waiting: true, ..run };
        assert_eq!(texts(&waiting), ("Queued".to_owned(), "Waiting for a free worker…".to_owned()));
        let again = RunState { attempt: 2, ..waiting };
        assert_eq!(run_message(&again), "The server restarted. Starting again; nothing is lost.");
    }

    #[test]
    fn withheld_removals_and_an_outdated_preview_are_named() {
        let stats = RunStats { rejected: 3, ..RunStats::default() };
        let sync = RunState { needs_review: true, ..state(OperationKind::Sync, Status::Completed, &stats) };
        assert_eq!(run_title(&sync), "Needs review, 3 rows skipped");
        let preview = RunState { replaces_outdated: true, ..state(OperationKind::Preview, Status::Running, &stats) };
        assert_eq!(run_message(&preview), "The source or the catalog changed since the preview. Previewing again…");
        let message = "A sync would add 3, update 0 and remove 0.";
        let ended = RunState { status: Status::Completed, message, ..preview };
        assert_eq!(
            run_message(&ended),
            "The source or the catalog changed since the preview. A sync would add 3, update 0 and remove 0."
        );
    }

    #[test]
    fn a_run_that_did_not_complete_says_what_was_kept_and_what_to_do() {
        let stats = RunStats::default();
        let message = |kind, status| run_message(&state(kind, status, &stats));
        assert_eq!(
            message(OperationKind::Sync, Status::Cancelled),
            "Cancelled at 63 %. Saved changes are kept. Sync again to finish."
        );
        assert_eq!(
            message(OperationKind::Sync, Status::Interrupted),
            "The server stopped at 63 %. Saved changes are kept. Sync again to finish."
        );
        assert_eq!(
            message(OperationKind::Preview, Status::Interrupted),
            "The server stopped at 63 %. Nothing was written."
        );
        assert_eq!(message(OperationKind::Undo, Status::Cancelled), "Cancelled at 63 %. Saved changes are kept.");
        assert_eq!(message(OperationKind::Sync, Status::Failed), "The run could not be completed.");
    }

    #[test]
    fn a_run_that_was_cancelled_before_it_started_shows_its_stored_message() {
        let stats = RunStats::default();
        let message = "Cancelled by ada before it started. Nothing was changed.";
        let run = RunState {
            percent: 0,
            has_started: false,
            message,
            ..state(OperationKind::Sync, Status::Cancelled, &stats)
        };
        assert_eq!(run_message(&run), message);
    }

    #[test]
    fn every_failure_has_an_advice() {
        let codes = [
            "empty_source",
            "key_changed",
            "internal",
            "database",
            "timeout",
            "rate_limited",
            "disk_full",
            "unknown_kind",
            "no_key_column",
            "not_found",
        ];
        for place in [AdvicePlace::Panel, AdvicePlace::History] {
            for code in codes.into_iter().map(Some).chain([None]) {
                assert!(failure_advice(code, place).ends_with('.'), "{code:?}");
            }
        }
        assert!(!failure_advice(Some("key_changed"), AdvicePlace::History).contains("Sync anyway"));
    }
}
