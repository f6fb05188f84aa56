//! The context that the steps of one run share: source, catalog, reporter, signal and database.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::comparison::{SourceComparison, StoredItems};
use super::database_retry::retry_while_unavailable;
use super::run_stop::RunStop;
use crate::domain::change_set::KnownItem;
use crate::domain::item::parse_fields;
use crate::domain::operation::{Lease, OperationKind, Stage, SyncOperation};
use crate::domain::progress::{RunStats, StageWeights};
use crate::domain::run_text::stopped_run::{no_thread_message, unknown_kind_message};
use crate::domain::run_text::undo::UNDO_STARTING;
use crate::domain::source::Source;
use crate::fetch::{FetchError, ItemLookup, SourceKind};
use crate::store::catalogs::Catalog;
use crate::store::lease::RunProgress;
use crate::store::{Store, StoreError};
use crate::sync::SyncEngine;
use crate::sync::progress::reporter::ProgressReporter;
use crate::sync::run_log;
use crate::sync::run_signal::{RunSignal, StopReason};

/// A run that this worker has claimed.
pub(in crate::sync) struct ClaimedRun {
    pub(in crate::sync) operation: SyncOperation,
    pub(in crate::sync) lease: Lease,
    /// The time when the lease was requested. The length of the lease counts at least from then.
    pub(in crate::sync) requested_at: Instant,
}

/// A run in progress, with everything its steps need.
pub(in crate::sync) struct RunContext<'a> {
    pub(super) engine: &'a SyncEngine,
    pub(in crate::sync) operation: &'a SyncOperation,
    pub(in crate::sync) source: Source,
    pub(in crate::sync) catalog: Catalog,
    pub(in crate::sync) kind: &'a dyn SourceKind,
    pub(super) weights: StageWeights,
    pub(in crate::sync) reporter: ProgressReporter,
    pub(super) signal: &'a RunSignal,
}

impl<'a> RunContext<'a> {
    /// Loads the source and the catalog of a claimed run and starts its reporter.
    ///
    /// # Errors
    /// [`RunStop::Failed`] if this version does not support the kind of source (`unknown_kind`) or the system cannot
    /// start a thread; [`RunStop::Early`] if the source was deleted or the run has to end; [`RunStop::Database`] if the
    /// database refuses.
    pub(in crate::sync) fn load(
        engine: &'a SyncEngine,
        run: &'a ClaimedRun,
        signal: &'a Arc<RunSignal>,
    ) -> Result<Self, RunStop> {
        let operation = &run.operation;
        // Runs are deleted with their source, so the lease is gone, too.
        let deleted = || RunStop::Early(StopReason::LeaseLost);
        let source = || engine.store.source_by_id(operation.source_id);
        let source = retry_while_unavailable(operation.id, signal, None, source)?.ok_or_else(deleted)?;
        let catalog = || engine.store.find_catalog(source.id);
        let catalog = retry_while_unavailable(operation.id, signal, None, catalog)?.ok_or_else(deleted)?;
        let Some(kind) = engine.kinds.get(&source.kind) else {
            return Err(RunStop::Failed { code: "unknown_kind", message: unknown_kind_message(&source.kind) });
        };
        let message = match operation.kind {
            OperationKind::Undo => UNDO_STARTING.to_owned(),
            OperationKind::Sync | OperationKind::Preview | OperationKind::Removal => kind.fetching_message(&source),
        };
        let first = RunProgress { stage: Stage::Fetching, message, percent: 0, stats: RunStats::default() };
        let reporter = ProgressReporter::start(engine, operation, &source.slug, run.lease, Arc::clone(signal), first)
            .map_err(|error| RunStop::Failed { code: "internal", message: no_thread_message(&error) })?;
        let weights = kind.stage_weights();
        Ok(Self { engine, operation, source, catalog, kind, weights, reporter, signal })
    }

    /// Returns the database.
    pub(in crate::sync) fn store(&self) -> &Store {
        &self.engine.store
    }

    /// Returns what this run compares its content with.
    pub(in crate::sync) fn comparison(&self) -> SourceComparison<'_> {
        SourceComparison { source: &self.source, catalog: &self.catalog, kind: self.kind, items: self, lookup: self }
    }

    /// Runs a step that uses the database, and repeats it while the database is unavailable.
    ///
    /// # Errors
    /// [`RunStop::Early`] when the run has to end meanwhile; [`RunStop::Database`] when the database refuses.
    pub(in crate::sync) fn retry_while_unavailable<T>(
        &self,
        step: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, RunStop> {
        retry_while_unavailable(self.operation.id, self.signal, Some(&self.reporter), step)
    }
}

impl StoredItems for RunContext<'_> {
    fn for_each_known_item(&self, visit: &mut dyn FnMut(&str, KnownItem)) -> Result<(), RunStop> {
        let mut after = String::new();
        loop {
            self.check_stop()?;
            let page = self.retry_while_unavailable(|| self.engine.store.known_items(self.source.id, &after))?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            page.into_iter().for_each(|(key, known)| visit(&key, known));
        }
    }

    fn stored_fields(&self, keys: &[&str]) -> Result<HashMap<String, String>, RunStop> {
        self.retry_while_unavailable(|| self.engine.store.stored_fields(self.source.id, keys))
    }

    fn check_stop(&self) -> Result<(), RunStop> {
        self.signal.stop_reason().map_or(Ok(()), |reason| Err(RunStop::Early(reason)))
    }
}

/// The items of the catalog, for a fetch that reuses what it fetched before.
impl ItemLookup for RunContext<'_> {
    fn find_fields(&self, keys: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>, FetchError> {
        let log_error = |error| run_log::log_error(self.operation.id, format_args!("{error}"));
        let stored = self.stored_fields(keys).map_err(|stop| stop.into_fetch_error(log_error))?;
        // An item that cannot be parsed is fetched again.
        Ok(stored.into_iter().filter_map(|(key, fields)| Some((key, parse_fields(&fields).ok()?))).collect())
    }
}
