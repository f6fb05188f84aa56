//! The view of the floating badge: one line about the runs of other catalogs, and a list of them.

use askama::Template;

use super::run_labels::{REVIEW_ICON, REVIEW_TONE, run_icon, run_tone};
use crate::domain::run_activity::RunActivity;
use crate::domain::run_text;
use crate::domain::run_text::activity::{ActivityLabel, activity_label};
use crate::domain::run_text::run_state;
use crate::domain::run_text::withheld_items::needs_review_label;
use crate::web::http::links::LinkBuilder;

/// The floating badge: runs that are active, and runs that ended within the last minute.
///
/// One request covers all sources that the reader may see.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct SyncBadge {
    /// Active runs first, then the runs that just ended; without those of the catalog on screen.
    pub runs: Vec<RunActivity>,
    /// The slug of the catalog on screen, whose panel shows its runs; `None` on other pages.
    pub on_screen: Option<String>,
    /// The run of the catalog on screen. The page learns from it that somebody else has started one.
    pub run_on_screen: Option<RunActivity>,
    /// Whether it accompanies another fragment, and replaces the badge of the page by its id.
    pub is_out_of_band: bool,
}

impl SyncBadge {
    /// The badge on the page of a catalog, whose own run the panel shows.
    pub(in crate::web) fn beside_panel(mut self, slug: &str) -> Self {
        let position = self.runs.iter().position(|run| run.source.as_str() == slug);
        self.run_on_screen = position.map(|position| self.runs.remove(position));
        self.on_screen = Some(slug.to_owned());
        self
    }

    /// Whether any run is active: the badge is then polled every two seconds instead of every thirty.
    pub(in crate::web) fn is_active(&self) -> bool {
        self.runs.iter().any(|run| run.status.is_active())
    }

    /// The line: "2 syncing · 48 %", "8 done, 1 failed".
    pub(in crate::web) fn label(&self) -> ActivityLabel {
        activity_label(&self.runs)
    }

    /// The run whose icon and tone stand for all: an active one, or else the one that most needs attention.
    fn leading_run(&self) -> Option<&RunActivity> {
        const ORDER: [&str; 5] = ["active", "bad", REVIEW_TONE, "good", "quiet"];
        self.runs.iter().min_by_key(|run| ORDER.iter().position(|tone| *tone == run.tone()))
    }

    /// The name of its icon.
    pub(in crate::web) fn icon(&self) -> &'static str {
        self.leading_run().map_or("check", RunActivity::icon)
    }

    /// The name of its tone in the stylesheet.
    pub(in crate::web) fn tone(&self) -> &'static str {
        self.leading_run().map_or("quiet", RunActivity::tone)
    }
}

// Methods instead of a trait: every page renders the badge, and each would have to import the trait.
impl RunActivity {
    /// What it does and how far it is, or how it ended: "Previewing, 45 %", "Queued", "Sync completed, 3 rows skipped".
    pub(in crate::web) fn state_label(&self) -> String {
        match self.status.is_active() {
            true => run_state::progress_label(self.kind, self.status, self.progress),
            false if self.needs_review => needs_review_label(&self.stats),
            false => run_text::run_outcome_label(self.kind, self.status, &self.stats),
        }
    }

    /// The name of its tone in the stylesheet.
    pub(in crate::web) fn tone(&self) -> &'static str {
        if self.needs_review { REVIEW_TONE } else { run_tone(self.status, &self.stats) }
    }

    /// The name of its icon.
    pub(in crate::web) fn icon(&self) -> &'static str {
        if self.needs_review { REVIEW_ICON } else { run_icon(self.status, &self.stats) }
    }
}

/// `GET /sync-badge`: the badge alone.
#[derive(Debug, Clone, Template)]
#[template(path = "badge.html")]
pub(in crate::web) struct BadgeFragment {
    frame: BadgeFrame,
}

/// The fields of the page's frame that the badge reads.
#[derive(Debug, Clone)]
pub(in crate::web) struct BadgeFrame {
    /// Builds the links of the badge.
    pub links: LinkBuilder,
    /// The badge to show.
    pub badge: SyncBadge,
}

impl BadgeFragment {
    /// The badge as a separate fragment.
    #[must_use]
    pub(in crate::web) fn new(links: LinkBuilder, badge: SyncBadge) -> Self {
        Self { frame: BadgeFrame { links, badge } }
    }
}
