//! The dashboard: every source on one page.

use askama::Template;

use crate::web::layout::run_labels::{Kind, KindWords as _, LatestRun, RunStatus, StatusWords as _};
use crate::web::layout::view::{PageFrame, TimeLabel, counted, grouped};

/// `GET /`.
#[derive(Debug, Clone, Template)]
#[template(path = "dashboard.html")]
pub struct DashboardPage {
    /// The frame.
    pub chrome: PageFrame,
    /// The sources its reader may see.
    pub sources: Vec<SourceLine>,
}

/// One source.
#[derive(Debug, Clone)]
pub struct SourceLine {
    /// The source, as in the address.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// How many items its catalog has.
    pub count: u64,
    /// One of them: "album".
    pub noun_one: String,
    /// Several of them: "albums".
    pub noun_many: String,
    /// The end of the last successful sync; not of the last attempt.
    pub last_success: Option<TimeLabel>,
    /// The run that is active, if one is: what it does, where it stands and its percent.
    pub active: Option<(Kind, RunStatus, u8)>,
    /// How the latest run ended that was more than a preview; none before the first.
    pub latest: Option<LatestRun>,
    /// How many of the feeds it is made of failed the last time; zero for visitors.
    pub failing: u64,
    /// Whether visitors without an account may read it.
    pub public: bool,
}

impl SourceLine {
    /// The state as a label: what a reader wants to know is whether the catalog can be trusted.
    pub fn state_word(&self) -> String {
        match (self.active, self.latest) {
            (Some((kind, status, progress)), _) => kind.standing(status, progress),
            (None, Some(latest)) => latest.state(),
            (None, None) => "Never synced".to_owned(),
        }
    }

    /// The name of the state's icon.
    pub fn state_icon(&self) -> &'static str {
        let active = self.active.map(|(_, status, _)| status.icon());
        active.or(self.latest.map(|latest| latest.icon())).unwrap_or("dash")
    }

    /// The name of the state's colour.
    pub fn state_tone(&self) -> &'static str {
        let active = self.active.map(|(_, status, _)| status.tone());
        active.or(self.latest.map(|latest| latest.tone())).unwrap_or("quiet")
    }

    /// Whether any run has ended or goes on.
    pub fn has_run(&self) -> bool {
        self.active.is_some() || self.latest.is_some()
    }
}
