//! The view of the panel: one card for every state of the latest run of a source.

use askama::Template;
use chrono::Utc;

use super::lines::ChangeLabels as _;
use super::run_view::RunView;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::run_text::completed_sync::catalog_state_label;
use crate::domain::run_text::start_and_cancel::{ALREADY_FINISHING, cooling_down_message, in_progress_note};
use crate::store::admission::StartOutcome;
use crate::store::cancel::CancelOutcome;
use crate::web::http::links::LinkBuilder;
use crate::web::layout::run_labels::{Kind, LatestRun, RunStats, RunStatus, StageIcon as _, StatusLabels as _};
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{BadgeRun, grouped, seconds};

/// The panel of one source.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct PanelView {
    /// Builds the links of the panel.
    pub links: LinkBuilder,
    /// The slug of the source.
    pub slug: String,
    /// The source's name, for the badge.
    pub name: String,
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
    /// Seconds until the next sync can be started. The button counts them down.
    pub cooldown: u64,
    /// The outcome of the start that this panel responds to.
    pub start_outcome: Option<StartOutcome>,
    /// The outcome of the cancel that this panel responds to.
    pub cancel_outcome: Option<CancelOutcome>,
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

    /// The heading of the panel while no run is shown.
    pub(in crate::web) fn idle_title(&self) -> String {
        match self.latest {
            Some(latest) => latest.state_label(),
            None if self.last_success.is_some() => catalog_state_label(&RunStats::default(), 0),
            None => "Never synced".to_owned(),
        }
    }

    /// The icon beside the heading while no run is shown.
    pub(in crate::web) fn idle_icon(&self) -> &'static str {
        let default = if self.last_success.is_some() { "check" } else { "dash" };
        self.latest.map_or(default, |latest| latest.icon())
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

    /// The failed feeds, if they can be retried on their own: after the end of a sync.
    pub(in crate::web) fn failed_feeds(&self) -> Option<FeedCounts> {
        let synced = self.run.as_ref().is_some_and(|run| run.kind == Kind::Sync);
        self.feeds.filter(|feeds| feeds.failing > 0 && synced && !self.is_active())
    }

    /// Whether at least one failed feed can be retried now: a rate limit applies to manual retries too.
    pub(in crate::web) fn may_retry_failed(&self) -> bool {
        self.failed_feeds().is_some_and(|feeds| feeds.may_retry(Utc::now()))
    }

    /// The run as the badge shows it.
    pub(in crate::web) fn badge_run(&self) -> Option<BadgeRun> {
        self.run.as_ref().map(|run| BadgeRun {
            sync_id: run.sync_id.clone(),
            href: self.links.catalog(&self.slug),
            slug: self.slug.clone(),
            name: self.name.clone(),
            kind: run.kind,
            status: if self.is_active() { RunStatus::Running } else { run.status },
            progress: run.progress,
            stats: run.stats,
        })
    }
}

/// The panel as a fragment: the response to a poll, a start and a cancel.
#[derive(Debug, Clone, Template)]
#[template(path = "catalog.html", block = "panel")]
pub(in crate::web) struct PanelFragment {
    /// The panel to show.
    pub panel: PanelView,
}
