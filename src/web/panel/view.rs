//! The view of the panel: one card for every state of the latest run of a source.

use std::time::Duration;

use askama::Template;
use chrono::Utc;

pub use super::lines::{ChangeKind, ChangeLabels, ChangeLine, FieldChange, IssueLine};
use crate::domain::feed_counts::FeedCounts;
use crate::domain::run_text;
use crate::domain::text::measures;
use crate::store::admission::StartOutcome;
use crate::store::recovery::CancelOutcome;
use crate::web::http::links::LinkBuilder;
use crate::web::layout::run_labels::{
    Kind, KindLabels as _, LatestRun, RunStats, RunStatus, Stage, StageLabels as _, StatusLabels as _,
};
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{BadgeRun, grouped, seconds};

/// The panel of one source.
#[derive(Debug, Clone, Default)]
pub struct PanelView {
    /// Builds the links of the panel.
    pub links: LinkBuilder,
    /// The slug of the source.
    pub slug: String,
    /// The source's name, for the badge.
    pub name: String,
    /// The name of one item: "album".
    pub noun_one: String,
    /// The name of several items: "albums".
    pub noun_many: String,
    /// Whether the reader may start and cancel runs. Others see no buttons, and no card while no run is shown.
    pub may_sync: bool,
    /// The run to show; `None` before the first run and some minutes after the latest.
    pub run: Option<RunView>,
    /// The end of the last successful sync.
    pub last_success: Option<TimeLabel>,
    /// How the latest run ended; `None` while a run is active. Previews do not count.
    pub latest: Option<LatestRun>,
    /// The feeds of the source, for readers with an account; `None` if it has none.
    pub feeds: Option<FeedCounts>,
    /// Seconds until the next sync can be started. The button counts them down.
    pub cooldown: u64,
    /// The outcome of the start that this is the response to.
    pub start_outcome: Option<StartOutcome>,
    /// The outcome of the cancel that this is the response to.
    pub cancel_outcome: Option<CancelOutcome>,
}

/// One run, with everything that its reader may see of it.
#[derive(Debug, Clone)]
pub struct RunView {
    /// The run's id: `sync_` and a UUID.
    pub sync_id: String,
    /// What it does.
    pub kind: Kind,
    /// Whether it is a full sync; Try again repeats it in the same mode.
    pub is_full: bool,
    /// Its status.
    pub status: RunStatus,
    /// The stage that it is in, or in which it ended.
    pub stage: Stage,
    /// The message of its worker: "Syncing album 450 of 1000…".
    pub message: String,
    /// Percent, 0 to 100; never less than the reader has seen.
    pub progress: u8,
    /// Its counts.
    pub stats: RunStats,
    /// Items per second, while known.
    pub rate: Option<f64>,
    /// Seconds left, while known.
    pub eta_seconds: Option<u64>,
    /// The error message of a failed run.
    pub error: Option<String>,
    /// The error code of a failed run: `empty_source`, `key_changed`, …
    pub code: Option<String>,
    /// What to do about a failure, if it is not what [`RunView::advice`] says.
    pub hint: Option<String>,
    /// 1, or 2 after a restart.
    pub attempt: u32,
    /// Who started it: a login name, "the schedule", "the command line".
    pub requested_by: Option<String>,
    /// Whether a cancel was requested.
    pub cancel_requested: bool,
    /// The run that continues this interrupted one.
    pub successor: Option<String>,
    /// Items that are no longer in the source and were kept until their removal is confirmed.
    pub withheld: u64,
    /// The first issues (about 20).
    pub issues: Vec<IssueLine>,
    /// How many there are in all.
    pub issues_total: u64,
    /// The first changes, or of a preview the first that a sync would make (about 20 of each kind).
    pub changes: Vec<ChangeLine>,
    /// How many there are in all.
    pub changes_total: u64,
    /// When it ended.
    pub finished_at: Option<TimeLabel>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The link to its page in the history, for readers who may open it.
    pub details: Option<String>,
}

impl PanelView {
    /// Whether a run is active: the button is disabled and the panel polls.
    pub fn is_active(&self) -> bool {
        self.polled_run().is_some()
    }

    /// The link that the panel polls; `None` if no run is active.
    pub fn poll_link(&self) -> Option<String> {
        self.polled_run().map(|(sync_id, seen)| self.links.sync_status(&self.slug, sync_id, seen))
    }

    /// The run to poll and the percentage that is shown already; `None` if no run is active.
    ///
    /// An interrupted run with a successor counts as active: the panel follows the successor, which starts at zero.
    fn polled_run(&self) -> Option<(&str, u8)> {
        let run = self.run.as_ref()?;
        match (&run.status, &run.successor) {
            (status, _) if status.is_active() => Some((&run.sync_id, run.progress)),
            (RunStatus::Interrupted, Some(successor)) => Some((successor, 0)),
            _ => None,
        }
    }

    /// The failed feeds, if they can be retried on their own: after the end of a sync.
    pub fn failed_feeds(&self) -> Option<FeedCounts> {
        let synced = self.run.as_ref().is_some_and(|run| run.kind == Kind::Sync);
        self.feeds.filter(|feeds| feeds.failing > 0 && synced && !self.is_active())
    }

    /// Whether at least one failed feed can be retried now: a rate limit applies to manual retries too.
    pub fn may_retry_failed(&self) -> bool {
        self.failed_feeds().is_some_and(|feeds| feeds.may_retry(Utc::now()))
    }

    /// The run as the badge shows it.
    pub fn badge_run(&self) -> Option<BadgeRun> {
        self.run.as_ref().map(|run| BadgeRun {
            sync_id: run.sync_id.clone(),
            href: self.links.catalog(&self.slug),
            slug: self.slug.clone(),
            name: self.name.clone(),
            kind: run.kind,
            status: if self.is_active() { RunStatus::Running } else { run.status },
            progress: run.progress,
            stats: run.stats,
        })
    }
}

impl RunView {
    /// A run of which nothing else is known yet.
    pub fn new(sync_id: String, kind: Kind, status: RunStatus) -> Self {
        Self {
            sync_id,
            kind,
            is_full: false,
            status,
            stage: Stage::Fetching,
            message: String::new(),
            progress: 0,
            stats: RunStats::default(),
            rate: None,
            eta_seconds: None,
            error: None,
            code: None,
            hint: None,
            attempt: 1,
            requested_by: None,
            cancel_requested: false,
            successor: None,
            withheld: 0,
            issues: Vec::new(),
            issues_total: 0,
            changes: Vec::new(),
            changes_total: 0,
            finished_at: None,
            duration_ms: None,
            details: None,
        }
    }

    /// Whether anything in the catalog differs afterwards; of a preview, whether anything would.
    pub fn changed_anything(&self) -> bool {
        self.stats.added + self.stats.updated + self.stats.removed > 0
    }

    /// The accessible name of its counts.
    pub fn counts_label(&self) -> &'static str {
        if self.kind == Kind::Preview { "What a sync would do" } else { "Counts" }
    }

    /// Whether it is active and no cancel was requested.
    pub fn can_cancel(&self) -> bool {
        self.status.is_active() && !self.cancel_requested
    }

    /// What it does and how far it is, short enough for a list: "Syncing, 45 %".
    pub fn progress_label(&self) -> String {
        self.kind.progress_label(self.status, self.progress)
    }

    /// The heading of the card.
    pub fn title(&self) -> String {
        let kind = self.kind;
        match self.status {
            RunStatus::Pending => "Queued".to_owned(),
            RunStatus::Running if self.cancel_requested => "Stopping".to_owned(),
            RunStatus::Running => kind.doing().to_owned(),
            RunStatus::Completed if kind == Kind::Preview => "Preview".to_owned(),
            status => run_text::run_outcome_label(kind, status, &self.stats),
        }
    }

    /// The value of the form field `action` that repeats it; `None` if the Sync form cannot.
    pub fn repeat_action(&self) -> Option<&'static str> {
        match (self.kind, self.is_full) {
            (Kind::Preview, _) => Some("preview"),
            (Kind::Sync, true) => Some("full"),
            (Kind::Sync, false) => Some("sync"),
            (Kind::Undo | Kind::Removal, _) => None,
        }
    }

    /// How many changes are not listed; `None` if all are.
    pub fn more_changes(&self) -> Option<u64> {
        self.changes_total.checked_sub(self.changes.len() as u64).filter(|more| *more > 0)
    }

    /// How many issues are not listed; `None` if all are.
    pub fn more_issues(&self) -> Option<u64> {
        self.issues_total.checked_sub(self.issues.len() as u64).filter(|more| *more > 0)
    }

    /// The time left: "3 s", "2 min", "1 h 5 min".
    pub fn eta_label(&self) -> Option<String> {
        self.eta_seconds.map(|s| match s {
            0..=90 => format!("{s} s"),
            91..=5400 => format!("{} min", s.div_ceil(60)),
            _ => format!("{} h {} min", s / 3600, s % 3600 / 60),
        })
    }

    /// How long it took: "0.4 s", "2 min 5 s".
    pub fn duration_label(&self) -> Option<String> {
        self.duration_ms.map(|ms| match ms {
            0..100 => "under 0.1 s".to_owned(),
            _ => measures::format_elapsed(Duration::from_millis(ms)),
        })
    }

    /// Items per second: "214/s".
    pub fn rate_label(&self) -> Option<String> {
        // A rate is an estimate; below one it is not worth showing.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is at least one, and fractions do not matter"
        )]
        self.rate.filter(|rate| *rate >= 1.0).map(|rate| format!("{}/s", grouped(&(rate as u64))))
    }
}

/// The panel as a fragment: the response to a poll, a start and a cancel.
#[derive(Debug, Clone, Template)]
#[template(path = "catalog.html", block = "panel")]
pub struct PanelFragment {
    /// What to show.
    pub panel: PanelView,
}
