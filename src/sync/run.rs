//! One run, from its claim to its end: fetch, survey, judge, apply, finish.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};

use super::apply::{Application, Destination};
use super::compare::{KeyIndex, Survey, Surveyor};
use super::engine::Engine;
use super::heartbeat::Heartbeat;
use super::outcome::{Findings, Stopped};
use super::reporter::Reporter;
use super::signal::{Reason, Signal, Stop};
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::guards::Verdict;
use crate::domain::item::Layout;
use crate::domain::operation::{Lease, Operation, OperationKind, Stage};
use crate::domain::progress::{Count, Stats, Weights};
use crate::domain::source::{Source, Validators};
use crate::fetch::{Content, Fetched, Kind, Order, Watch};
use crate::store::StoreError;
use crate::store::catalogs::Catalog;
use crate::store::finish::{Applied, Ending};
use crate::store::lease::{Finalizing, Progress};

/// Rows between two looks at whether the run should end.
const LOOK_EVERY: u64 = 1000;
/// How many removals of a preview are kept by name.
const PREVIEWED_REMOVALS: usize = 10_000;

/// Runs a claimed operation to its end. Its lease was asked for at `claimed`.
pub(super) fn run(engine: &Engine, operation: &Operation, lease: Lease, claimed: Instant, stop: &Stop) {
    let signal = Arc::new(Signal::new(stop.clone(), engine.terms.sync, claimed, engine.terms.lease));
    let heartbeat = match Heartbeat::begin(engine, lease, Arc::clone(&signal)) {
        Ok(heartbeat) => heartbeat,
        // Without a heartbeat the lease runs out and the run is queued again.
        Err(error) => return log::error!("{}: no heartbeat: {error}", operation.id),
    };
    let ending = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| decide(engine, operation, lease, &signal)));
    let ending = ending.unwrap_or_else(|panic| {
        // The panic hook has logged where; the run keeps what a person can use.
        let what = panic.downcast_ref::<&str>().map(ToString::to_string).or(panic.downcast_ref::<String>().cloned());
        log::error!("{}: the worker panicked: {}", operation.id, what.unwrap_or_default());
        let sentence = "Something went wrong inside Lockstep. What was written until then is kept. \
                        The log of the server says more; please report it with the id of this sync.";
        Some(Findings::default().failed("internal", sentence))
    });
    let Some(ending) = ending else {
        return log::warn!("{}: the lease is lost; somebody else has this run now", operation.id);
    };
    match engine.store.finish(lease, &ending) {
        Ok(successor) => {
            engine.board.tell_from_database(operation.id);
            log::info!("{}: {}: {}", operation.id, ending.status, ending.message);
            if let Some(successor) = successor {
                engine.board.tell_from_database(successor);
                engine.bell.ring();
            }
        }
        Err(StoreError::Fenced) => log::warn!("{}: its end was not accepted: the lease is lost", operation.id),
        // The lease runs out then, and whoever recovers it says so.
        Err(error) => log::error!("{}: its end could not be kept: {error}", operation.id),
    }
    drop(heartbeat);
}

/// Everything up to the last transaction: how the run ends, or `None` when it is not ours to end any more.
fn decide(engine: &Engine, operation: &Operation, lease: Lease, signal: &Arc<Signal>) -> Option<Ending> {
    let mut findings = Findings::default();
    let mut percent = 0;
    let (stopped, findings) = match prepare(engine, operation, lease, signal) {
        Ok(running) => match running.go(&mut findings) {
            Ok(ending) => return Some(ending),
            Err(stopped) => {
                let last = running.reporter.now();
                findings.stats = last.stats;
                percent = last.percent;
                (stopped, findings)
            }
        },
        Err(stopped) => (stopped, findings),
    };
    match stopped {
        // A fetch that was stopped does not know why; the signal does.
        Stopped::Early(reason) => {
            let reason = signal.reason().unwrap_or(reason);
            findings.ended_early(reason, percent, operation.kind, engine.terms.sync)
        }
        Stopped::Failed { code, message } => Some(findings.failed(code, &message)),
        Stopped::Database(error) => {
            log::error!("{}: {error}", operation.id);
            let sentence = "The database did not answer as it should. What was written until then is kept; \
                            sync again when it is back. The log of the server says more.";
            Some(findings.failed("database", sentence))
        }
    }
}

fn prepare<'a>(
    engine: &'a Engine,
    operation: &'a Operation,
    lease: Lease,
    signal: &'a Arc<Signal>,
) -> Result<Run<'a>, Stopped> {
    let source = engine.store.source_by_id(operation.source_id)?.ok_or(Stopped::Early(Reason::LeaseLost))?;
    let catalog = engine.store.catalog(source.id)?.ok_or(Stopped::Early(Reason::LeaseLost))?;
    let Some(kind) = engine.kinds.get(&source.kind) else {
        let message = format!("This version of Lockstep has no sources of the kind “{}”.", source.kind);
        return Err(Stopped::Failed { code: "unknown_kind", message });
    };
    let first = Progress {
        stage: Stage::Fetching,
        message: kind.fetching_message(&source),
        percent: 0,
        stats: Stats::default(),
    };
    let reporter = Reporter::begin(engine, operation, &source.slug, lease, Arc::clone(signal), first)
        .map_err(|error| Stopped::Failed { code: "internal", message: format!("No thread to report with: {error}") })?;
    let weights = kind.weights();
    Ok(Run { engine, operation, source, catalog, kind, weights, reporter, signal })
}

struct Run<'a> {
    engine: &'a Engine,
    operation: &'a Operation,
    source: Source,
    catalog: Catalog,
    kind: &'a dyn Kind,
    weights: Weights,
    reporter: Reporter,
    signal: &'a Arc<Signal>,
}

impl Run<'_> {
    /// The steps, in order. What was found stays in `findings` also when a step does not come to its end.
    fn go(&self, findings: &mut Findings) -> Result<Ending, Stopped> {
        let content = match self.fetch()? {
            Fetched::Unchanged => return self.nothing_new(findings),
            Fetched::Content(content) => content,
        };
        let layout = self.layout(&*content)?;
        let mut index = KeyIndex::with_room(self.catalog.item_count);
        self.engine.store.known_items(self.source.id, |key, known| index.know(key, known))?;
        let mut survey = self.survey(&*content, &layout, &mut index)?;
        findings.issues = std::mem::take(&mut survey.issues);
        let verdict = survey.tally.judge(self.operation.options.accept_rekey);
        let preview = self.operation.kind == OperationKind::Preview;
        if !preview {
            self.refuse(&survey, verdict)?;
        }
        let mut destination = if preview { Destination::Preview(Vec::new()) } else { Destination::Catalog };
        let application = Application {
            store: &self.engine.store,
            source: &self.source,
            weights: self.weights,
            layout: &layout,
            index: &index,
            reporter: &self.reporter,
            signal: self.signal,
            force: self.operation.options.force_refresh,
        };
        findings.stats = application.run(&*content, &survey, &mut destination)?;
        let withheld = if verdict == Verdict::Apply { 0 } else { survey.tally.removals };
        if let Destination::Preview(changes) = destination {
            return self.previewed(findings, changes, &index, &survey, verdict);
        }
        let leaving = withheld == 0 && survey.tally.removals > 0;
        let removals = if leaving { self.removals(&index)? } else { Vec::new() };
        self.finalize(findings.stats)?;
        // Withheld removals leave the catalog behind its source, so the next sync must look at everything again.
        let validators = (withheld == 0).then(|| content.validators().clone());
        let applied = Applied { columns: Some(content.columns().to_vec()), removals, validators };
        Ok(std::mem::take(findings).completed(&self.source, applied, withheld))
    }

    fn fetch(&self) -> Result<Fetched, Stopped> {
        let none = Validators::default();
        // A preview compares with the catalog, so it has to see everything.
        let validators = if self.operation.kind == OperationKind::Sync { &self.catalog.validators } else { &none };
        let forced = self.operation.options.force_refresh || self.operation.options.accept_rekey;
        let mode = if forced { crate::domain::operation::Mode::Full } else { self.operation.mode };
        let order = Order { mode, validators, timeout: self.engine.terms.fetch };
        let watch = FetchWatch { run: self };
        self.kind.fetch(&self.source, &order, &watch).map_err(Stopped::from)
    }

    /// The source says that nothing is new: the run is done in one round trip.
    fn nothing_new(&self, findings: &mut Findings) -> Result<Ending, Stopped> {
        let held = self.catalog.item_count;
        findings.stats =
            Stats { items: Count { processed: held, total: held }, unchanged: held, ..self.reporter.now().stats };
        self.finalize(findings.stats)?;
        let applied =
            Applied { columns: None, removals: Vec::new(), validators: Some(self.catalog.validators.clone()) };
        Ok(std::mem::take(findings).unchanged(&self.source, applied))
    }

    /// The columns, with the key column found among them.
    fn layout(&self, content: &dyn Content) -> Result<Layout, Stopped> {
        let columns = content.columns();
        if columns.is_empty() {
            // No header, so no rows either: what that means is for the guards to say.
            return Ok(Layout::new(columns, 0));
        }
        let wanted = &self.source.key_column;
        let Some(key) = columns.iter().position(|name| name == wanted) else {
            let listed = columns.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ");
            let message = format!(
                "There is no column “{wanted}”; the columns are {listed}. Nothing was changed. \
                 Rename the column in the source, or choose another key column in the settings of this source."
            );
            return Err(Stopped::Failed { code: "no_key_column", message });
        };
        Ok(Layout::new(columns, key))
    }

    fn empty_source(&self) -> Stopped {
        let message = format!(
            "The source has no rows to take. Nothing was changed: the catalog keeps its {}. \
             If the source is meant to be empty, the {} have to be removed as a step of their own.",
            super::outcome::count(&self.source, self.catalog.item_count),
            self.source.noun.many,
        );
        Stopped::Failed { code: "empty_source", message }
    }

    /// The first reading.
    fn survey(&self, content: &dyn Content, layout: &Layout, index: &mut KeyIndex) -> Result<Survey, Stopped> {
        let fetched = Stats { bytes: content.bytes(), lines: content.lines(), ..Stats::default() };
        let percent = self.weights.percent(Stage::Fetching, 1, 1);
        let message = format!("Comparing with the {} of the catalog…", self.source.noun.many);
        let mut progress = Progress { stage: Stage::Processing, message, percent, stats: fetched };
        self.reporter.set(progress.clone());
        let mut surveyor = Surveyor::new(index, layout, content.columns(), &self.source.key_column);
        for (row, read) in content.rows()?.zip(1_u64..) {
            surveyor.look(&row?);
            if read % LOOK_EVERY == 0
                && let Some(reason) = self.signal.reason()
            {
                return Err(Stopped::Early(reason));
            }
        }
        let survey = surveyor.finish();
        progress.stats.items.total = survey.rows;
        self.reporter.set(progress);
        Ok(survey)
    }

    /// Stops a run whose source cannot be right, before the first write.
    fn refuse(&self, survey: &Survey, verdict: Verdict) -> Result<(), Stopped> {
        match verdict {
            Verdict::Apply | Verdict::WithholdRemovals => return Ok(()),
            Verdict::EmptySource => {}
            Verdict::KeyChanged => {}
        }
        let mut progress = self.reporter.now();
        progress.stats.items.processed = survey.rows;
        progress.stats.rejected = survey.rejected;
        self.reporter.set(progress);
        if verdict == Verdict::EmptySource {
            return Err(self.empty_source());
        }
        let tally = survey.tally;
        let message = format!(
            "Did the key column change? {} of the catalog's {} would go and {} would come. Nothing was changed. \
             If this is meant, choose “Sync anyway”.",
            tally.removals,
            super::outcome::count(&self.source, tally.live),
            tally.additions,
        );
        Err(Stopped::Failed { code: "key_changed", message })
    }

    /// The keys of the items that left the source.
    fn removals(&self, index: &KeyIndex) -> Result<Vec<String>, StoreError> {
        let mut gone = Vec::new();
        self.engine.store.known_items(self.source.id, |key, known| {
            if known.live && index.has_left(key) {
                gone.push(key.to_owned());
            }
        })?;
        Ok(gone)
    }

    fn previewed(
        &self,
        findings: &mut Findings,
        mut changes: Vec<Change>,
        index: &KeyIndex,
        survey: &Survey,
        verdict: Verdict,
    ) -> Result<Ending, Stopped> {
        let gone = self.removals(index)?;
        for keys in gone[..gone.len().min(PREVIEWED_REMOVALS)].chunks(1000) {
            let wanted: Vec<&str> = keys.iter().map(String::as_str).collect();
            let fields = self.engine.store.stored_fields(self.source.id, &wanted)?;
            changes.extend(keys.iter().map(|key| Change {
                key: key.clone(),
                kind: ChangeKind::Removed,
                before: fields.get(key).cloned(),
                after: None,
            }));
        }
        findings.changes = changes;
        findings.stats.removed = survey.tally.removals;
        self.finalize(findings.stats)?;
        let (caution, withheld) = match verdict {
            Verdict::Apply => (None, 0),
            Verdict::WithholdRemovals => (
                Some("A sync would keep what it would remove: that is more than half of the catalog."),
                survey.tally.removals,
            ),
            Verdict::EmptySource => {
                (Some("A sync would be refused: the source has no rows to take."), survey.tally.removals)
            }
            Verdict::KeyChanged => (
                Some("A sync would be refused: so much comes and goes that the key column may have changed."),
                survey.tally.removals,
            ),
        };
        Ok(std::mem::take(findings).previewed(survey.tally, caution, withheld))
    }

    /// From here on a cancel comes too late.
    fn finalize(&self, stats: Stats) -> Result<(), Stopped> {
        if let Some(reason) = self.signal.reason() {
            return Err(Stopped::Early(reason));
        }
        let progress = Progress {
            stage: Stage::Finalizing,
            message: "Finalizing synchronization…".to_owned(),
            percent: self.weights.percent(Stage::Finalizing, 0, 1),
            stats,
        };
        match self.reporter.begin_finalizing(progress)? {
            Finalizing::Begun => Ok(()),
            Finalizing::CancelRequested => Err(Stopped::Early(Reason::Cancelled)),
        }
    }
}

/// What a fetch sees of its run.
struct FetchWatch<'a> {
    run: &'a Run<'a>,
}

impl Watch for FetchWatch<'_> {
    fn received(&self, bytes: u64, total: Option<u64>) {
        let mut progress = self.run.reporter.now();
        progress.stats.bytes = bytes;
        progress.percent = self.run.weights.percent(Stage::Fetching, bytes, total.unwrap_or(0)).max(progress.percent);
        self.run.reporter.set(progress);
    }

    fn waiting(&self, host: &str, until: DateTime<Utc>) {
        let mut progress = self.run.reporter.now();
        progress.message = format!("Waiting for {host} until {} UTC…", until.format("%H:%M:%S"));
        self.run.reporter.set(progress);
    }

    fn should_stop(&self) -> bool {
        self.run.signal.reason().is_some()
    }
}
