//! The views of what every page has around its content: the header and the floating badge.

use std::time::Duration;

use askama::Template;

use super::page_description::PageDescription;
use super::run_labels::{Kind, REVIEW_ICON, REVIEW_TONE, RunStats, RunStatus, run_icon, run_tone};
use crate::domain::freshness::stale_notice;
use crate::domain::run_summary::RunSummary;
use crate::domain::run_text;
use crate::domain::run_text::run_state;
use crate::domain::run_text::withheld_items::needs_review_label;
use crate::domain::source::Source;
use crate::domain::text::counts;
use crate::web::http::error::whole_seconds;
use crate::web::http::links::LinkBuilder;

/// The frame of a page.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct PageFrame {
    /// Builds the links of the page.
    pub links: LinkBuilder,
    /// The page's own name, shown in the tab before "Lockstep".
    pub title: String,
    /// Who is logged in; `None` for a visitor, whose header has a link to log in.
    pub user: Option<PageUser>,
    /// Which entry of the header is marked as the current one.
    pub section: NavSection,
    /// The number of stale sources; zero for a visitor.
    pub stale_sources: u64,
    /// The floating badge, as of page load; visitors have none.
    pub badge: SyncBadge,
    /// What search engines and link previews are told about a page of a public catalog.
    pub description: Option<PageDescription>,
    /// Whether the page is for a frame of another site: without header and login.
    pub is_embedded: bool,
}

impl PageFrame {
    /// The notice about stale sources: "2 sources are stale".
    pub(in crate::web) fn stale_notice(&self) -> String {
        stale_notice(self.stale_sources)
    }
}

/// The reader of a page, if logged in.
#[derive(Debug, Clone)]
pub(in crate::web) struct PageUser {
    /// The login name.
    pub name: String,
    /// Whether to show the links for admins.
    pub is_admin: bool,
}

/// The entries of the header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::web) enum NavSection {
    /// The dashboard, a catalog or an item.
    Catalogs,
    /// Anything under `/history`.
    History,
    /// Anything under `/settings`.
    Settings,
    /// A page that belongs to no entry: login, setup, an error.
    #[default]
    Elsewhere,
}

impl NavSection {
    /// Whether the entry "Catalogs" is the current one.
    pub(in crate::web) fn is_catalogs(self) -> bool {
        self == Self::Catalogs
    }

    /// Whether the entry "History" is the current one.
    pub(in crate::web) fn is_history(self) -> bool {
        self == Self::History
    }

    /// Whether the entry "Settings" is the current one.
    pub(in crate::web) fn is_settings(self) -> bool {
        self == Self::Settings
    }
}

/// The floating badge: runs that are active, and runs that ended within the last minute.
///
/// One request covers all sources that the reader may see.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct SyncBadge {
    /// Active runs first, then the runs that just ended.
    pub runs: Vec<BadgeRun>,
}

impl SyncBadge {
    /// Whether any run is active: the badge is then polled every two seconds instead of every thirty.
    pub(in crate::web) fn is_active(&self) -> bool {
        self.runs.iter().any(|run| run.status.is_active())
    }
}

/// One run in the badge.
#[derive(Debug, Clone)]
pub(in crate::web) struct BadgeRun {
    /// The run.
    pub sync_id: String,
    /// The link to the catalog of its source.
    pub href: String,
    /// The slug of its source.
    pub slug: String,
    /// The source's name.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// Its status.
    pub status: RunStatus,
    /// Percent, 0 to 100.
    pub progress: u8,
    /// What it counted.
    pub stats: RunStats,
    /// Whether it completed, and removals that it withheld wait for a decision.
    pub needs_review: bool,
}

// Methods instead of traits: every page renders the badge, and each would have to import the traits.
impl BadgeRun {
    /// A run of `source`.
    pub(super) fn new(links: &LinkBuilder, source: &Source, run: &RunSummary) -> Self {
        Self {
            sync_id: run.id.to_string(),
            href: links.catalog(source.slug.as_str()),
            slug: source.slug.to_string(),
            name: source.name.clone(),
            kind: run.kind,
            status: run.status,
            progress: run.progress,
            stats: run.stats,
            needs_review: false,
        }
    }

    /// What it does: "Syncing".
    pub(in crate::web) fn doing(&self) -> &'static str {
        run_state::active_label(self.kind)
    }

    /// What it does and how far it is: "Previewing, 45 %".
    pub(in crate::web) fn progress_label(&self) -> String {
        run_state::progress_label(self.kind, self.status, self.progress)
    }

    /// How it ended: "Sync completed, 3 rows skipped".
    pub(in crate::web) fn outcome_label(&self) -> String {
        match self.needs_review {
            true => needs_review_label(&self.stats),
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

/// The fields of [`PageFrame`] that the block of the badge reads.
#[derive(Debug, Clone)]
struct BadgeFrame {
    links: LinkBuilder,
    badge: SyncBadge,
}

impl BadgeFragment {
    /// The badge as a separate fragment.
    #[must_use]
    pub(in crate::web) fn new(links: LinkBuilder, badge: SyncBadge) -> Self {
        Self { frame: BadgeFrame { links, badge } }
    }
}

/// `n` with its noun in the singular or the plural: "1 album", "12 albums".
pub(in crate::web) fn counted(n: &u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if *n == 1 { one } else { many })
}

/// A duration in whole seconds, rounded up.
pub(in crate::web) fn seconds(duration: &Duration) -> u64 {
    whole_seconds(*duration)
}

/// A number with its digits grouped: "12,480".
pub(in crate::web) fn grouped(n: &u64) -> String {
    counts::group_digits(*n)
}
