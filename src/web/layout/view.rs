//! What every page has around its content: the header and the floating badge.

use askama::Template;

use super::run_labels::{Kind, KindWords as _, RunStats, RunStatus, run_icon, run_tone};
use crate::domain::run_text;
use crate::domain::text::counts;

/// The frame of a page.
#[derive(Debug, Clone, Default)]
pub struct PageFrame {
    /// The page's own name, shown in the tab before "Lockstep".
    pub title: String,
    /// Who is logged in; without it the header offers to log in.
    pub user: Option<PageUser>,
    /// Which entry of the header is marked as the current one.
    pub section: NavSection,
    /// What the floating badge says as of page load.
    pub badge: SyncBadge,
}

/// Who looks at the page.
#[derive(Debug, Clone)]
pub struct PageUser {
    /// The login name.
    pub name: String,
    /// Whether the links that only admins may follow are shown.
    pub admin: bool,
}

/// The entries of the header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NavSection {
    /// The dashboard, a catalog or an item.
    Catalogs,
    /// Anything under `/history`.
    History,
    /// Anything under `/settings`.
    Settings,
    /// A page outside all of them: log in, set-up, an error.
    #[default]
    Elsewhere,
}

impl NavSection {
    /// Whether the entry "Catalogs" is the current one.
    pub fn is_catalogs(self) -> bool {
        self == Self::Catalogs
    }

    /// Whether the entry "History" is the current one.
    pub fn is_history(self) -> bool {
        self == Self::History
    }

    /// Whether the entry "Settings" is the current one.
    pub fn is_settings(self) -> bool {
        self == Self::Settings
    }
}

/// The floating badge: runs that are active, and runs that ended within the last minute.
///
/// It is one request for all sources, and only ever about sources that its reader may see.
#[derive(Debug, Clone, Default)]
pub struct SyncBadge {
    /// Active runs first, then the ones that just ended.
    pub runs: Vec<BadgeRun>,
}

impl SyncBadge {
    /// Whether any run goes on: the badge then asks every two seconds instead of every thirty.
    pub fn is_active(&self) -> bool {
        self.runs.iter().any(|run| run.status.is_active())
    }
}

/// One run in the badge.
#[derive(Debug, Clone)]
pub struct BadgeRun {
    /// The run.
    pub sync_id: String,
    /// The source, as in the address of its catalog.
    pub slug: String,
    /// The source's name.
    pub name: String,
    /// What is being done.
    pub kind: Kind,
    /// Where it stands.
    pub status: RunStatus,
    /// Percent, 0 to 100.
    pub progress: u8,
    /// What it counted.
    pub stats: RunStats,
}

// Every page draws the badge, so what its template asks for is here and not in traits that each would have to name.
impl BadgeRun {
    /// What is being done.
    pub fn doing(&self) -> &'static str {
        self.kind.doing()
    }

    /// The same as its lines elsewhere on the page say it: "Previewing, 45 %".
    pub fn standing(&self) -> String {
        self.kind.standing(self.status, self.progress)
    }

    /// How it ended: "Sync completed, 3 rows skipped".
    pub fn outcome(&self) -> String {
        run_text::run_outcome(self.kind, self.status, &self.stats)
    }

    /// The name of its colour in the stylesheet.
    pub fn tone(&self) -> &'static str {
        run_tone(self.status, &self.stats)
    }

    /// The name of its icon.
    pub fn icon(&self) -> &'static str {
        run_icon(self.status, &self.stats)
    }
}

/// `GET /sync-badge`: the badge alone.
#[derive(Debug, Clone, Template)]
#[template(path = "base.html", block = "badge")]
pub struct BadgeFragment {
    chrome: BadgeFrame,
}

/// Gives the fragment the one field of [`PageFrame`] that its block reads.
#[derive(Debug, Clone)]
struct BadgeFrame {
    badge: SyncBadge,
}

impl From<SyncBadge> for BadgeFragment {
    fn from(badge: SyncBadge) -> Self {
        Self { chrome: BadgeFrame { badge } }
    }
}

/// A moment: exact for machines, readable where the relative form is not available.
#[derive(Debug, Clone, Default)]
pub struct TimeLabel {
    /// RFC 3339 in UTC: `2026-11-20T08:00:15Z`.
    pub iso: String,
    /// The same in words, for a browser without JavaScript: `20 Nov 2026, 08:00 UTC`.
    pub text: String,
}

/// `n` with its noun in the right number: "1 album", "12 albums".
pub fn counted(n: &u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if *n == 1 { one } else { many })
}

/// A number as messages have it: "12,480".
pub fn grouped(n: &u64) -> String {
    counts::grouped(*n)
}
