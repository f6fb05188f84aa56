//! The ways a run can end, and what each leaves behind.

use std::time::Duration;

use crate::domain::change_set::Change;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::guards::{ChangeTally, GuardVerdict};
use crate::domain::issue::IssueList;
use crate::domain::operation::{OperationKind, Status};
use crate::domain::progress::{FailedFeeds, RunStats};
use crate::domain::run_text::{self, RunResult};
use crate::domain::source::Source;
use crate::domain::sync_failure::SyncFailure;
use crate::domain::text::counts::grouped;
use crate::domain::text::measures;
use crate::fetch::FetchError;
use crate::store::StoreError;
use crate::store::finish::{AppliedChanges, RequeuePolicy, RunEnding};
use crate::store::recovery::interrupted;
use crate::sync::run_signal::StopReason;

/// Why a run did not come to its end.
#[derive(Debug)]
pub(in crate::sync) enum RunStop {
    /// It was ended early.
    Early(StopReason),
    /// Something went wrong: a word, and a sentence for people.
    Failed {
        /// The word.
        code: &'static str,
        /// The sentence.
        message: String,
    },
    /// The source as a whole cannot be right: nothing was written.
    Refused(SyncFailure),
    /// The database failed it.
    Database(StoreError),
}

impl RunStop {
    /// The same as the failure of a fetch that asked the database; `report` logs what the database said.
    pub(in crate::sync) fn into_fetch_error(self, report: impl FnOnce(StoreError)) -> FetchError {
        match self {
            Self::Early(_) => FetchError::Stopped,
            Self::Failed { code, message } => FetchError::Failed { code, message },
            Self::Refused(failure) => FetchError::failed(failure.code, failure.cause()),
            Self::Database(error) => {
                report(error);
                FetchError::failed("database", "The database did not answer as it should. Try again when it is back.")
            }
        }
    }
}

impl From<SyncFailure> for RunStop {
    fn from(failure: SyncFailure) -> Self {
        Self::Refused(failure)
    }
}

impl From<StoreError> for RunStop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Fenced => Self::Early(StopReason::LeaseLost),
            other => Self::Database(other),
        }
    }
}

impl From<FetchError> for RunStop {
    fn from(error: FetchError) -> Self {
        match error {
            // Who asked for it is known to the signal; the caller asks there.
            FetchError::Stopped => Self::Early(StopReason::Cancelled),
            FetchError::Failed { code, message } => Self::Failed { code, message },
        }
    }
}

/// What a run found and did, whichever way it ends.
#[derive(Default)]
pub(in crate::sync) struct RunFindings {
    pub(in crate::sync) stats: RunStats,
    pub(super) issues: IssueList,
    pub(in crate::sync) changes: Vec<Change>,
    pub(super) feeds: Option<Vec<FeedRecord>>,
    /// How the feeds fare that the source is made of, if it is.
    pub(super) fared: Option<FeedCounts>,
    /// Whether the content was only the newest part of the source.
    pub(super) newest_only: bool,
    /// What became of the columns, at the end of a message; empty when they stayed.
    pub(super) columns: String,
}

/// How long a run could take, and how much of that the database kept it waiting.
#[derive(Clone, Copy)]
pub(super) struct RunLimit {
    pub(super) sync: Duration,
    pub(super) lost: Duration,
}

impl RunLimit {
    fn words(self) -> String {
        let limit = measures::limit(self.sync);
        if self.is_lost() {
            format!(
                "{limit}, {} of them without an answer of the database,",
                measures::limit(Duration::from_secs(self.lost.as_secs().max(1)))
            )
        } else {
            limit
        }
    }

    fn advice(self) -> &'static str {
        if self.is_lost() {
            "See how the database is (`lockstep doctor`), then sync again."
        } else {
            "If the source is large, raise LOCKSTEP_SYNC_TIMEOUT."
        }
    }

    /// Whether the run would have had far more time otherwise.
    fn is_lost(self) -> bool {
        self.lost > self.sync / 4
    }
}

impl RunFindings {
    fn ending(self, status: Status, message: String) -> RunEnding {
        let Self { stats, issues, changes, feeds, .. } = self;
        RunEnding { stats: Some(stats), issues, changes, feeds, ..RunEnding::new(status, message) }
    }

    /// The counts, with the feeds that failed.
    fn counts(&self) -> RunStats {
        let failed = self.fared.filter(|fared| fared.failing > 0);
        let failed_feeds = failed.map(|fared| FailedFeeds { failed: fared.failing, total: fared.total });
        RunStats { failed_feeds, ..self.stats }
    }

    /// Everything was applied, but for removals that wait for a confirmation.
    pub(super) fn completed(
        mut self,
        source: &Source,
        applied: AppliedChanges,
        withheld: u64,
        verdict: GuardVerdict,
    ) -> RunEnding {
        self.stats = self.counts();
        let removed = u64::try_from(applied.removals.len()).unwrap_or(u64::MAX);
        let stats = RunStats { removed, ..self.stats };
        let is_in_doubt = verdict == GuardVerdict::WithholdInDoubt;
        let result = RunResult { noun: &source.noun, stats, withheld, is_in_doubt, newest_only: self.newest_only };
        let message = run_text::completed_message(&result, &self.columns);
        RunEnding { withheld_removals: withheld, applied: Some(applied), ..self.ending(Status::Completed, message) }
    }

    /// The source has nothing new.
    pub(super) fn unchanged(mut self, source: &Source, applied: AppliedChanges) -> RunEnding {
        self.stats = self.counts();
        let message = run_text::unchanged_message(&source.noun, &self.stats);
        RunEnding { applied: Some(applied), ..self.ending(Status::Completed, message) }
    }

    /// What a sync would do, or why it would fail. Nothing was written.
    pub(in crate::sync) fn previewed(
        mut self,
        source: &Source,
        tally: ChangeTally,
        verdict: GuardVerdict,
        failure: Option<&SyncFailure>,
    ) -> RunEnding {
        self.stats = self.counts();
        let forecast = failure.map(SyncFailure::forecast).unwrap_or_default();
        let (added, updated) = (grouped(self.stats.added), grouped(self.stats.updated));
        let ChangeTally { removals, .. } = tally;
        let left_out = run_text::would_leave_out(&self.stats);
        let (removed, withheld, what) = match verdict {
            GuardVerdict::Apply => {
                let removed = grouped(removals);
                (removals, 0, format!("A sync would add {added}, update {updated} and remove {removed}."))
            }
            GuardVerdict::WithholdRemovals | GuardVerdict::WithholdInDoubt => {
                let kept = run_text::would_keep(&source.noun, removals, verdict == GuardVerdict::WithholdInDoubt);
                (0, removals, format!("A sync would add {added}, update {updated} and {kept}"))
            }
            GuardVerdict::EmptySource => (0, 0, forecast),
            GuardVerdict::KeyChanged => (removals, 0, forecast),
        };
        self.stats.removed = removed;
        let message = format!("{what}{left_out} Nothing was written.{}", self.columns);
        RunEnding { withheld_removals: withheld, ..self.ending(Status::Completed, message) }
    }

    /// It failed.
    pub(super) fn failed(self, code: &str, sentence: &str) -> RunEnding {
        let message = run_text::stopped_message(sentence, &self.stats);
        RunEnding { error: Some((code.to_owned(), message.clone())), ..self.ending(Status::Failed, message) }
    }

    /// It was ended early, at that percent. `None` when the run belongs to somebody else now: then there is nothing
    /// to end.
    pub(super) fn ended_early(
        self,
        reason: StopReason,
        percent: u8,
        kind: OperationKind,
        limit: RunLimit,
    ) -> Option<RunEnding> {
        let kept = match kind {
            OperationKind::Preview => "Nothing was written.",
            _ => "What was written until then is kept; the next sync does the rest.",
        };
        Some(match reason {
            StopReason::LeaseLost => return None,
            StopReason::Cancelled => {
                let message = run_text::stopped_message(&format!("Cancelled at {percent} %. {kept}"), &self.stats);
                self.ending(Status::Cancelled, message)
            }
            StopReason::TimedOut => self.failed(
                "timeout",
                &format!(
                    "The sync took longer than {} and was ended at {percent} %. {kept} {}",
                    limit.words(),
                    limit.advice()
                ),
            ),
            StopReason::Stopping => {
                // An undo is never begun twice by itself.
                let again = kind != OperationKind::Undo;
                let next = if again { "Starting again; nothing is lost." } else { kept };
                let message = format!("The server restarted at {percent} %. {next}");
                let requeue = if again { RequeuePolicy::SameAttempt } else { RequeuePolicy::No };
                RunEnding { requeue, error: Some(interrupted()), ..self.ending(Status::Interrupted, message) }
            }
        })
    }
}
