//! The view of the panel: one card for every state of the latest run of a source.

use askama::Template;
use chrono::Utc;

use super::lines::ChangeIcon as _;
use super::run_view::RunView;
use super::second_steps::{ReviewStep, RunSteps, SourceSteps};
use crate::domain::feed_counts::FeedCounts;
use crate::domain::run_text::change_labels::changes_label;
use crate::domain::run_text::completed_sync::catalog_state_label;
use crate::domain::run_text::run_state::active_label;
use crate::domain::run_text::start_and_cancel::{ALREADY_FINISHING, cooling_down_message, in_progress_note};
use crate::domain::run_text::withheld_items::needs_review_label;
use crate::store::admission::StartOutcome;
use crate::store::cancel::CancelOutcome;
use crate::web::http::links::LinkBuilder;
use crate::web::layout::badge_view::BadgeFrame;
use crate::web::layout::freshness_mark::FreshnessMark;
use crate::web::layout::run_labels::{Kind, LatestRun, REVIEW_TONE, RunStats, RunStatus, StageIcon as _};
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{grouped, seconds};

/// The panel of one source.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct PanelView {
    /// Builds the links of the panel.
    pub links: LinkBuilder,
    /// The slug of the source.
    pub slug: String,
    /// The name of several items: "albums".
    pub noun_many: String,
    /// Whether the reader may start and cancel runs. Others see no buttons, and no card while no run is shown.
    pub may_sync: bool,
    /// The run to show; `None` before the first run and some minutes after the latest.
    pub run: Option<RunView>,
    /// The end of the last successful sync.
    pub last_success: Option<TimeLabel>,
    /// How the latest run ended; `None` while a run is active. Previews do not count.
    pub latest: Option<LatestRun>,
    /// The feeds of the source, for readers with an account; `None` if it has none.
    pub feeds: Option<FeedCounts>,
    /// The latest run, if the reader dismissed its result.
    pub dismissed: Option<DismissedRun>,
    /// The mark of a stale or paused source.
    pub freshness: Option<FreshnessMark>,
    /// Where an admin mends the source of a failed run.
    pub source_links: Option<SourceLinks>,
    /// Seconds until the next sync can be started. The button counts them down.
    pub cooldown: u64,
    /// The outcome of the start that this panel responds to.
    pub start_outcome: Option<StartOutcome>,
    /// The outcome of the cancel that this panel responds to.
    pub cancel_outcome: Option<CancelOutcome>,
    /// Why the second step was refused that this panel responds to.
    pub refusal: Option<&'static str>,
    /// What an admin can do about the finished run.
    pub run_steps: RunSteps,
    /// What an admin can do about the source.
    pub source_steps: SourceSteps,
}

impl PanelView {
    /// Whether a run is active: the button is disabled and the panel polls.
    pub(in crate::web) fn is_active(&self) -> bool {
        self.polled_run().is_some()
    }

    /// The link that the panel polls; `None` if no run is active.
    pub(in crate::web) fn poll_link(&self) -> Option<String> {
        self.polled_run().map(|(sync_id, seen)| self.links.sync_status(&self.slug, sync_id, seen))
    }

    /// The run to poll and the percentage that is shown already; `None` if no run is active.
    ///
    /// An interrupted run with a successor counts as active: the panel follows the successor, which starts at zero.
    fn polled_run(&self) -> Option<(&str, u8)> {
        let run = self.run.as_ref()?;
        match (&run.status, &run.successor) {
            (status, _) if status.is_active() => Some((&run.sync_id, run.progress)),
            (RunStatus::Interrupted, Some(successor)) => Some((successor, 0)),
            _ => None,
        }
    }

    /// The run that the panel is about: shown, or dismissed; empty if there is none.
    pub(in crate::web) fn known_run(&self) -> &str {
        let dismissed = || self.dismissed.as_ref().map(|run| run.sync_id.as_str());
        self.run.as_ref().map(|run| run.sync_id.as_str()).or_else(dismissed).unwrap_or_default()
    }

    /// The failure that the panel mentions while no run is shown.
    pub(in crate::web) fn dismissed_failure(&self) -> Option<&DismissedFailure> {
        self.dismissed.as_ref().filter(|_| self.run.is_none()).and_then(|run| run.failure.as_ref())
    }

    /// Whether the panel has nothing for this reader.
    pub(in crate::web) fn is_hidden(&self) -> bool {
        self.run.is_none() && !self.may_sync && self.dismissed_failure().is_none()
    }

    /// The mark of a stale catalog, if it is the heading while no run is shown. Another state of the latest run comes
    /// first.
    pub(in crate::web) fn heading_mark(&self) -> Option<&FreshnessMark> {
        let is_calm = self.latest.is_none_or(|latest| latest.was_applied()) && self.dismissed_failure().is_none();
        self.freshness.as_ref().filter(|mark| mark.is_stale && is_calm)
    }

    /// The mark of a stale catalog, if the heading is something else.
    pub(in crate::web) fn message_mark(&self) -> Option<&FreshnessMark> {
        self.freshness.as_ref().filter(|mark| mark.is_stale && self.heading_mark().is_none())
    }

    /// The removals that wait for a decision, if the shown run is about them: a sync that withheld them, or failed
    /// because of them.
    pub(in crate::web) fn open_review(&self) -> Option<&ReviewStep> {
        let is_about_it = self.run.as_ref().is_some_and(|run| run.has_open_review);
        self.source_steps.review.as_ref().filter(|review| is_about_it && review.is_open)
    }

    /// The label of the Sync button while a run is active.
    pub(in crate::web) fn active_button_label(&self) -> String {
        let kind = self.run.as_ref().map_or(Kind::Sync, |run| run.kind);
        // A preview keeps the label: the button is the same.
        let kind = if kind == Kind::Preview { Kind::Sync } else { kind };
        format!("{}…", active_label(kind))
    }

    /// The heading of the panel while no run is shown.
    pub(in crate::web) fn idle_title(&self) -> String {
        match self.latest {
            Some(latest) if latest.needs_review() => needs_review_label(&latest.stats),
            Some(latest) => latest.state_label(),
            None if self.last_success.is_some() => catalog_state_label(&RunStats::default(), 0),
            None => "Never synced".to_owned(),
        }
    }

    /// The tone of the heading while no run is shown.
    pub(in crate::web) fn idle_tone(&self) -> &'static str {
        if self.latest.is_some_and(|latest| latest.needs_review()) { REVIEW_TONE } else { "quiet" }
    }

    /// The icon beside the heading while no run is shown.
    pub(in crate::web) fn idle_icon(&self) -> &'static str {
        let default = if self.last_success.is_some() { "check" } else { "dash" };
        self.latest.map_or(default, |latest| latest.icon())
    }

    /// Whether the shown run is the last successful sync.
    pub(in crate::web) fn is_last_success(&self) -> bool {
        let is_success = |run: &RunView| run.kind == Kind::Sync && run.status == RunStatus::Completed;
        self.run.as_ref().is_some_and(is_success)
    }

    /// The last successful sync, if the shown run has ended as something else.
    pub(in crate::web) fn earlier_success(&self) -> Option<&TimeLabel> {
        self.last_success.as_ref().filter(|_| !self.is_last_success())
    }

    /// What the latest run changed, if it was a sync that completed: "12 added, 3 updated".
    pub(in crate::web) fn latest_changes(&self) -> Option<String> {
        let is_success = |latest: &LatestRun| latest.kind == Kind::Sync && latest.status == RunStatus::Completed;
        self.latest.filter(is_success).map(|latest| changes_label(latest.kind, &latest.stats))
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
        let refusal = self.refusal.map(|reason| ("warning", reason.to_owned()));
        start.into_iter().chain(refusal).chain(is_late.then(|| ("flag", ALREADY_FINISHING.to_owned()))).collect()
    }

    /// The failed feeds, if they can be retried on their own: after the end of a sync.
    pub(in crate::web) fn failed_feeds(&self) -> Option<FeedCounts> {
        let synced = self.run.as_ref().is_some_and(|run| run.kind == Kind::Sync);
        self.feeds.filter(|feeds| feeds.failing > 0 && synced && !self.is_active())
    }

    /// Whether at least one failed feed can be retried now: a rate limit applies to manual retries too.
    pub(in crate::web) fn may_retry_failed(&self) -> bool {
        self.failed_feeds().is_some_and(|feeds| feeds.may_retry(Utc::now()))
    }
}

/// A run whose result the reader dismissed.
#[derive(Debug, Clone)]
pub(in crate::web) struct DismissedRun {
    /// Its id. The page does not load the run into the panel again.
    pub sync_id: String,
    /// How it ended, if that leaves something to do.
    pub failure: Option<DismissedFailure>,
}

/// The end of a dismissed run that failed.
#[derive(Debug, Clone)]
pub(in crate::web) struct DismissedFailure {
    /// The label: "Last sync failed".
    pub label: String,
    /// The name of its icon.
    pub icon: &'static str,
    /// The name of its tone in the stylesheet.
    pub tone: &'static str,
    /// When it ended.
    pub finished_at: Option<TimeLabel>,
    /// The link to its page, which has the reason.
    pub details: String,
}

/// Links to the source of a failed run.
#[derive(Debug, Clone)]
pub(in crate::web) struct SourceLinks {
    /// The settings of the source.
    pub settings: String,
    /// The sheet, file or feed itself, if a browser can open it.
    pub place: Option<String>,
}

/// The panel as a fragment: the response to a poll, a start and a cancel.
#[derive(Debug, Clone, Template)]
#[template(path = "panel_fragment.html")]
pub(in crate::web) struct PanelFragment {
    /// The panel to show.
    pub panel: PanelView,
    /// The badge of the page, for readers with an account.
    pub badge: Option<BadgeFrame>,
}
