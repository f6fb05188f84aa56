//! The dashboard: every source on one page.

use askama::Template;

use super::{
    base::{Chrome, When, grouped},
    run::{RunStatus, StatusWords as _},
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
    /// The latest run; none before the first.
    pub latest: Option<RunStatus>,
    /// Percent of the latest run while it is active.
    pub progress: u8,
    /// Whether visitors without an account may read it.
    pub public: bool,
}

impl SourceLine {
    /// The state in a word: what a reader wants to know is whether the catalog can be trusted.
    pub fn state_word(&self) -> String {
        match self.latest {
            None => "Never synced".to_owned(),
            Some(RunStatus::Completed) => "In step".to_owned(),
            Some(RunStatus::Running) => format!("Syncing, {} %", self.progress),
            Some(RunStatus::Failed) => "Last sync failed".to_owned(),
            Some(status) => status.word().to_owned(),
        }
    }

    /// The name of the state's icon.
    pub fn state_icon(&self) -> &'static str {
        self.latest.map_or("dash", RunStatus::icon)
    }

    /// The name of the state's colour.
    pub fn state_tone(&self) -> &'static str {
        self.latest.map_or("quiet", RunStatus::tone)
    }
}
