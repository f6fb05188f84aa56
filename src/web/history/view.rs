//! Past runs: the list of them, and one of them in full.

use askama::Template;

use crate::web::layout::run_labels::{Kind, RunStatus, StatusWords as _};
use crate::web::layout::view::{PageFrame, TimeLabel, grouped};
use crate::web::panel::view::{ChangeWords as _, RunView};

/// `GET /history`.
#[derive(Debug, Clone, Template)]
#[template(path = "history.html")]
pub struct HistoryListPage {
    /// The frame.
    pub chrome: PageFrame,
    /// The address of exactly this view.
    pub here: String,
    /// The sources to choose from.
    pub sources: Vec<FilterChoice>,
    /// The outcomes to choose from.
    pub outcomes: Vec<FilterChoice>,
    /// The past runs on this page, and on the first one, before them, those that go on.
    pub runs: Vec<RunLine>,
    /// Where this page is among the others; those that go on are not counted.
    pub pager: PageLinks,
}

impl HistoryListPage {
    /// Whether any of them goes on.
    pub fn is_followed(&self) -> bool {
        self.runs.iter().any(|line| line.run.status.is_active())
    }

    /// Whether only some runs were asked for.
    pub fn is_filtered(&self) -> bool {
        self.sources.iter().chain(&self.outcomes).any(|choice| choice.chosen)
    }
}

/// What a list can be narrowed to.
#[derive(Debug, Clone, Default)]
pub struct FilterChoice {
    /// The value in the address.
    pub value: String,
    /// What people read.
    pub name: String,
    /// Whether it is narrowed to this.
    pub chosen: bool,
}

/// One run in the list.
#[derive(Debug, Clone)]
pub struct RunLine {
    /// The address of its page.
    pub href: String,
    /// The slug of its source.
    pub slug: String,
    /// The name of its source.
    pub source: String,
    /// Whether the source is there no more.
    pub removed: bool,
    /// The run. Changes and issues are only counted.
    pub run: RunView,
    /// What it was: "Full sync".
    pub what: &'static str,
    /// When it was accepted.
    pub accepted: TimeLabel,
}

impl RunLine {
    /// Whether its counts say anything: of a run that never came to a row they are all zero.
    pub fn has_counts(&self) -> bool {
        self.run.status != RunStatus::Failed && has_counts(&self.run)
    }
}

fn has_counts(run: &RunView) -> bool {
    let stats = run.stats;
    stats.added + stats.updated + stats.removed + stats.unchanged + stats.rejected > 0
}

/// Where a page is among the others of its list.
#[derive(Debug, Clone, Default)]
pub struct PageLinks {
    /// The number of the first entry shown, from 1.
    pub first: u64,
    /// The number of the last entry shown.
    pub last: u64,
    /// How many there are on all pages.
    pub found: u64,
    /// The address of the page before, if there is one.
    pub previous: Option<String>,
    /// The address of the page after, if there is one.
    pub next: Option<String>,
}

impl PageLinks {
    /// Whether there are other pages.
    pub fn turns(&self) -> bool {
        self.previous.is_some() || self.next.is_some()
    }
}

/// `GET /history/{id}`.
#[derive(Debug, Clone, Template)]
#[template(path = "history_run.html")]
pub struct RunPage {
    /// The frame.
    pub chrome: PageFrame,
    /// The run; its lists are those of the chosen pages.
    pub run: RunView,
    /// The slug of its source.
    pub slug: String,
    /// The name of its source.
    pub source: String,
    /// Whether the source is there no more.
    pub removed: bool,
    /// When it was accepted.
    pub accepted: TimeLabel,
    /// What is known of it, by name.
    pub facts: Vec<(&'static str, String)>,
    /// Where its time went; empty while it goes on, and where that was not kept.
    pub stages: Vec<StageLine>,
    /// The runs that continue each other, if it is not alone.
    pub attempts: Vec<AttemptLine>,
    /// The kinds of changes there are.
    pub kinds: Vec<KindTab>,
    /// Where the page of changes is.
    pub changes: PageLinks,
    /// Where the page of issues is.
    pub issues: PageLinks,
    /// The value of `action` that repeats it, for those who may, where that makes sense.
    pub again: Option<&'static str>,
}

impl RunPage {
    /// Whether it, or a run that continues it, goes on: the page then looks again when that has ended.
    pub fn follows(&self) -> bool {
        self.run.status.is_active() || self.attempts.iter().any(|attempt| attempt.status.is_active())
    }

    /// Whether its counts say anything.
    pub fn has_counts(&self) -> bool {
        has_counts(&self.run)
    }

    /// Whether its last words say more than its counts.
    pub fn says_more(&self) -> bool {
        let run = &self.run;
        let counts_are_all = run.status == RunStatus::Completed && run.changed_anything() && !run.needs_attention();
        run.kind == Kind::Preview || !counts_are_all
    }

    /// How wide the bar of stages is, in the measure of its parts; zero where there is nothing to draw.
    pub fn bar(&self) -> u64 {
        self.stages.last().map_or(0, |stage| stage.begin + stage.width)
    }

    /// How many of the changes of the chosen kind were not kept by name.
    pub fn more_of_kind(&self) -> Option<u64> {
        let chosen = self.kinds.iter().find(|tab| tab.chosen)?;
        chosen.count.checked_sub(self.changes.found).filter(|more| *more > 0)
    }

    /// How many issues were not kept with their text.
    pub fn more_issues(&self) -> Option<u64> {
        self.run.issues_total.checked_sub(self.issues.found).filter(|more| *more > 0)
    }
}

/// How long one stage lasted, and its part of the bar.
#[derive(Debug, Clone)]
pub struct StageLine {
    /// "Fetching".
    pub word: &'static str,
    /// The name of its colour in the stylesheet.
    pub tone: &'static str,
    /// How long, in words; or why there is no length.
    pub length: String,
    /// Whether it has none.
    pub absent: bool,
    /// Where its part of the bar begins, in thousandths of the bar.
    pub begin: u64,
    /// How wide that is, in the same.
    pub width: u64,
}

/// One of the runs that continue each other.
#[derive(Debug, Clone)]
pub struct AttemptLine {
    /// The address of its page; none for the run at hand.
    pub href: Option<String>,
    /// How it ended or where it stands.
    pub status: RunStatus,
    /// "Attempt 2", "Attempt 1, resumed".
    pub name: String,
    /// What it is to the run at hand: "continues this run".
    pub relation: &'static str,
    /// The percent it reached.
    pub progress: u8,
    /// When it ended.
    pub finished_at: Option<TimeLabel>,
}

/// One kind of changes.
#[derive(Debug, Clone)]
pub struct KindTab {
    /// The address that shows them.
    pub href: String,
    /// "added".
    pub word: &'static str,
    /// The name of its icon.
    pub icon: &'static str,
    /// How many there were.
    pub count: u64,
    /// Whether they are the ones shown.
    pub chosen: bool,
}
