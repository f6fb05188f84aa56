//! The kept result of a finished run, and where its time went.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::operation::{Mode, Status};
use super::run_summary::RunSummary;
use super::source::SourceId;
use super::sync_id::SyncId;

/// The kept result of a finished run: exactly one for every accepted start.
#[derive(Clone, PartialEq, Debug)]
pub struct SyncRecord {
    /// What the run was and how it ended; its status is terminal.
    pub summary: RunSummary,
    /// Its source, which may have been removed since.
    pub source_id: SourceId,
    /// How much it fetched.
    pub mode: Mode,
    /// When it was accepted, and when it reached each stage.
    pub timestamps: RunTimestamps,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// Who asked for it.
    pub requested_by: String,
    /// How many issues it found.
    pub issues: u64,
    /// How many removals wait for confirmation.
    pub withheld_removals: u64,
}

impl SyncRecord {
    /// From start to end in seconds; a run that never started took no time.
    #[must_use]
    pub fn duration_seconds(&self) -> f64 {
        self.timestamps.started_at.map_or(0.0, |start| seconds_between(start, self.finished_at))
    }

    /// Where its time went. An interrupted run was in its last stage until somebody noticed that its worker was gone.
    #[must_use]
    pub fn stage_timings(&self) -> StageTimings {
        let timings = self.timestamps.stage_timings(Some(self.finished_at));
        // No run completes without finalizing: this one is older than the knowledge of when.
        let unknown = self.summary.status == Status::Completed && self.timestamps.finalizing_at.is_none();
        if unknown { StageTimings { waiting: timings.waiting, ..StageTimings::default() } } else { timings }
    }
}

/// A run that has not ended.
#[derive(Clone, PartialEq, Debug)]
pub struct ActiveRun {
    /// What it does and how far it is; pending or running, without error and successor.
    pub summary: RunSummary,
    /// Its source.
    pub source_id: SourceId,
    /// How much it fetches.
    pub mode: Mode,
    /// When it was accepted, and when it reached its stages so far.
    pub timestamps: RunTimestamps,
    /// Who asked for it.
    pub requested_by: String,
}

/// A run as history knows it.
#[derive(Clone, PartialEq, Debug)]
pub enum HistoryRun {
    /// It goes on.
    Active(ActiveRun),
    /// It ended.
    Ended(SyncRecord),
}

/// One of the runs that continue each other after interruptions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunAttempt {
    /// The run.
    pub id: SyncId,
    /// Where it stands or how it ended.
    pub status: Status,
    /// The percent it reached.
    pub progress: u8,
    /// Which try it is, from 1. A run that continues one which was told to stop is the same try.
    pub attempt: i32,
    /// When it ended; `None` while it is active.
    pub finished_at: Option<DateTime<Utc>>,
}

impl HistoryRun {
    /// What both kinds share.
    #[must_use]
    pub const fn summary(&self) -> &RunSummary {
        match self {
            Self::Active(run) => &run.summary,
            Self::Ended(record) => &record.summary,
        }
    }

    /// The run as one attempt of those that continue each other.
    #[must_use]
    pub const fn as_attempt(&self) -> RunAttempt {
        let RunSummary { id, status, progress, attempt, .. } = *self.summary();
        let finished_at = match self {
            Self::Active(_) => None,
            Self::Ended(record) => Some(record.finished_at),
        };
        RunAttempt { id, status, progress, attempt, finished_at }
    }
}

/// How long a run waited and was in each stage, in seconds. A stage that it never came to, or that it is in now, has
/// none.
#[derive(Clone, Copy, PartialEq, Default, Debug, Serialize)]
pub struct StageTimings {
    /// From its acceptance until a worker took it, or until it ended without one.
    pub waiting: Option<f64>,
    /// Source to temporary file.
    pub fetching: Option<f64>,
    /// Rows to items.
    pub processing: Option<f64>,
    /// The last transaction.
    pub finalizing: Option<f64>,
}

/// When a run came to where, by the database's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunTimestamps {
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When a worker took it and began to fetch; `None` if none ever did.
    pub started_at: Option<DateTime<Utc>>,
    /// When it came to processing; `None` if it never did.
    pub processing_at: Option<DateTime<Utc>>,
    /// When it came to finalizing; `None` if it never did.
    pub finalizing_at: Option<DateTime<Utc>>,
}

impl RunTimestamps {
    /// The time between them: each stage lasts until the next one that the run came to, the last one until its end,
    /// `None` while it is active.
    #[must_use]
    pub fn stage_timings(&self, finished_at: Option<DateTime<Utc>>) -> StageTimings {
        let Self { created_at, started_at, processing_at, finalizing_at } = *self;
        let between = |from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>| Some(seconds_between(from?, to?));
        StageTimings {
            waiting: between(Some(created_at), started_at.or(finished_at)),
            fetching: between(started_at, processing_at.or(finalizing_at).or(finished_at)),
            processing: between(processing_at, finalizing_at.or(finished_at)),
            finalizing: between(finalizing_at, finished_at),
        }
    }
}

/// From one moment to another, in seconds; none if a clock was set back between them.
fn seconds_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    let millis = (to - from).num_milliseconds().max(0);
    #[expect(clippy::cast_precision_loss, reason = "a run is far shorter than 2^52 ms")]
    let seconds = millis as f64 / 1000.0;
    seconds
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{RunTimestamps, StageTimings};

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(millis)
    }

    fn stage_timings(rest: [Option<i64>; 4]) -> StageTimings {
        let [started_at, processing_at, finalizing_at, finished_at] = rest.map(|millis| millis.map(at));
        RunTimestamps { created_at: at(0), started_at, processing_at, finalizing_at }.stage_timings(finished_at)
    }

    #[test]
    fn each_stage_lasts_until_the_next_and_the_last_until_the_end() {
        let reported =
            |waiting, fetching, processing, finalizing| StageTimings { waiting, fetching, processing, finalizing };
        let whole = stage_timings([Some(500), Some(2_000), Some(12_250), Some(12_500)]);
        assert_eq!(whole, reported(Some(0.5), Some(1.5), Some(10.25), Some(0.25)));
        let nothing_new = stage_timings([Some(500), None, Some(700), Some(1_000)]);
        assert_eq!(nothing_new, reported(Some(0.5), Some(0.2), None, Some(0.3)));
        let died_while_processing = stage_timings([Some(500), Some(1_000), None, Some(16_000)]);
        assert_eq!(died_while_processing, reported(Some(0.5), Some(0.5), Some(15.0), None));
        assert_eq!(stage_timings([Some(0), None, None, Some(3_000)]), reported(Some(0.0), Some(3.0), None, None));
        assert_eq!(stage_timings([None, None, None, Some(3_000)]), reported(Some(3.0), None, None, None));
    }

    #[test]
    fn what_goes_on_has_no_length_yet_and_no_time_runs_backwards() {
        assert_eq!(stage_timings([None; 4]), StageTimings::default());
        let processing = stage_timings([Some(100), Some(300), None, None]);
        assert_eq!((processing.fetching, processing.processing), (Some(0.2), None));
        assert_eq!(stage_timings([Some(100), None, None, Some(50)]).fetching, Some(0.0));
    }
}
