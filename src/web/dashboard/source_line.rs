//! One source on the dashboard: its state, its last runs, and what can be done.

use super::run_chart::RunChart;
use crate::domain::run_text::run_state::{LAST_COMPLETED_LABEL, progress_label};
use crate::web::layout::freshness_mark::FreshnessMark;
use crate::web::layout::run_labels::{Kind, LatestRun, RunStatus, StatusLabels as _};
use crate::web::layout::time_label::TimeLabel;
use crate::web::panel::second_steps::ReviewStep;

/// How urgent a source is: the dashboard lists the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SourceUrgency {
    /// Its latest run failed.
    Failed,
    /// Removals wait for a decision.
    NeedsReview,
    /// It is stale.
    Stale,
    /// Feeds fail, or rows were skipped.
    Incomplete,
    /// Nothing is to be done.
    Fine,
}

/// A source on the dashboard.
#[derive(Debug, Clone)]
pub(in crate::web) struct SourceLine {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The number of items in its catalog.
    pub count: u64,
    /// The name of one item: "album".
    pub noun_one: String,
    /// The name of several items: "albums".
    pub noun_many: String,
    /// The end of the last successful sync.
    pub last_success: Option<TimeLabel>,
    /// The next scheduled sync; `None` without a schedule, or while it is paused.
    pub next_run: Option<TimeLabel>,
    /// The kind, status and percentage of its active run, if there is one.
    pub active: Option<(Kind, RunStatus, u8)>,
    /// How its latest run ended; `None` before the first. Previews do not count.
    pub latest: Option<LatestRun>,
    /// Why its latest run failed.
    pub error: Option<String>,
    /// Its last runs.
    pub chart: RunChart,
    /// The removals that wait for a decision, for admins.
    pub review: Option<ReviewStep>,
    /// How many of its feeds failed when they were last fetched.
    pub failing: u64,
    /// Whether visitors without an account may read it.
    pub public: bool,
    /// The mark of a stale or paused source.
    pub freshness: Option<FreshnessMark>,
}

impl SourceLine {
    /// How urgent it is. An active run does not count, so that a list keeps its order while runs go on.
    pub(super) fn urgency(&self) -> SourceUrgency {
        match self.latest {
            Some(latest) if matches!(latest.status, RunStatus::Failed | RunStatus::Interrupted) => {
                SourceUrgency::Failed
            }
            _ if self.review.is_some() || self.latest.is_some_and(|latest| latest.needs_review()) => {
                SourceUrgency::NeedsReview
            }
            _ if self.freshness.as_ref().is_some_and(|mark| mark.is_stale) => SourceUrgency::Stale,
            Some(latest) if self.failing > 0 || latest.stats.rejected > 0 => SourceUrgency::Incomplete,
            _ => SourceUrgency::Fine,
        }
    }

    /// Whether a person has to do something about it.
    pub(in crate::web) fn is_problem(&self) -> bool {
        self.urgency() < SourceUrgency::Incomplete
    }

    /// Whether a run of it is active.
    pub(in crate::web) fn is_active(&self) -> bool {
        self.active.is_some()
    }

    /// The state as a label: "Syncing, 45 %", "Up to date".
    pub(in crate::web) fn state_label(&self) -> String {
        match (self.active, self.latest) {
            (Some((kind, status, progress)), _) => progress_label(kind, status, progress),
            (None, Some(_)) if self.is_outdated() => LAST_COMPLETED_LABEL.to_owned(),
            (None, Some(latest)) => latest.state_label(),
            (None, None) => "Never synced".to_owned(),
        }
    }

    /// Why the latest run failed, while no other run is active.
    pub(in crate::web) fn reason(&self) -> Option<&str> {
        self.error.as_deref().filter(|_| self.active.is_none())
    }

    /// The name of the state's icon.
    pub(in crate::web) fn state_icon(&self) -> &'static str {
        let active = self.active.map(|(_, status, _)| status.icon());
        active.or(self.latest.map(|latest| latest.icon())).unwrap_or("dash")
    }

    /// The name of the state's tone.
    pub(in crate::web) fn state_tone(&self) -> &'static str {
        let active = self.active.map(|(_, status, _)| status.tone());
        let latest = self.latest.filter(|_| !self.is_outdated());
        active.or(latest.map(|latest| latest.tone())).unwrap_or("quiet")
    }

    /// Whether its latest run completed, but the catalog is stale since: it must not be called up to date.
    fn is_outdated(&self) -> bool {
        self.freshness.as_ref().is_some_and(|mark| mark.is_stale)
            && self.latest.is_some_and(|latest| latest.was_applied())
    }

    /// The link to the removals that wait for a decision, if the state is about them.
    pub(in crate::web) fn state_link(&self) -> Option<&str> {
        let is_about_review = self.active.is_none() && self.latest.is_some_and(|latest| latest.needs_review());
        self.review.as_ref().filter(|_| is_about_review).map(|review| review.link.as_str())
    }

    /// The removals that wait for a decision, if the state is about something else.
    pub(in crate::web) fn other_review(&self) -> Option<&ReviewStep> {
        self.review.as_ref().filter(|_| self.state_link().is_none())
    }

    /// Whether its schedule is paused.
    pub(in crate::web) fn is_paused(&self) -> bool {
        self.freshness.as_ref().is_some_and(FreshnessMark::is_paused)
    }

    /// Whether it was ever synced.
    pub(in crate::web) fn has_run(&self) -> bool {
        self.active.is_some() || self.latest.is_some()
    }
}
