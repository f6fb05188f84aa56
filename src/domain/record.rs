//! The kept result of a finished run.

use chrono::{DateTime, Utc};

use super::operation::{Mode, OperationKind, Stage, Status};
use super::progress::Stats;
use super::source::{Slug, SourceId};
use super::sync_id::SyncId;

/// The kept result of a finished run: exactly one for every accepted start.
#[derive(Clone, PartialEq, Debug)]
pub struct SyncRecord {
    /// The run.
    pub id: SyncId,
    /// Its source.
    pub source_id: SourceId,
    /// The source's slug as it was then.
    pub source: Slug,
    /// What it did.
    pub kind: OperationKind,
    /// How much it fetched.
    pub mode: Mode,
    /// How it ended; always terminal.
    pub status: Status,
    /// The last line for people.
    pub message: String,
    /// The percent it reached.
    pub progress: u8,
    /// What it was doing when it ended; `None` if no worker ever took it.
    pub stage: Option<Stage>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When a worker took it; `None` if none ever did.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// The counts.
    pub stats: Stats,
    /// What went wrong, as a sentence.
    pub error: Option<String>,
    /// The same as a word.
    pub code: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// Which try it was, from 1.
    pub attempt: i32,
    /// The interrupted run it continued.
    pub retry_of: Option<SyncId>,
    /// The run that continues it.
    pub successor: Option<SyncId>,
    /// How many issues it found.
    pub issues: u64,
    /// How many removals wait for a person's word.
    pub withheld_removals: u64,
}

impl SyncRecord {
    /// From start to end in seconds; a run that never started took no time.
    #[must_use]
    pub fn duration_seconds(&self) -> f64 {
        self.started_at.map_or(0.0, |start| {
            let millis = (self.finished_at - start).num_milliseconds().max(0);
            #[expect(clippy::cast_precision_loss, reason = "a run is far shorter than 2^52 ms")]
            let seconds = millis as f64 / 1000.0;
            seconds
        })
    }
}
