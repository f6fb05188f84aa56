//! One run, from its claim to its end: fetch, survey, judge, apply, finish.

pub(super) mod apply;
pub(super) mod column_changes;
pub(super) mod compare;
pub(super) mod comparison;
pub(super) mod database_retry;
pub(super) mod fetch;
pub(super) mod hidden_columns;
pub(super) mod key_spellings;
pub(super) mod keyless_rows;
pub(super) mod merge_stored;
pub(super) mod outcome;
pub(super) mod pending_cells;
pub(super) mod row_rules;
pub(super) mod strip_columns;
pub(super) mod survey;
pub(super) mod survey_step;

use std::sync::Arc;
use std::time::Instant;

use self::apply::{ApplyStep, ApplyTarget};
use self::compare::KeyIndex;
use self::database_retry::outlast;
use self::hidden_columns::{leave_out_hidden, names_in_items};
use self::outcome::{RunFindings, RunLimit, RunStop};
use super::engine::SyncEngine;
use super::lease::heartbeat::LeaseHeartbeat;
use super::progress::reporter::ProgressReporter;
use super::run_log;
use super::run_signal::{RunSignal, ShutdownSignal, StopReason};
use crate::domain::change_set::KnownItem;
use crate::domain::guards::GuardVerdict;
use crate::domain::operation::{Lease, OperationKind, Stage, Status, SyncOperation};
use crate::domain::progress::{ProgressCount, RunStats, StageWeights};
use crate::domain::source::{Source, Validators};
use crate::fetch::{FetchOutcome, SourceKind};
use crate::store::StoreError;
use crate::store::catalogs::Catalog;
use crate::store::finish::{AppliedChanges, RunEnding};
use crate::store::lease::{FinalizeOutcome, LeaseRenewal, RunProgress};

/// Runs a claimed operation to its end. Its lease was asked for at `claimed`.
pub(super) fn run(
    engine: &SyncEngine,
    operation: &SyncOperation,
    lease: Lease,
    claimed: Instant,
    stop: &ShutdownSignal,
) {
    let signal = Arc::new(RunSignal::new(stop.clone(), engine.terms.sync, claimed, engine.terms.lease));
    let heartbeat = match LeaseHeartbeat::begin(engine, lease, Arc::clone(&signal)) {
        Ok(heartbeat) => heartbeat,
        // Without a heartbeat the lease runs out and the run is queued again.
        Err(error) => return run_log::failure(operation.id, format_args!("no heartbeat: {error}")),
    };
    let decided = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| decide(engine, operation, lease, &signal)));
    let ending = decided.unwrap_or_else(|panic| {
        // The panic hook has logged where; the run keeps what a person can use.
        let what = panic.downcast_ref::<&str>().map(ToString::to_string).or(panic.downcast_ref::<String>().cloned());
        run_log::failure(operation.id, format_args!("the worker panicked: {}", what.unwrap_or_default()));
        let sentence = "Something went wrong inside Lockstep. What was written until then is kept. \
                        The log of the server says more; please report it with the id of this sync.";
        // No counts: those that the last batch committed stay.
        let error = Some(("internal".to_owned(), sentence.to_owned()));
        Some(RunEnding { error, ..RunEnding::new(Status::Failed, sentence) })
    });
    let Some(ending) = ending else {
        return run_log::trouble(operation.id, format_args!("the lease is lost; somebody else has this run now"));
    };
    match database_retry::finish(engine, lease, &ending, &signal) {
        Ok(successor) => {
            engine.board.tell_end(operation.id, signal.is_status_refused());
            run_log::ended(&engine.store, operation.id, ending.status, &ending.message);
            if successor.is_some() {
                engine.bell.ring();
            }
        }
        Err(StoreError::Fenced) => {
            run_log::trouble(operation.id, format_args!("its end was not accepted: the lease is lost"));
        }
        // The lease runs out then, and whoever recovers it says so.
        Err(error) => run_log::failure(operation.id, format_args!("its end could not be kept: {error}")),
    }
    drop(heartbeat);
}

/// Everything up to the last transaction: how the run ends, or `None` when it is not ours to end any more.
fn decide(engine: &SyncEngine, operation: &SyncOperation, lease: Lease, signal: &Arc<RunSignal>) -> Option<RunEnding> {
    let mut findings = RunFindings::default();
    let mut percent = 0;
    let (stopped, findings) = match prepare(engine, operation, lease, signal) {
        Ok(running) => match running.go(&mut findings) {
            Ok(ending) => return Some(ending),
            Err(stopped) => {
                findings.stats = running.reporter.now().stats;
                percent = running.reporter.told_percent();
                (stopped, findings)
            }
        },
        Err(stopped) => (stopped, findings),
    };
    match stopped {
        // A fetch that was stopped does not know why; the signal does.
        RunStop::Early(reason) => {
            let reason = match signal.reason().unwrap_or(reason) {
                // A cancel that was accepted a moment ago, and that the heartbeat has not seen yet, is not undone by
                // a stop.
                StopReason::Stopping if is_cancelled(engine, lease) => StopReason::Cancelled,
                reason => reason,
            };
            let limit = RunLimit { sync: engine.terms.sync, lost: signal.lost_time() };
            findings.ended_early(reason, percent, operation.kind, limit).map(as_committed)
        }
        RunStop::Failed { code, message } => Some(findings.failed(code, &message)),
        RunStop::Refused(failure) => Some(findings.failed(failure.code, &failure.message())),
        RunStop::Database(error) => {
            run_log::failure(operation.id, format_args!("{error}"));
            let (code, sentence) = if error.is_disk_full() {
                let sentence = "The disk of the database is full. What was written until then is kept; make room there, \
                                then sync again.";
                ("disk_full", sentence)
            } else {
                let sentence = "The database did not answer as it should. What was written until then is kept; \
                                sync again when it is back. The log of the server says more.";
                ("database", sentence)
            };
            Some(as_committed(findings.failed(code, sentence)))
        }
    }
}

/// With the counts that the last batch committed: of one whose answer was lost only the row knows.
fn as_committed(ending: RunEnding) -> RunEnding {
    RunEnding { stats: None, ..ending }
}

fn is_cancelled(engine: &SyncEngine, lease: Lease) -> bool {
    matches!(engine.store.look_at_lease(lease), Ok(LeaseRenewal::Held { cancel_requested: true }))
}

fn prepare<'a>(
    engine: &'a SyncEngine,
    operation: &'a SyncOperation,
    lease: Lease,
    signal: &'a Arc<RunSignal>,
) -> Result<RunContext<'a>, RunStop> {
    let gone = || RunStop::Early(StopReason::LeaseLost);
    let source = || engine.store.source_by_id(operation.source_id);
    let source = outlast(operation.id, signal, None, source)?.ok_or_else(gone)?;
    let catalog = outlast(operation.id, signal, None, || engine.store.catalog(source.id))?.ok_or_else(gone)?;
    let Some(kind) = engine.kinds.get(&source.kind) else {
        let message = format!("This version of Lockstep has no sources of the kind “{}”.", source.kind);
        return Err(RunStop::Failed { code: "unknown_kind", message });
    };
    let first = RunProgress {
        stage: Stage::Fetching,
        message: kind.fetching_message(&source),
        percent: 0,
        stats: RunStats::default(),
    };
    let reporter = ProgressReporter::begin(engine, operation, &source.slug, lease, Arc::clone(signal), first)
        .map_err(|error| RunStop::Failed { code: "internal", message: format!("No thread to report with: {error}") })?;
    let weights = kind.weights();
    Ok(RunContext { engine, operation, source, catalog, kind, weights, reporter, signal })
}

/// A run under way, with everything its steps need.
pub(super) struct RunContext<'a> {
    pub(super) engine: &'a SyncEngine,
    pub(super) operation: &'a SyncOperation,
    pub(super) source: Source,
    pub(super) catalog: Catalog,
    pub(super) kind: &'a dyn SourceKind,
    pub(super) weights: StageWeights,
    pub(super) reporter: ProgressReporter,
    pub(super) signal: &'a Arc<RunSignal>,
}

impl RunContext<'_> {
    /// The steps, in order. What was found stays in `findings` also when a step does not come to its end.
    fn go(&self, findings: &mut RunFindings) -> Result<RunEnding, RunStop> {
        let content = match self.fetch(findings)? {
            FetchOutcome::Unchanged(validators) => return self.nothing_new(findings, validators),
            FetchOutcome::Content(content) => leave_out_hidden(&self.source, content),
        };
        let layout = self.comparison().layout(&*content)?;
        let mut index = KeyIndex::with_room(self.catalog.item_count);
        let mut survey = self.survey(&*content, &layout, &mut index)?;
        findings.issues.append(std::mem::take(&mut survey.issues));
        findings.columns = column_changes::in_words(&survey.columns);
        // Where only the newest entries are fetched nothing has left, and to have none of them is nothing unusual.
        let whole = content.is_whole();
        findings.newest_only = !whole;
        let verdict = if whole { survey.tally.judge(self.operation.options.accept_rekey) } else { GuardVerdict::Apply };
        let preview = self.operation.kind == OperationKind::Preview;
        if !preview {
            self.refuse(&survey, content.columns(), verdict)?;
        }
        let mut destination = if preview { ApplyTarget::Preview(Vec::new()) } else { ApplyTarget::Catalog };
        let application = ApplyStep {
            id: self.operation.id,
            store: &self.engine.store,
            source: &self.source,
            weights: self.weights,
            layout: &layout,
            index: &index,
            renamed: &survey.renamed,
            reporter: &self.reporter,
            signal: self.signal,
            force: self.operation.options.force_refresh,
        };
        findings.stats = application.run(&*content, &survey, &mut destination)?;
        if !whole {
            survey.tally.removals = 0;
        }
        let withheld = if verdict == GuardVerdict::Apply { 0 } else { survey.tally.removals };
        if let ApplyTarget::Preview(changes) = destination {
            let gone = if whole { self.removals(&index)? } else { Vec::new() };
            let failure = survey.failure(&self.comparison(), content.columns(), verdict);
            return self.previewed(findings, changes, &gone, survey.tally, verdict, failure.as_ref());
        }
        self.strip_columns(&names_in_items(&*content, &self.catalog, &layout))?;
        let leaving = withheld == 0 && survey.tally.removals > 0;
        let removals = if leaving { self.removals(&index)? } else { Vec::new() };
        self.finalize(findings.stats)?;
        // Withheld removals leave the catalog behind its source, so the next sync must look at everything again.
        // So do values that were still loading, and formulas without a saved value.
        let is_settled = withheld == 0 && !survey.has_pending;
        let skipped_rows = Some(survey.rejected).filter(|rows| *rows > 0);
        let (without_hidden_columns, said) = (self.kind.can_hide_columns(), content.validators().clone());
        let validators = is_settled.then_some(Validators { skipped_rows, without_hidden_columns, ..said });
        let applied = AppliedChanges {
            columns: Some(layout.columns().to_vec()),
            column_types: Some(survey.types),
            removals,
            validators,
        };
        Ok(std::mem::take(findings).completed(&self.source, applied, withheld, verdict))
    }

    /// The source says that nothing is new: the run is done in one round trip.
    fn nothing_new(&self, findings: &mut RunFindings, validators: Option<Validators>) -> Result<RunEnding, RunStop> {
        let held = self.catalog.item_count;
        findings.stats = RunStats {
            items: ProgressCount { processed: held, total: held },
            unchanged: held,
            // Those of the version that is still the newest.
            rejected: self.catalog.validators.skipped_rows.unwrap_or(0),
            ..self.reporter.now().stats
        };
        self.finalize(findings.stats)?;
        let known = &self.catalog.validators;
        let said = validators.unwrap_or_else(|| known.clone());
        let Validators { skipped_rows, without_hidden_columns, .. } = *known;
        let validators = Some(Validators { skipped_rows, without_hidden_columns, ..said });
        let applied = AppliedChanges { validators, ..AppliedChanges::default() };
        Ok(std::mem::take(findings).unchanged(&self.source, applied))
    }

    /// The keys of the items that left the source.
    fn removals(&self, index: &KeyIndex) -> Result<Vec<String>, RunStop> {
        let mut gone = Vec::new();
        self.known_items(|key, known| {
            if known.live && index.has_left(key) {
                gone.push(key.to_owned());
            }
        })?;
        Ok(gone)
    }

    /// Walks all items of the catalog, unless the run should end meanwhile.
    pub(super) fn known_items(&self, mut each: impl FnMut(&str, KnownItem)) -> Result<(), RunStop> {
        let mut after = String::new();
        loop {
            if let Some(reason) = self.signal.reason() {
                return Err(RunStop::Early(reason));
            }
            let page = self.outlast(|| self.engine.store.known_items(self.source.id, &after))?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            page.into_iter().for_each(|(key, known)| each(&key, known));
        }
    }

    /// Does a step that asks the database, and waits with it while that is away.
    pub(super) fn outlast<T>(&self, step: impl FnMut() -> Result<T, StoreError>) -> Result<T, RunStop> {
        outlast(self.operation.id, self.signal, Some(&self.reporter), step)
    }

    /// From here on a cancel comes too late.
    pub(super) fn finalize(&self, stats: RunStats) -> Result<(), RunStop> {
        if let Some(reason) = self.signal.reason() {
            return Err(RunStop::Early(reason));
        }
        let progress = RunProgress {
            stage: Stage::Finalizing,
            message: "Finalizing synchronization…".to_owned(),
            percent: self.weights.percent(Stage::Finalizing, 0, 1),
            stats,
        };
        match self.outlast(|| self.reporter.begin_finalizing(&progress))? {
            FinalizeOutcome::Begun => Ok(()),
            FinalizeOutcome::CancelRequested => {
                self.signal.cancel();
                Err(RunStop::Early(StopReason::Cancelled))
            }
        }
    }
}
