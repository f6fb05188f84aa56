//! The views of the history: the list of runs and the page of one run.

use askama::Template;

use super::issue_view::{CorrectionResult, IssueSection};
use super::run_plot::RunPlot;
use crate::web::changes::value_view::WholeValue;
use crate::web::history::change_section::ChangeSection;
use crate::web::layout::freshness_mark::FreshnessMark;
use crate::web::layout::page_links::PageLinks;
use crate::web::layout::run_labels::{Kind, RunStatus, StatusLabels as _};
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{PageFrame, counted, grouped};
use crate::web::panel::run_view::RunView;
use crate::web::panel::second_steps::{ReviewStep, RunSteps, SourceSteps};

/// `GET /history`.
#[derive(Debug, Clone, Template)]
#[template(path = "history.html")]
pub(in crate::web) struct HistoryListPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The link to exactly this view.
    pub here: String,
    /// The sources to filter by.
    pub sources: Vec<FilterChoice>,
    /// The kinds to filter by.
    pub kinds: Vec<FilterChoice>,
    /// The statuses to filter by.
    pub outcomes: Vec<FilterChoice>,
    /// Who started runs, to filter by.
    pub people: Vec<FilterChoice>,
    /// The recent periods to filter by.
    pub periods: Vec<FilterChoice>,
    /// The names and values of the first day, its offset from UTC, the last day and its offset; empty for any day.
    pub days: [(&'static str, String); 4],
    /// The zone of these days; `None` without days.
    pub days_zone: Option<String>,
    /// The notices about filters that were not applied.
    pub filter_notices: Vec<String>,
    /// The plot of the last runs, if the list is of one source.
    pub plot: Option<RunPlot>,
    /// The finished runs of this page; on the first page the active runs come before them.
    pub runs: Vec<RunLine>,
    /// The mark of the source that the list is filtered by, if it is stale or paused.
    pub freshness: Option<FreshnessMark>,
    /// The links to other pages. Active runs are not counted.
    pub pager: PageLinks,
}

impl HistoryListPage {
    /// Whether any run is active.
    pub(in crate::web) fn has_active_runs(&self) -> bool {
        self.runs.iter().any(|line| line.run.status.is_active())
    }

    /// Whether a filter is set.
    pub(in crate::web) fn is_filtered(&self) -> bool {
        let choices = [&self.sources, &self.kinds, &self.outcomes, &self.people, &self.periods];
        self.has_dates() || choices.into_iter().flatten().any(|choice| choice.is_selected)
    }

    /// Whether a first or last day is set.
    pub(in crate::web) fn has_dates(&self) -> bool {
        self.days_zone.is_some()
    }
}

/// One value of a filter.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct FilterChoice {
    /// The value in the query.
    pub value: String,
    /// The label.
    pub label: String,
    /// Whether the list is filtered by it.
    pub is_selected: bool,
}

/// One run in the list.
#[derive(Debug, Clone)]
pub(in crate::web) struct RunLine {
    /// The link to its page.
    pub href: String,
    /// The slug of its source.
    pub slug: String,
    /// The name of its source.
    pub source: String,
    /// Whether the source was removed.
    pub is_source_removed: bool,
    /// The run. Changes and issues are only counted.
    pub run: RunView,
    /// Its kind: "Full sync".
    pub kind_label: &'static str,
    /// When it was queued.
    pub queued_at: TimeLabel,
    /// The mark of a stale or paused source, on its first run of the page.
    pub freshness: Option<FreshnessMark>,
}

impl RunLine {
    /// Whether to show its counts. They are all zero if the run failed before it read a row.
    pub(in crate::web) fn has_counts(&self) -> bool {
        self.run.status != RunStatus::Failed && has_counts(&self.run)
    }
}

fn has_counts(run: &RunView) -> bool {
    let stats = run.stats;
    stats.added + stats.updated + stats.removed + stats.unchanged + stats.rejected > 0
}

/// `GET /history/{id}`.
#[derive(Debug, Clone, Template)]
#[template(path = "history_run.html")]
pub(in crate::web) struct RunPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The run, with the selected pages of its lists.
    pub run: RunView,
    /// The slug of its source.
    pub slug: String,
    /// The name of its source.
    pub source: String,
    /// Whether the source was removed.
    pub is_source_removed: bool,
    /// When it was queued.
    pub queued_at: TimeLabel,
    /// The mark of a stale or paused source.
    pub freshness: Option<FreshnessMark>,
    /// Facts about the run: name and value.
    pub facts: Vec<(&'static str, FactValue)>,
    /// The duration of each stage; empty if no timings were kept.
    pub stages: Vec<StageLine>,
    /// The attempts of this run, if there are several: runs that continue each other, and automatic retries.
    pub attempts: Vec<AttemptLine>,
    /// The selected page of its changes; `None` if it has none.
    pub changes: Option<ChangeSection>,
    /// The issues.
    pub issues: IssueSection,
    /// The earlier run that this run is about.
    pub target: Option<TargetLink>,
    /// The later runs that are about this run.
    pub followers: Vec<TargetLink>,
    /// What an admin can do about the run.
    pub run_steps: RunSteps,
    /// What an admin can do about its source.
    pub source_steps: SourceSteps,
    /// How long it has been running; `None` after its end.
    pub elapsed: Option<String>,
    /// When it ended, to the second; `None` while it is active.
    pub ended_at: Option<TimeLabel>,
    /// Whether the reader may read its log.
    pub may_read_log: bool,
    /// Whether the reader may retry the failed feeds of its source.
    pub may_retry_feeds: bool,
}

impl RunPage {
    /// Whether this run, or a run that continues or retries it, is active. The page polls while this run is active, and
    /// refreshes when another one has ended.
    pub(in crate::web) fn is_active(&self) -> bool {
        self.run.status.is_active() || self.attempts.iter().any(|attempt| attempt.status.is_active())
    }

    /// Whether to show its counts.
    pub(in crate::web) fn has_counts(&self) -> bool {
        has_counts(&self.run)
    }

    /// The removals that wait for a decision, if this run withheld them or failed because of them.
    pub(in crate::web) fn open_review(&self) -> Option<&ReviewStep> {
        self.source_steps.review.as_ref().filter(|review| self.run.has_open_review && review.is_open)
    }

    /// Whether the button that resumes the schedule is shown: on the page of an undo.
    pub(in crate::web) fn may_resume(&self) -> bool {
        self.source_steps.is_paused && self.run.kind == Kind::Undo
    }

    /// Whether there is a button for the run.
    pub(in crate::web) fn has_steps(&self) -> bool {
        !self.run_steps.is_empty() || self.may_retry_feeds || self.open_review().is_some() || self.may_resume()
    }

    /// Whether to show its message, because it says more than the counts.
    pub(in crate::web) fn shows_message(&self) -> bool {
        let run = &self.run;
        let counts_are_all = run.status == RunStatus::Completed && run.changed_anything() && !run.needs_attention();
        run.kind == Kind::Preview || !counts_are_all
    }

    /// The width of the bar of stages, in the unit of its parts; zero if there is nothing to draw.
    pub(in crate::web) fn bar_width(&self) -> u64 {
        self.stages.last().map_or(0, |stage| stage.begin + stage.width)
    }

    /// How many issues were counted, but not kept.
    pub(in crate::web) fn more_issues(&self) -> Option<u64> {
        self.run.issues_total.checked_sub(self.issues.pages.found).filter(|more| *more > 0)
    }
}

/// The link to the earlier run that a run is about, or to a later one that is about it.
#[derive(Debug, Clone)]
pub(in crate::web) struct TargetLink {
    /// The relation of the two runs: "Undo of", "Undone by".
    pub relation: &'static str,
    /// The kind of the linked run: "Sync".
    pub kind: &'static str,
    /// The link to its page.
    pub href: String,
    /// When it ended.
    pub time: TimeLabel,
}

/// The value of a fact about a run.
#[derive(Debug, Clone)]
pub(in crate::web) enum FactValue {
    /// A text.
    Text(String),
    /// A point in time, to the second.
    Time(TimeLabel),
}

/// When one stage began, how long it took, and its part of the bar.
#[derive(Debug, Clone)]
pub(in crate::web) struct StageLine {
    /// The label: "Fetching".
    pub label: &'static str,
    /// The name of its tone in the stylesheet.
    pub tone: &'static str,
    /// The duration, or why there is none.
    pub duration: String,
    /// Whether there is no duration.
    pub is_absent: bool,
    /// When it began; `None` if the run did not reach it.
    pub began_at: Option<TimeLabel>,
    /// Where its part begins, in thousandths of the bar.
    pub begin: u64,
    /// The width of its part, in thousandths of the bar.
    pub width: u64,
}

/// One of several runs that continue or retry each other.
#[derive(Debug, Clone)]
pub(in crate::web) struct AttemptLine {
    /// The link to its page; `None` for the run of this page.
    pub href: Option<String>,
    /// Its status.
    pub status: RunStatus,
    /// "Attempt 2", "Attempt 1, resumed".
    pub name: String,
    /// Its relation to the run of this page: "continues this run".
    pub relation: &'static str,
    /// How far it is, or how far it came: "Interrupted at 45 %".
    pub state_label: String,
    /// When it ended.
    pub finished_at: Option<TimeLabel>,
}
