//! Decides how a run ends that did not complete: stopped, failed or panicked.

use std::any::Any;
use std::time::Duration;

use super::claim::ClaimedRun;
use super::findings::RunFindings;
use super::run_stop::RunStop;
use crate::domain::operation::{Lease, OperationKind, Status};
use crate::domain::run_text;
use crate::domain::sync_id::SyncId;
use crate::domain::text::measures;
use crate::store::StoreError;
use crate::store::finish::{RequeuePolicy, RunEnding};
use crate::store::lease::LeaseRenewal;
use crate::store::recovery::interrupted;
use crate::sync::engine::SyncEngine;
use crate::sync::run_log;
use crate::sync::run_signal::{RunSignal, StopReason};

/// How long a run could take, and how much of that the database kept it waiting.
#[derive(Clone, Copy)]
struct RunLimit {
    sync: Duration,
    lost: Duration,
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

/// How a run ends whose steps ended with `stop`. `None` when the lease is lost: another worker ends the run.
pub(super) fn early_ending(
    engine: &SyncEngine,
    run: &ClaimedRun,
    signal: &RunSignal,
    findings: RunFindings,
    stop: RunStop,
) -> Option<RunEnding> {
    match stop {
        RunStop::Early(reason) => {
            // A fetch that was stopped does not know why; the signal does.
            let reason = match signal.reason().unwrap_or(reason) {
                // A cancel that was accepted a moment ago, and that the heartbeat has not seen yet, takes precedence.
                StopReason::Stopping if is_cancel_requested(engine, run.lease) => StopReason::Cancelled,
                reason => reason,
            };
            let limit = RunLimit { sync: engine.terms.sync, lost: signal.lost_time() };
            stopped_ending(findings, reason, run.operation.kind, limit).map(with_committed_stats)
        }
        RunStop::Failed { code, message } => Some(findings.failed(code, &message)),
        RunStop::Refused(failure) => Some(findings.failed(failure.code, &failure.message())),
        RunStop::Database(error) => {
            run_log::failure(run.operation.id, format_args!("{error}"));
            Some(with_committed_stats(database_ending(findings, &error)))
        }
    }
}

/// How a run ends whose step panicked.
pub(super) fn panic_ending(id: SyncId, panic: &(dyn Any + Send)) -> RunEnding {
    // The panic hook has logged the place; the run keeps a message for people.
    let what = panic.downcast_ref::<&str>().map(ToString::to_string).or(panic.downcast_ref::<String>().cloned());
    run_log::failure(id, format_args!("the worker panicked: {}", what.unwrap_or_default()));
    let sentence = "Something went wrong inside Lockstep. What was written until then is kept. \
                    The log of the server says more; please report it with the id of this sync.";
    // Without counts: those that the last batch committed stay.
    let error = Some(("internal".to_owned(), sentence.to_owned()));
    RunEnding { error, ..RunEnding::new(Status::Failed, sentence) }
}

/// Keeps the counts that the last batch committed: where its answer was lost, only the row of the run has them.
fn with_committed_stats(ending: RunEnding) -> RunEnding {
    RunEnding { stats: None, ..ending }
}

fn is_cancel_requested(engine: &SyncEngine, lease: Lease) -> bool {
    matches!(engine.store.look_at_lease(lease), Ok(LeaseRenewal::Held { cancel_requested: true }))
}

fn database_ending(findings: RunFindings, error: &StoreError) -> RunEnding {
    let (code, sentence) = if error.is_disk_full() {
        let sentence = "The disk of the database is full. What was written until then is kept; make room there, \
                        then sync again.";
        ("disk_full", sentence)
    } else {
        let sentence = "The database did not answer as it should. What was written until then is kept; \
                        sync again when it is back. The log of the server says more.";
        ("database", sentence)
    };
    findings.failed(code, sentence)
}

fn stopped_ending(
    findings: RunFindings,
    reason: StopReason,
    kind: OperationKind,
    limit: RunLimit,
) -> Option<RunEnding> {
    let percent = findings.published_percent;
    let kept = match kind {
        OperationKind::Preview => "Nothing was written.",
        _ => "What was written until then is kept; the next sync does the rest.",
    };
    Some(match reason {
        StopReason::LeaseLost => return None,
        StopReason::Cancelled => {
            let message = run_text::stopped_message(&format!("Cancelled at {percent} %. {kept}"), &findings.stats);
            findings.into_ending(Status::Cancelled, message)
        }
        StopReason::TimedOut => findings.failed(
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
            RunEnding { requeue, error: Some(interrupted()), ..findings.into_ending(Status::Interrupted, message) }
        }
    })
}
