//! The view of the dashboard.

use askama::Template;

use super::source_line::SourceLine;
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{PageFrame, counted, grouped};

/// The number of sources from which on the dashboard has a filter and *Sync all*.
const LONG_LIST_LENGTH: usize = 8;

/// `GET /`.
#[derive(Debug, Clone, Template)]
#[template(path = "dashboard.html")]
pub(in crate::web) struct DashboardPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The listed sources: problems first, then by name.
    pub sources: Vec<SourceLine>,
    /// The number of all sources.
    pub total: usize,
    /// The text that the names of the listed sources contain; empty if all are listed.
    pub query: String,
    /// The link to this page.
    pub here: String,
    /// What a new admin does next.
    pub next_step: Option<NextStep>,
    /// The result of *Sync all*, or of a Sync button.
    pub notice: Option<String>,
}

impl DashboardPage {
    /// Whether the reader may start syncs.
    pub(in crate::web) fn may_sync(&self) -> bool {
        self.frame.user.as_ref().is_some_and(|user| user.is_admin)
    }

    /// Whether there are so many sources that a filter and *Sync all* help.
    pub(in crate::web) fn is_long(&self) -> bool {
        self.total >= LONG_LIST_LENGTH
    }

    /// The number of listed sources that need a person.
    pub(in crate::web) fn problem_count(&self) -> usize {
        self.sources.iter().filter(|source| source.is_problem()).count()
    }
}

/// What a new admin does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct NextStep {
    /// What to do: "Sync the sample catalog".
    pub title: &'static str,
    /// Why, in a sentence.
    pub text: &'static str,
    /// The label of the link.
    pub label: &'static str,
    /// Where it is done.
    pub link: String,
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
