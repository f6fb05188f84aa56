//! The view of the dashboard.

use askama::Template;

use crate::domain::run_text::run_state::{LAST_COMPLETED_LABEL, progress_label};
use crate::web::layout::freshness_mark::FreshnessMark;
use crate::web::layout::run_labels::{Kind, LatestRun, RunStatus, StatusLabels as _};
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{PageFrame, counted, grouped};
use crate::web::panel::second_steps::ReviewStep;

/// `GET /`.
#[derive(Debug, Clone, Template)]
#[template(path = "dashboard.html")]
pub(in crate::web) struct DashboardPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// Every source.
    pub sources: Vec<SourceLine>,
}

/// `GET /` for a visitor.
#[derive(Debug, Clone, Template)]
#[template(path = "front_page.html")]
pub(in crate::web) struct FrontPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The public catalogs.
    pub catalogs: Vec<PublicCatalog>,
}

/// A public catalog as visitors see it.
#[derive(Debug, Clone)]
pub(in crate::web) struct PublicCatalog {
    /// The slug of its source.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// What it is about, in a few sentences; may be empty.
    pub description: String,
    /// The number of its items.
    pub count: u64,
    /// The name of one item: "album".
    pub noun_one: String,
    /// The name of several items: "albums".
    pub noun_many: String,
    /// When it last was as its source; `None` before the first time.
    pub updated_at: Option<TimeLabel>,
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
    /// The kind, status and percentage of its active run, if there is one.
    pub active: Option<(Kind, RunStatus, u8)>,
    /// How its latest run ended; `None` before the first. Previews do not count.
    pub latest: Option<LatestRun>,
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
    /// The state as a label: "Syncing, 45 %", "Up to date".
    pub(in crate::web) fn state_label(&self) -> String {
        match (self.active, self.latest) {
            (Some((kind, status, progress)), _) => progress_label(kind, status, progress),
            (None, Some(_)) if self.is_outdated() => LAST_COMPLETED_LABEL.to_owned(),
            (None, Some(latest)) => latest.state_label(),
            (None, None) => "Never synced".to_owned(),
        }
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
