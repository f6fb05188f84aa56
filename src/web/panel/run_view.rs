//! One run as the panel and the history show it.

use chrono::{TimeDelta, Utc};

use super::lines::{ChangeLine, IssueLine};
use crate::domain::automatic_retry::WaitingRetry;
use crate::domain::operation::Mode;
use crate::domain::record::SyncRecord;
use crate::domain::removal_review::RemovalReview;
use crate::domain::run_summary::RunSummary;
use crate::domain::run_text::automatic_retries::retry_label;
use crate::domain::run_text::change_labels::{ChangeLabels, change_labels};
use crate::domain::run_text::disk_errors::has_unconfirmed_changes;
use crate::domain::run_text::run_state::{
    AdvicePlace, RunState, failure_advice, progress_label, run_announcement, run_message, run_title,
};
use crate::domain::run_text::withheld_items::{kept_items_label, needs_review_label};
use crate::domain::run_text::{has_left_out, kind_label, outcome_label};
use crate::domain::source::Noun;
use crate::domain::status_report::StatusReport;
use crate::web::layout::run_labels::{
    Kind, REVIEW_ICON, REVIEW_TONE, RunStats, RunStatus, Stage, StatusLabels as _, run_icon, run_tone,
};
use crate::web::layout::time_label::{TimeLabel, time_label};

/// How long a queued run counts as starting. Afterwards it waits for a free worker.
const STARTING_TIME: TimeDelta = TimeDelta::seconds(2);

/// One run, with everything that its reader may see of it.
#[derive(Debug, Clone)]
pub(in crate::web) struct RunView {
    /// The run's id: `sync_` and a UUID.
    pub sync_id: String,
    /// What it does.
    pub kind: Kind,
    /// Whether it is a full sync.
    pub is_full: bool,
    /// Its status.
    pub status: RunStatus,
    /// The stage that it is in, or in which it ended.
    pub stage: Stage,
    /// Its stored message: "Syncing album 450 of 1000…".
    pub message: String,
    /// Percent, 0 to 100; never less than the reader has seen.
    pub progress: u8,
    /// Its counts.
    pub stats: RunStats,
    /// Items per second, while known.
    pub rate: Option<f64>,
    /// Seconds left, while known.
    pub eta_seconds: Option<u64>,
    /// The error message of a failed run.
    pub error: Option<String>,
    /// The error code of a failed run: `empty_source`, `key_changed`, …
    pub code: Option<String>,
    /// The page that shows the advice after a failure.
    pub advice_place: AdvicePlace,
    /// The number of the attempt: 1, or 2 after a restart.
    pub attempt: u32,
    /// Which automatic retry it is: "retry 1 of 3".
    pub retry_label: Option<String>,
    /// When a retry of this failed run starts, while it waits.
    pub next_retry: Option<TimeLabel>,
    /// Who started it: a login name, "the schedule", "the command line".
    pub requested_by: Option<String>,
    /// Whether it has been queued for so long that it waits for a free worker.
    pub is_waiting: bool,
    /// Whether a worker has claimed it.
    pub has_started: bool,
    /// Whether a cancel was requested.
    pub cancel_requested: bool,
    /// The run that continues this interrupted one.
    pub successor: Option<String>,
    /// Items that are no longer in the source and were kept until their removal is confirmed.
    pub withheld: u64,
    /// Whether the removals that it withheld, or failed because of, wait for a decision.
    pub has_open_review: bool,
    /// Whether it is a preview that replaces one which could not be applied any more.
    pub replaces_outdated: bool,
    /// The first issues (about 20).
    pub issues: Vec<IssueLine>,
    /// The number of all issues.
    pub issues_total: u64,
    /// The first changes (about 20 of each kind). In a preview these are the changes that a sync would make.
    pub changes: Vec<ChangeLine>,
    /// The number of all changes.
    pub changes_total: u64,
    /// When it ended.
    pub finished_at: Option<TimeLabel>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The link to its page in the history, for readers who may open it.
    pub details: Option<String>,
}

impl RunView {
    /// A run with what its summary contains.
    pub(in crate::web) fn new(summary: RunSummary) -> Self {
        Self {
            sync_id: summary.id.to_string(),
            kind: summary.kind,
            is_full: false,
            status: summary.status,
            has_started: summary.stage.is_some(),
            stage: summary.stage.unwrap_or(Stage::Fetching),
            message: summary.message,
            progress: summary.progress,
            stats: summary.stats,
            rate: None,
            eta_seconds: None,
            error: summary.error,
            code: summary.code,
            advice_place: AdvicePlace::Panel,
            attempt: u32::try_from(summary.attempt).unwrap_or(1),
            retry_label: None,
            next_retry: None,
            requested_by: None,
            is_waiting: false,
            cancel_requested: false,
            successor: summary.successor.map(|id| id.to_string()),
            withheld: 0,
            has_open_review: false,
            replaces_outdated: false,
            issues: Vec::new(),
            issues_total: 0,
            changes: Vec::new(),
            changes_total: 0,
            finished_at: None,
            duration_ms: None,
            details: None,
        }
    }

    /// Records that a decision about the removals of this finished run is wanted, or that its items were kept. `review`
    /// is what its source keeps for a decision.
    pub(in crate::web) fn add_review(&mut self, record: &SyncRecord, review: Option<&RemovalReview>, noun: &Noun) {
        let Some(review) = review.filter(|review| record.review == Some(review.id)) else { return };
        self.has_open_review = review.is_open();
        if self.status == RunStatus::Completed && !review.is_open() {
            self.message = format!("{}.", kept_items_label(noun, review.item_count));
        }
    }

    /// A run as its status report describes it. `seen` is the percentage that the reader has seen.
    pub(in crate::web) fn of_report(report: StatusReport, seen: u8) -> Self {
        let StatusReport { summary, rate, eta_seconds, start_time, .. } = report;
        Self {
            progress: shown_progress(summary.status, summary.progress, seen),
            rate,
            eta_seconds,
            is_waiting: Utc::now() - start_time > STARTING_TIME,
            ..Self::new(summary)
        }
    }

    /// A finished run as its record describes it, for those who may read the history. Its lists stay empty.
    pub(in crate::web) fn of_record(record: &SyncRecord) -> Self {
        let RunStats { added, updated, removed, .. } = record.summary.stats;
        Self {
            is_full: record.mode == Mode::Full,
            retry_label: retry_label(record.retries_before),
            requested_by: Some(record.requested_by.clone()),
            withheld: record.withheld_removals,
            issues_total: record.issues,
            changes_total: added + updated + removed,
            finished_at: Some(time_label(record.finished_at)),
            duration_ms: duration_ms(record),
            ..Self::new(record.summary.clone())
        }
    }

    /// Adds the retry of a source that waits, if it is a retry of this run.
    pub(in crate::web) fn add_waiting_retry(&mut self, retry: Option<WaitingRetry>) {
        let of_this = retry.filter(|retry| retry.failed_run.to_string() == self.sync_id);
        self.next_retry = of_this.map(|retry| time_label(retry.at));
    }

    /// How it ended, without its kind: "Completed, 3 rows skipped".
    pub(in crate::web) fn outcome_label(&self) -> String {
        if self.needs_review() { needs_review_label(&self.stats) } else { outcome_label(self.status, &self.stats) }
    }

    /// Whether it completed, and the removals that it withheld wait for a decision.
    pub(in crate::web) fn needs_review(&self) -> bool {
        self.has_open_review && self.status == RunStatus::Completed
    }

    /// Whether a person should check its result: it skipped something, removals wait for a decision, or the disk did
    /// not confirm its changes.
    pub(in crate::web) fn needs_attention(&self) -> bool {
        self.needs_review() || has_left_out(&self.stats) || has_unconfirmed_changes(&self.message)
    }

    /// The name of its icon.
    pub(in crate::web) fn icon(&self) -> &'static str {
        if self.needs_review() { REVIEW_ICON } else { run_icon(self.status, &self.stats) }
    }

    /// The name of its tone in the stylesheet.
    pub(in crate::web) fn tone(&self) -> &'static str {
        if self.needs_review() { REVIEW_TONE } else { run_tone(self.status, &self.stats) }
    }

    /// The tone of its progress bar.
    pub(in crate::web) fn bar_tone(&self) -> &'static str {
        if self.needs_review() { REVIEW_TONE } else { self.status.tone() }
    }

    /// The heading of the card.
    pub(in crate::web) fn title(&self) -> String {
        run_title(&self.state())
    }

    /// The message of the run in its current state.
    pub(in crate::web) fn status_message(&self) -> String {
        run_message(&self.state())
    }

    /// What screen readers announce: the start, each stage and the outcome, and nothing in between.
    pub(in crate::web) fn announcement(&self) -> String {
        run_announcement(&self.state(), self.stage)
    }

    fn state(&self) -> RunState<'_> {
        RunState {
            kind: self.kind,
            status: self.status,
            percent: self.progress,
            stats: &self.stats,
            attempt: self.attempt,
            is_waiting: self.is_waiting,
            has_started: self.has_started,
            cancel_requested: self.cancel_requested,
            has_successor: self.successor.is_some(),
            needs_review: self.needs_review(),
            replaces_outdated: self.replaces_outdated,
            message: &self.message,
            error: self.error.as_deref(),
        }
    }

    /// What to do about a failure.
    pub(in crate::web) fn advice(&self) -> &'static str {
        failure_advice(self.code.as_deref(), self.advice_place)
    }

    /// Whether the run changed anything in the catalog; for a preview, whether a sync would.
    pub(in crate::web) fn changed_anything(&self) -> bool {
        self.stats.added + self.stats.updated + self.stats.removed > 0
    }

    /// Its kind as a noun: "Sync".
    pub(in crate::web) fn kind_label(&self) -> &'static str {
        kind_label(self.kind)
    }

    /// The labels of its changes and of their counts: "added", or "to add" for a preview.
    pub(in crate::web) fn change_labels(&self) -> ChangeLabels {
        change_labels(self.kind)
    }

    /// Whether it is active and no cancel was requested.
    pub(in crate::web) fn can_cancel(&self) -> bool {
        self.status.is_active() && !self.cancel_requested
    }

    /// What it does and how far it is, short enough for a list: "Syncing, 45 %".
    pub(in crate::web) fn progress_label(&self) -> String {
        progress_label(self.kind, self.status, self.progress)
    }

    /// How many changes are not listed; `None` if all are.
    pub(in crate::web) fn more_changes(&self) -> Option<u64> {
        self.changes_total.checked_sub(self.changes.len() as u64).filter(|more| *more > 0)
    }

    /// How many issues are not listed; `None` if all are.
    pub(in crate::web) fn more_issues(&self) -> Option<u64> {
        self.issues_total.checked_sub(self.issues.len() as u64).filter(|more| *more > 0)
    }

    /// The title of the list of issues.
    pub(in crate::web) fn issues_title(&self) -> &'static str {
        if self.stats.feeds.is_some() { "Feed and article issues" } else { "Issues" }
    }
}

pub(super) fn duration_ms(record: &SyncRecord) -> Option<u64> {
    record.timestamps.started_at.and_then(|start| u64::try_from((record.finished_at - start).num_milliseconds()).ok())
}

/// The percentage to show: never less than the reader has seen, and 100 only for a completed run.
fn shown_progress(status: RunStatus, reported: u8, seen: u8) -> u8 {
    if status == RunStatus::Completed { 100 } else { reported.max(seen).min(99) }
}

#[cfg(test)]
mod tests {
    use super::{RunStatus, shown_progress};

    #[test]
    fn progress_never_goes_back_and_100_is_for_the_completed() {
        assert_eq!(shown_progress(RunStatus::Running, 40, 63), 63);
        assert_eq!(shown_progress(RunStatus::Running, 70, 63), 70);
        assert_eq!(shown_progress(RunStatus::Running, 70, 255), 99);
        assert_eq!(shown_progress(RunStatus::Failed, 12, 100), 99);
        assert_eq!(shown_progress(RunStatus::Completed, 0, 0), 100);
    }
}
