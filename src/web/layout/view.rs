//! The view of what every page has around its content.

use std::time::Duration;

use super::badge_view::SyncBadge;
use super::page_description::PageDescription;
use crate::domain::freshness::stale_notice;
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
