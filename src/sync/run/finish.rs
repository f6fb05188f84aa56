//! Ends a run: begins its final stage, lists what left the source, and stores the ending.

use std::time::{Duration, Instant};

use super::comparison::StoredItems;
use super::context::{ClaimedRun, RunContext};
use super::database_retry::{RETRY_PAUSE, RetryState};
use super::findings::RunFindings;
use super::key_index::KeyIndex;
use super::run_stop::RunStop;
use crate::domain::automatic_retry::plan_retry;
use crate::domain::operation::{Lease, OperationKind, Stage, Status};
use crate::domain::progress::{ProgressCount, RunStats};
use crate::domain::run_text;
use crate::domain::run_text::disk_errors::unconfirmed_changes_note;
use crate::domain::run_text::run_progress::FINALIZING_MESSAGE;
use crate::domain::run_text::stopped_run::disk_full_message;
use crate::domain::source::Validators;
use crate::domain::sync_id::SyncId;
use crate::store::StoreError;
use crate::store::finish::{AppliedChanges, RunEnding, SettledChange};
use crate::store::lease::{FinalizeOutcome, RunProgress};
use crate::store::reviews::ReviewChange;
use crate::sync::SyncEngine;
use crate::sync::run_log;
use crate::sync::run_signal::{RunSignal, StopReason};

/// How long storing an ending is retried once its process shuts down: the process must end within five seconds.
const SHUTDOWN_RETRY_TIMEOUT: Duration = Duration::from_secs(4);

/// Begins the final stage. From here on a cancel comes too late.
///
/// # Errors
/// [`RunStop::Early`] when the run has to end, also by a cancel that was requested before; [`RunStop::Database`] when
/// the database refuses.
pub(in crate::sync) fn begin_finalizing(context: &RunContext<'_>, stats: RunStats) -> Result<(), RunStop> {
    context.check_stop()?;
    let progress = RunProgress {
        stage: Stage::Finalizing,
        message: FINALIZING_MESSAGE.to_owned(),
        percent: context.weights.overall_percent(Stage::Finalizing, 0, 1),
        stats,
    };
    match context.retry_while_unavailable(|| context.reporter.begin_finalizing(&progress))? {
        FinalizeOutcome::Begun => Ok(()),
        FinalizeOutcome::CancelRequested => {
            context.signal.request_cancel();
            Err(RunStop::Early(StopReason::Cancelled))
        }
    }
}

/// Returns the keys of the items that left the source.
pub(in crate::sync) fn list_removals(context: &RunContext<'_>, index: &KeyIndex) -> Result<Vec<String>, RunStop> {
    let mut removals = Vec::new();
    context.for_each_known_item(&mut |key, known| {
        if known.live && index.has_left(key) {
            removals.push(key.to_owned());
        }
    })?;
    Ok(removals)
}

/// Ends a run whose source has nothing new.
pub(in crate::sync) fn finish_unchanged(
    context: &RunContext<'_>,
    findings: &mut RunFindings,
    validators: Option<Validators>,
) -> Result<RunEnding, RunStop> {
    let catalog = &context.catalog;
    findings.stats = RunStats {
        items: ProgressCount { processed: catalog.item_count, total: catalog.item_count },
        unchanged: catalog.item_count,
        // The skipped rows of the last version that was fetched.
        rejected: catalog.validators.skipped_rows.unwrap_or(0),
        ..context.reporter.current().stats
    };
    begin_finalizing(context, findings.stats)?;
    let Validators { skipped_rows, without_hidden_columns, .. } = catalog.validators;
    let received = validators.unwrap_or_else(|| catalog.validators.clone());
    let validators = Some(Validators { skipped_rows, without_hidden_columns, ..received });
    // A preview whose feeds have nothing new writes nothing.
    let is_sync = context.operation.kind == OperationKind::Sync;
    let applied = AppliedChanges { validators, settled: SettledChange::Settle, is_sync, ..AppliedChanges::default() };
    let mut findings = std::mem::take(findings);
    findings.stats = findings.stats_with_feeds();
    // Validators are kept only of a version that was applied completely: no item of the catalog is missing in it.
    findings.review = if is_sync { ReviewChange::Resolved } else { ReviewChange::Unchanged };
    let message = run_text::unchanged_message(&context.source.noun, &findings.stats);
    Ok(RunEnding { applied: Some(applied).filter(|_| is_sync), ..findings.into_ending(Status::Completed, message) })
}

/// Stores the ending of a run, publishes it to pollers and logs it. The message of a run that completed says so if the
/// disk could not confirm its changes.
pub(in crate::sync) fn store_ending(engine: &SyncEngine, run: &ClaimedRun, ending: &RunEnding, signal: &RunSignal) {
    let lease = run.lease;
    let noted = note_disk_problem(engine, lease.id, ending);
    let ending = noted.as_ref().unwrap_or(ending);
    let mut stored = store_with_retry(engine, lease, ending, signal);
    let full_disk;
    let mut ending = ending;
    if matches!(&stored, Err(error) if error.is_disk_full()) {
        // Its final changes do not fit, and its failure does.
        full_disk = without_changes(engine, run, ending);
        ending = &full_disk;
        stored = store_with_retry(engine, lease, ending, signal);
    }
    match stored {
        Ok(successor) => {
            engine.status_board.publish_end(lease.id, signal.has_status_failed());
            run_log::log_ending(&engine.store, lease.id, ending.status, &ending.message);
            if successor.is_some() {
                engine.wake_signal.notify();
            }
        }
        Err(StoreError::Fenced) => {
            run_log::log_warning(lease.id, format_args!("its ending was not stored: the lease is lost"));
        }
        // The lease will expire, and recovery will end the run.
        Err(error) => run_log::log_error(lease.id, format_args!("its ending could not be stored: {error}")),
    }
}

/// The ending of a run whose own ending does not fit on the disk: it failed, and its final changes are left out.
fn without_changes(engine: &SyncEngine, run: &ClaimedRun, ending: &RunEnding) -> RunEnding {
    let plan = |before| plan_retry("disk_full", before, engine.timeouts.retry_pause);
    let retry = run.operation.options.retries_before.and_then(plan);
    let error = Some(("disk_full".to_owned(), disk_full_message().to_owned()));
    RunEnding {
        error,
        retry,
        feeds: ending.feeds.clone(),
        issues: ending.issues.clone(),
        ..RunEnding::new(Status::Failed, disk_full_message())
    }
}

/// Asks the disk to confirm the changes of a run that completed. Returns the ending with a note if it reports an error.
/// This comes before the ending is stored, so that nobody reads the message without the note.
fn note_disk_problem(engine: &SyncEngine, id: SyncId, ending: &RunEnding) -> Option<RunEnding> {
    if ending.status != Status::Completed {
        return None;
    }
    // Without a connection the ending cannot be stored either, and the step that stores it waits for one.
    let problem = engine.store.confirm_on_disk().ok().flatten()?;
    run_log::log_error(id, format_args!("the disk did not confirm its changes: {}", problem.reason));
    let message = format!("{} {}", ending.message, unconfirmed_changes_note(&problem.reason));
    Some(RunEnding { message, ..ending.clone() })
}

/// Stores the ending of a run, however long the database is unavailable: the result of a run must not be lost. Returns
/// the id of its successor, if it is queued again.
///
/// # Errors
/// [`StoreError::Fenced`] when another worker has taken over the run; the database's error when it refuses, or when
/// this process shuts down before it is available again.
fn store_with_retry(
    engine: &SyncEngine,
    lease: Lease,
    ending: &RunEnding,
    signal: &RunSignal,
) -> Result<Option<SyncId>, StoreError> {
    let mut retries = RetryState::new(lease.id);
    let mut shutdown_since = None;
    loop {
        let asked = Instant::now();
        let error = match engine.store.finish_run(lease, ending) {
            Ok(successor) => {
                retries.record_success();
                return Ok(successor);
            }
            // After a broken connection the record shows whether the commit succeeded.
            Err(StoreError::Fenced) if retries.has_failed() => match engine.store.find_record(lease.id) {
                Ok(Some(record)) if record.summary.status == ending.status => return Ok(record.summary.successor),
                Ok(_) => return Err(StoreError::Fenced),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if signal.is_shutting_down()
            && shutdown_since.get_or_insert_with(Instant::now).elapsed() > SHUTDOWN_RETRY_TIMEOUT
        {
            return Err(error);
        }
        retries.record_failure(error, asked)?;
        std::thread::sleep(RETRY_PAUSE);
    }
}
