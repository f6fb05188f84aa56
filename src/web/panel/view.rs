//! The panel: one card for every state a source's latest run can be in.

use std::time::Duration;

use askama::Template;
use chrono::Utc;

pub use super::lines::{ChangeKind, ChangeLine, ChangeWords, FieldChange, IssueLine};
use crate::domain::feed_counts::FeedCounts;
use crate::domain::run_text;
use crate::domain::text::measures;
use crate::web::layout::run_labels::{
    Kind, KindWords as _, LatestRun, RunStats, RunStatus, Stage, StageWords as _, StatusWords as _,
};
use crate::web::layout::view::{BadgeRun, TimeLabel, grouped};

/// The panel of one source.
#[derive(Debug, Clone, Default)]
pub struct PanelView {
    /// The source, as in the address.
    pub slug: String,
    /// The source's name, for the badge.
    pub name: String,
    /// One of its items: "album".
    pub noun_one: String,
    /// Several of them: "albums".
    pub noun_many: String,
    /// Whether the reader may start and cancel. Others see the state without buttons, and no card at all while idle.
    pub may_sync: bool,
    /// The run to show; none before the first one, or when the last one is old news.
    pub run: Option<RunView>,
    /// The end of the last successful sync.
    pub last_success: Option<TimeLabel>,
    /// How the latest run ended that was more than a preview; none while a run is active.
    pub latest: Option<LatestRun>,
    /// How many feeds it is made of, for those with an account; none where it is not made of feeds.
    pub feeds: Option<FeedCounts>,
    /// Seconds until Sync may be pressed again; zero when it may. The button counts them down.
    pub cooldown: u64,
    /// Why the button just pressed did not start anything.
    pub notice: Option<StartNotice>,
}

/// Why a start was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartNotice {
    /// 409: the run shown here was there first.
    AlreadyRunning,
    /// 429: so many seconds are left.
    CoolingDown(u64),
    /// A cancel came when the last transaction had begun.
    AlreadyFinishing,
}

/// One run, with everything a reader may want to know of it.
#[derive(Debug, Clone)]
pub struct RunView {
    /// The run's id: `sync_` and a UUID.
    pub sync_id: String,
    /// What it does.
    pub kind: Kind,
    /// Whether it is a full sync; Try again repeats it in the same mode.
    pub full: bool,
    /// Where it stands.
    pub status: RunStatus,
    /// The part of the work it is in (while it runs), or in which it ended.
    pub stage: Stage,
    /// The worker's own sentence: "Syncing album 450 of 1000…".
    pub message: String,
    /// Percent, 0 to 100, never less than this reader has seen.
    pub progress: u8,
    /// What it counted.
    pub stats: RunStats,
    /// Items per second, while known.
    pub rate: Option<f64>,
    /// Seconds left, while known.
    pub eta_seconds: Option<u64>,
    /// A failed run's sentence.
    pub error: Option<String>,
    /// A failed run's word: `empty_source`, `key_changed`, …
    pub code: Option<String>,
    /// What to do about it, where the engine knows better than [`RunView::advice`].
    pub hint: Option<String>,
    /// 1, or 2 after a restart.
    pub attempt: u32,
    /// Who started it: a login name, "the schedule", "the command line".
    pub requested_by: Option<String>,
    /// Whether somebody has asked it to stop.
    pub cancel_requested: bool,
    /// The run that goes on where this one was interrupted.
    pub successor: Option<String>,
    /// Items that left the source and were kept, because they are more than half of the catalog.
    pub withheld: u64,
    /// The first rows that were refused or mended (about 20).
    pub issues: Vec<IssueLine>,
    /// How many there are in all.
    pub issues_total: u64,
    /// The first items that changed, or in a preview would change (about 20).
    pub changes: Vec<ChangeLine>,
    /// How many there are in all.
    pub changes_total: u64,
    /// When it ended.
    pub finished_at: Option<TimeLabel>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The address of its entry in the history, for those who may read that.
    pub details: Option<String>,
}

impl PanelView {
    /// Whether a run goes on: the button is off, and the page asks for news.
    pub fn is_active(&self) -> bool {
        self.poll().is_some()
    }

    /// The run to ask about and the percent already seen; none when there is nothing to wait for.
    ///
    /// An interrupted run with a successor counts: the panel follows it, from its own zero.
    pub fn poll(&self) -> Option<(&str, u8)> {
        let run = self.run.as_ref()?;
        match (&run.status, &run.successor) {
            (status, _) if status.is_active() => Some((&run.sync_id, run.progress)),
            (RunStatus::Interrupted, Some(successor)) => Some((successor, 0)),
            _ => None,
        }
    }

    /// How many feeds failed the last time, where they can be asked again by themselves: after the end of a sync.
    pub fn failing(&self) -> Option<FeedCounts> {
        let synced = self.run.as_ref().is_some_and(|run| run.kind == Kind::Sync);
        self.feeds.filter(|feeds| feeds.failing > 0 && synced && !self.is_active())
    }

    /// Whether at least one of them may be asked: what servers asked for holds for people, too.
    pub fn may_retry_failed(&self) -> bool {
        self.failing().is_some_and(|feeds| feeds.may_retry(Utc::now()))
    }

    /// The same run as the badge shows it.
    pub fn badge_run(&self) -> Option<BadgeRun> {
        self.run.as_ref().map(|run| BadgeRun {
            sync_id: run.sync_id.clone(),
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
    /// A run of which no more than this is known.
    pub fn new(sync_id: String, kind: Kind, status: RunStatus) -> Self {
        Self {
            sync_id,
            kind,
            full: false,
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

    /// What its counts are.
    pub fn counts_label(&self) -> &'static str {
        if self.kind == Kind::Preview { "What a sync would do" } else { "Counts" }
    }

    /// Whether nobody has asked it to stop yet and it still could.
    pub fn can_cancel(&self) -> bool {
        self.status.is_active() && !self.cancel_requested
    }

    /// Where it stands while it is active, in words that fit into a list: "Syncing, 45 %".
    pub fn standing(&self) -> String {
        self.kind.standing(self.status, self.progress)
    }

    /// The heading of the card.
    pub fn title(&self) -> String {
        let kind = self.kind;
        match self.status {
            RunStatus::Pending => "Waiting for a free worker".to_owned(),
            RunStatus::Running if self.cancel_requested => "Stopping".to_owned(),
            RunStatus::Running => kind.doing().to_owned(),
            RunStatus::Completed if kind == Kind::Preview => "Preview".to_owned(),
            status => run_text::run_outcome(kind, status, &self.stats),
        }
    }

    /// The value of the form field `action` that repeats it; none for what cannot be repeated by the Sync form.
    pub fn repeat(&self) -> Option<&'static str> {
        match (self.kind, self.full) {
            (Kind::Preview, _) => Some("preview"),
            (Kind::Sync, true) => Some("full"),
            (Kind::Sync, false) => Some("sync"),
            (Kind::Undo | Kind::Removal, _) => None,
        }
    }

    /// How many changes are not among the listed ones; none when all are listed.
    pub fn more_changes(&self) -> Option<u64> {
        self.changes_total.checked_sub(self.changes.len() as u64).filter(|more| *more > 0)
    }

    /// How many issues are not among the listed ones; none when all are listed.
    pub fn more_issues(&self) -> Option<u64> {
        self.issues_total.checked_sub(self.issues.len() as u64).filter(|more| *more > 0)
    }

    /// The time left in words: "3 s", "2 min", "1 h 5 min".
    pub fn eta(&self) -> Option<String> {
        self.eta_seconds.map(|s| match s {
            0..=90 => format!("{s} s"),
            91..=5400 => format!("{} min", s.div_ceil(60)),
            _ => format!("{} h {} min", s / 3600, s % 3600 / 60),
        })
    }

    /// How long it took, in words: "0.4 s", "2 min 5 s".
    pub fn duration(&self) -> Option<String> {
        self.duration_ms.map(|ms| match ms {
            0..100 => "under 0.1 s".to_owned(),
            _ => measures::length(Duration::from_millis(ms)),
        })
    }

    /// Items per second in words: "214 a second".
    pub fn rate_words(&self) -> Option<String> {
        // A rate is a rough number; below one it says nothing.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is at least one, and what is cut off does not count"
        )]
        self.rate.filter(|rate| *rate >= 1.0).map(|rate| format!("{} a second", grouped(&(rate as u64))))
    }
}

/// The panel alone: the answer to a poll, a start and a cancel.
#[derive(Debug, Clone, Template)]
#[template(path = "catalog.html", block = "panel")]
pub struct PanelFragment {
    /// What to show.
    pub panel: PanelView,
}
