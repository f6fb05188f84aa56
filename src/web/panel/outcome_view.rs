//! How the panel and the history show the end of a run.

use super::run_view::RunView;
use super::view::PanelView;
use crate::domain::run_text;
use crate::domain::run_text::run_state::{RunState, failure_advice, run_message, run_title};
use crate::domain::run_text::start_and_cancel::{ALREADY_FINISHING, cooling_down_message, in_progress_note};
use crate::store::admission::StartOutcome;
use crate::store::cancel::CancelOutcome;
use crate::web::layout::run_labels::{Kind, RunStats, RunStatus, run_icon, run_tone};
use crate::web::layout::view::seconds;

impl PanelView {
    /// The heading of the panel while no run is shown.
    pub(in crate::web) fn idle_title(&self) -> String {
        match self.latest {
            Some(latest) => latest.state_label(),
            None if self.last_success.is_some() => run_text::catalog_state_label(&RunStats::default(), 0),
            None => "Never synced".to_owned(),
        }
    }

    /// The notes about the start or the cancel that this panel responds to: icon and text.
    pub(in crate::web) fn notes(&self) -> Vec<(&'static str, String)> {
        let started_by = self.run.as_ref().and_then(|run| run.requested_by.as_deref());
        let start = match self.start_outcome {
            Some(StartOutcome::AlreadyRunning(_)) => Some(("warning", in_progress_note(started_by))),
            Some(StartOutcome::CoolingDown(left)) => Some(("clock", cooling_down_message(seconds(&left)))),
            _ => None,
        };
        let is_late = self.cancel_outcome == Some(CancelOutcome::AlreadyFinishing);
        start.into_iter().chain(is_late.then(|| ("flag", ALREADY_FINISHING.to_owned()))).collect()
    }

    /// The icon beside that heading.
    pub(in crate::web) fn idle_icon(&self) -> &'static str {
        let default = if self.last_success.is_some() { "check" } else { "dash" };
        self.latest.map_or(default, |latest| latest.icon())
    }
}

impl RunView {
    /// How it ended, without its kind: "Completed, 3 rows skipped".
    pub(in crate::web) fn outcome_label(&self) -> String {
        run_text::outcome_label(self.status, &self.stats)
    }

    /// Whether a person should check its result: it skipped something or kept items.
    pub(in crate::web) fn needs_attention(&self) -> bool {
        self.withheld > 0 || run_text::has_left_out(&self.stats)
    }

    /// The name of its icon.
    pub(in crate::web) fn icon(&self) -> &'static str {
        run_icon(self.status, &self.stats)
    }

    /// The name of its tone in the stylesheet.
    pub(in crate::web) fn tone(&self) -> &'static str {
        run_tone(self.status, &self.stats)
    }

    /// The heading of the card.
    pub(in crate::web) fn title(&self) -> String {
        run_title(&self.state())
    }

    /// The message of the run in its current state.
    pub(in crate::web) fn status_message(&self) -> String {
        run_message(&self.state())
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
            message: &self.message,
            error: self.error.as_deref(),
        }
    }

    /// Whether a sync failed because its key column seems to have changed, so that "Sync anyway" is offered.
    pub(in crate::web) fn may_accept_rekey(&self) -> bool {
        self.status == RunStatus::Failed && self.kind == Kind::Sync && self.code.as_deref() == Some("key_changed")
    }

    /// What to do about a failure.
    pub(in crate::web) fn advice(&self) -> &'static str {
        failure_advice(self.code.as_deref(), self.advice_place)
    }
}
