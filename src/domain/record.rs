//! The result of a finished run, and the time spent in each stage.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::operation::{Mode, OperationKind, StartOptions, Status};
use super::run_summary::RunSummary;
use super::source::SourceId;
use super::sync_id::SyncId;

/// The result of a finished run. Every accepted start ends as exactly one record.
#[derive(Clone, PartialEq, Debug)]
pub struct SyncRecord {
    /// The summary of the run; its status is terminal.
    pub summary: RunSummary,
    /// The id of the source, which may have been removed since.
    pub source_id: SourceId,
    /// How much it fetched and compared.
    pub mode: Mode,
    /// The times of acceptance and of each stage.
    pub timestamps: RunTimestamps,
    /// The time at which it ended.
    pub finished_at: DateTime<Utc>,
    /// The requester, for people.
    pub requested_by: String,
    /// The number of issues it found.
    pub issues: u64,
    /// The number of removals that need confirmation.
    pub withheld_removals: u64,
    /// The run that this run reverts, or whose list or preview it applies.
    pub target: Option<SyncId>,
    /// The review that lists the removals which this run withheld. It may have been replaced since.
    pub review: Option<SyncId>,
    /// How many automatic retries of a scheduled sync came before this run; `None` for a run that a person started.
    pub retries_before: Option<u8>,
    /// The time at which a retry of this failed run was planned. A sync that started before it replaced it.
    pub retry_at: Option<DateTime<Utc>>,
    /// The digest of all changes that a preview found; `None` for other runs, for a preview whose sync would fail, and
    /// for previews by earlier versions.
    pub changes_digest: Option<String>,
    /// The options that it was started with; the default ones if an earlier version ran it.
    pub options: StartOptions,
}

impl SyncRecord {
    /// Returns the seconds from start to end; 0 for a run that never started.
    #[must_use]
    pub fn duration_seconds(&self) -> f64 {
        self.timestamps.started_at.map_or(0.0, |start| seconds_between(start, self.finished_at))
    }

    /// Returns the id under which the items are listed that this run withheld, or that a sync would withhold after this
    /// preview; `None` if there are none.
    #[must_use]
    pub fn withheld_list(&self) -> Option<SyncId> {
        match self.summary.kind {
            OperationKind::Preview => Some(self.summary.id),
            OperationKind::Sync | OperationKind::Undo | OperationKind::Removal => self.review,
        }
    }

    /// Returns whether this is a preview whose changes can be applied: a sync would not fail, and would change
    /// something.
    #[must_use]
    pub const fn is_appliable_preview(&self) -> bool {
        let RunSummary { kind, status, stats, .. } = &self.summary;
        matches!((kind, status), (OperationKind::Preview, Status::Completed))
            && self.changes_digest.is_some()
            && stats.added + stats.updated + stats.removed > 0
    }

    /// Returns the time spent in each stage. The last stage of an interrupted run includes the time until the death of
    /// its worker was detected.
    #[must_use]
    pub fn stage_timings(&self) -> StageTimings {
        let timings = self.timestamps.stage_timings(Some(self.finished_at));
        // A completed run without a finalizing time was stored before these times were recorded.
        let unknown = self.summary.status == Status::Completed && self.timestamps.finalizing_at.is_none();
        if unknown { StageTimings { waiting: timings.waiting, ..StageTimings::default() } } else { timings }
    }
}

/// A run that has not ended.
#[derive(Clone, PartialEq, Debug)]
pub struct ActiveRun {
    /// The summary of the run: pending or running, without error and successor.
    pub summary: RunSummary,
    /// The id of the source.
    pub source_id: SourceId,
    /// How much it fetches and compares.
    pub mode: Mode,
    /// The times of acceptance and of the stages so far.
    pub timestamps: RunTimestamps,
    /// The requester, for people.
    pub requested_by: String,
    /// How many automatic retries of a scheduled sync came before this run; `None` for a run that a person started.
    pub retries_before: Option<u8>,
}

/// A run in the history.
#[derive(Clone, PartialEq, Debug)]
pub enum HistoryRun {
    /// The run is pending or running.
    Active(ActiveRun),
    /// The run has ended.
    Ended(SyncRecord),
}

/// One of the runs that continue each other after interruptions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunAttempt {
    /// The id of the run.
    pub id: SyncId,
    /// The status of the run.
    pub status: Status,
    /// The percentage it reached.
    pub progress: u8,
    /// The number of the attempt, from 1. A run that continues after a shutdown has the same number as the stopped run.
    pub attempt: i32,
    /// The time at which it ended; `None` while it is active.
    pub finished_at: Option<DateTime<Utc>>,
}

impl HistoryRun {
    /// Returns the summary of the run.
    #[must_use]
    pub const fn run_summary(&self) -> &RunSummary {
        match self {
            Self::Active(run) => &run.summary,
            Self::Ended(record) => &record.summary,
        }
    }

    /// Returns the id of its source.
    #[must_use]
    pub const fn source_id(&self) -> SourceId {
        match self {
            Self::Active(run) => run.source_id,
            Self::Ended(record) => record.source_id,
        }
    }

    /// Returns the times of acceptance and of the stages so far.
    #[must_use]
    pub const fn timestamps(&self) -> RunTimestamps {
        match self {
            Self::Active(run) => run.timestamps,
            Self::Ended(record) => record.timestamps,
        }
    }

    /// Returns how many automatic retries of a scheduled sync came before this run; `None` for a run that a person
    /// started.
    #[must_use]
    pub const fn retries_before(&self) -> Option<u8> {
        match self {
            Self::Active(run) => run.retries_before,
            Self::Ended(record) => record.retries_before,
        }
    }

    /// Returns the time at which it ended; `None` while it is active.
    #[must_use]
    pub const fn finished_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Active(_) => None,
            Self::Ended(record) => Some(record.finished_at),
        }
    }

    /// Returns the run as one attempt in a chain of runs.
    #[must_use]
    pub const fn as_attempt(&self) -> RunAttempt {
        let RunSummary { id, status, progress, attempt, .. } = *self.run_summary();
        RunAttempt { id, status, progress, attempt, finished_at: self.finished_at() }
    }
}

/// The time that a run waited and spent in each stage, in seconds. `None` for a stage that it never reached or is in
/// now.
#[derive(Clone, Copy, PartialEq, Default, Debug, Serialize)]
pub struct StageTimings {
    /// From acceptance until a worker claimed it, or until it ended without a worker.
    pub waiting: Option<f64>,
    /// The stage *fetching*.
    pub fetching: Option<f64>,
    /// The stage *processing*.
    pub processing: Option<f64>,
    /// The stage *finalizing*.
    pub finalizing: Option<f64>,
}

/// The times at which a run reached each stage, by the database's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunTimestamps {
    /// The time at which it was accepted.
    pub created_at: DateTime<Utc>,
    /// The time at which a worker claimed it and began to fetch; `None` if no worker did.
    pub started_at: Option<DateTime<Utc>>,
    /// The time at which it reached processing; `None` if it did not.
    pub processing_at: Option<DateTime<Utc>>,
    /// The time at which it reached finalizing; `None` if it did not.
    pub finalizing_at: Option<DateTime<Utc>>,
}

impl RunTimestamps {
    /// Returns the time spent in each stage. A stage lasts until the next stage that the run reached, and the last
    /// stage until `finished_at`. While the run is active, `None` leaves out the current stage, and the time of now
    /// includes its time so far.
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

/// Returns the seconds between two times; 0 if the clock was set back.
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
    fn a_running_stage_has_no_length_and_no_length_is_negative() {
        assert_eq!(stage_timings([None; 4]), StageTimings::default());
        let processing = stage_timings([Some(100), Some(300), None, None]);
        assert_eq!((processing.fetching, processing.processing), (Some(0.2), None));
        assert_eq!(stage_timings([Some(100), None, None, Some(50)]).fetching, Some(0.0));
    }
}
