//! The dashboard: every source on one page.

use askama::Template;

use super::{
    base::{Chrome, When, counted, grouped},
    run::{Kind, KindWords as _, RunStatus, StatusWords as _},
};

/// `GET /`.
#[derive(Debug, Clone, Template)]
#[template(path = "dashboard.html")]
pub struct DashboardPage {
    /// The frame.
    pub chrome: Chrome,
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
    pub last_success: Option<When>,
    /// The active run, or else the latest that was more than a preview; none before the first.
    pub latest: Option<RunStatus>,
    /// What the active run does.
    pub doing: Option<Kind>,
    /// Percent of the latest run while it is active.
    pub progress: u8,
    /// How many items the latest run kept although they left the source.
    pub withheld: u64,
    /// How many of the feeds it is made of failed the last time; zero for visitors.
    pub failing: u64,
    /// Whether visitors without an account may read it.
    pub public: bool,
}

impl SourceLine {
    /// The state in a word: what a reader wants to know is whether the catalog can be trusted.
    pub fn state_word(&self) -> String {
        match self.latest {
            None => "Never synced".to_owned(),
            Some(RunStatus::Completed) if self.withheld > 0 => {
                format!("Kept {}", counted(&self.withheld, &self.noun_one, &self.noun_many))
            }
            Some(RunStatus::Completed) => "In step".to_owned(),
            Some(RunStatus::Failed) => "Last sync failed".to_owned(),
            Some(status) => self.doing.unwrap_or(Kind::Sync).standing(status, self.progress),
        }
    }

    /// The name of the state's icon.
    pub fn state_icon(&self) -> &'static str {
        if self.is_behind() { "warning" } else { self.latest.map_or("dash", RunStatus::icon) }
    }

    /// The name of the state's colour.
    pub fn state_tone(&self) -> &'static str {
        if self.is_behind() { "quiet" } else { self.latest.map_or("quiet", RunStatus::tone) }
    }

    /// Whether it completed and still holds more than its source, until a person decides.
    fn is_behind(&self) -> bool {
        self.latest == Some(RunStatus::Completed) && self.withheld > 0
    }
}
