//! What callers may request from the engine: start, cancel, recover and probe.

use std::path::Path;
use std::time::Duration;

use super::engine::SyncEngine;
use super::lease::recovery;
use super::probe;
use super::row_corrections;
use super::run_log;
use super::shutdown_signal::ShutdownSignal;
use super::worker::claim_and_run;
use crate::domain::audit::AuditOrigin;
use crate::domain::cell_range::CellPlace;
use crate::domain::location::SourceLocation;
use crate::domain::operation::{OperationKind, StartRequest, Status};
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::rows::corrected_rows::{CorrectionRefusal, SkippedRows};
use crate::domain::run_text::run_progress::QUEUED_MESSAGE;
use crate::domain::run_text::stopped_run::unknown_kind_message;
use crate::domain::source::{Noun, Slug, Source, SourceId};
use crate::domain::source_form_spec::SourceFormSpec;
use crate::domain::source_probe::{ProbeError, SourceProbe, SourceTabs};
use crate::domain::sync_id::SyncId;
use crate::fetch::{SourceKind, build_unsaved_source};
use crate::store::admission::{AdmissionRequest, ScheduledStart, StartOutcome};
use crate::store::cancel::CancelOutcome;
use crate::store::start_condition::StartCondition;
use crate::store::takeover::TakenOver;
use crate::store::{Store, StoreError};

/// Starts, cancels and recovers runs, probes places, and returns facts about the kinds of sources.
#[derive(Clone)]
pub struct SyncControl {
    /// The engine as requests use it: its store does not wait long for locks.
    engine: SyncEngine,
    /// The engine that runs operations in the thread of a caller.
    run_engine: SyncEngine,
}

impl SyncControl {
    /// Creates the control of this engine.
    #[must_use]
    pub fn new(engine: SyncEngine) -> Self {
        Self { run_engine: engine.clone(), engine }
    }

    /// Creates the control of this engine, whose requests use `store`.
    #[must_use]
    pub fn with_request_store(engine: SyncEngine, store: Store) -> Self {
        Self { engine: SyncEngine { store, ..engine.clone() }, run_engine: engine }
    }

    /// Returns the same control for somebody who acts: what is requested through it is recorded with their name.
    #[must_use]
    pub fn on_behalf_of(&self, origin: AuditOrigin) -> Self {
        let store = self.engine.store.on_behalf_of(origin);
        Self { engine: SyncEngine { store, ..self.engine.clone() }, run_engine: self.run_engine.clone() }
    }

    pub(super) fn engine(&self) -> &SyncEngine {
        &self.engine
    }

    /// Requests a run. When it is accepted, its row and its status exist before this returns.
    ///
    /// # Errors
    /// [`StoreError`] when the admission cannot be written, because the database is unavailable, busy or full.
    pub fn start(&self, source: &Source, request: &StartRequest) -> Result<StartOutcome, StoreError> {
        self.start_if(source, request, None, self.engine.timeouts.cooldown)
    }

    /// Requests a run that is started only if the condition still holds, `cooldown` after a run of the same kind.
    ///
    /// # Errors
    /// As [`SyncControl::start`].
    pub(super) fn start_if(
        &self,
        source: &Source,
        request: &StartRequest,
        condition: Option<StartCondition>,
        cooldown: Duration,
    ) -> Result<StartOutcome, StoreError> {
        let (source, slug) = (source.id, &source.slug);
        let admission = AdmissionRequest { source, request, message: QUEUED_MESSAGE, cooldown, due: None, condition };
        self.admit(Some(slug), &admission)
    }

    /// Requests the run that a schedule is due for. Each scheduled time starts at most one run.
    ///
    /// # Errors
    /// As [`SyncControl::start`].
    pub(super) fn start_scheduled(
        &self,
        source: SourceId,
        request: &StartRequest,
        due: ScheduledStart,
    ) -> Result<StartOutcome, StoreError> {
        self.admit(
            None,
            &AdmissionRequest {
                source,
                request,
                message: QUEUED_MESSAGE,
                cooldown: Duration::ZERO,
                due: Some(due),
                condition: None,
            },
        )
    }

    fn admit(&self, slug: Option<&Slug>, admission: &AdmissionRequest<'_>) -> Result<StartOutcome, StoreError> {
        // A run that could not be ended, or whose items could not be stored, is better not started.
        if let Err(error) = self.engine.store.reserve_disk_space() {
            let active = self.engine.store.active_run(admission.source)?;
            return active.map(StartOutcome::AlreadyRunning).ok_or(error);
        }
        let outcome = self.engine.store.admit_run(admission)?;
        if let StartOutcome::Accepted(id) = outcome {
            run_log::log_accepted(id, slug, admission.request);
            self.engine.wake_signal.notify();
        }
        Ok(outcome)
    }

    /// Cancels a run on behalf of `requested_by`. A run that waits ends at once, a running one at its next batch.
    ///
    /// # Errors
    /// [`StoreError`] when the request cannot be written, because the database is unavailable, busy or full.
    pub fn cancel(&self, id: SyncId, requested_by: &str) -> Result<CancelOutcome, StoreError> {
        let outcome = self.engine.store.cancel_run(id, requested_by)?;
        run_log::log_cancel_request(id, requested_by, outcome);
        if outcome == CancelOutcome::Done {
            self.engine.status_board.publish_end(id, false);
            run_log::log_ending(&self.engine.store, id, Status::Cancelled, "before it started");
        }
        Ok(outcome)
    }

    /// How long a person has to wait before the same kind of run can be started again; zero when it can be started now.
    /// For the countdown on the button: admission itself decides whether a start is accepted.
    ///
    /// # Errors
    /// [`StoreError`] when the last start cannot be read.
    pub fn remaining_cooldown(&self, source: SourceId, kind: OperationKind) -> Result<Duration, StoreError> {
        let cooldown = self.engine.timeouts.cooldown;
        if cooldown.is_zero() { Ok(cooldown) } else { self.engine.store.cooldown_left(source, kind, cooldown) }
    }

    /// Runs a waiting operation in this thread, unless a worker has claimed it. Returns whether it ran here. For the
    /// command line, where no server may be running.
    ///
    /// # Errors
    /// [`StoreError`] when the run cannot be claimed.
    pub fn run_in_this_thread(&self, id: SyncId, shutdown: &ShutdownSignal) -> Result<bool, StoreError> {
        claim_and_run(&self.run_engine, Some(id), shutdown)
    }

    /// Ends a run whose worker is dead, as every server does regularly: the run becomes *interrupted* and may be queued
    /// again. `None` when its lease has not expired. For the command line, where no server may be running.
    ///
    /// # Errors
    /// [`StoreError`] when the leases cannot be read or the ending cannot be written.
    pub fn recover_run(&self, id: SyncId) -> Result<Option<TakenOver>, StoreError> {
        match self.engine.store.expired_leases()?.into_iter().find(|lease| lease.id == id) {
            Some(lease) => recovery::end_if_dead(&self.run_engine, lease),
            None => Ok(None),
        }
    }

    /// Fetches a place that is not a source yet and shows its columns, first rows and likely keys.
    ///
    /// # Errors
    /// [`ProbeError`] with the code and message that a sync would fail with: the kind is unknown, or the place cannot
    /// be fetched or read.
    pub fn probe_location(
        &self,
        kind: &str,
        location: &SourceLocation,
        read_options: &ReadOptions,
    ) -> Result<SourceProbe, ProbeError> {
        let source = build_unsaved_source(kind, location, read_options).map_err(probe::probe_error)?;
        self.probe_source(&source)
    }

    /// Probes the place of a saved source, and compares it with its catalog as a sync would.
    ///
    /// # Errors
    /// As [`SyncControl::probe_location`], and when the catalog cannot be read.
    pub fn probe_source(&self, source: &Source) -> Result<SourceProbe, ProbeError> {
        let kind = self.engine.kinds.get(&source.kind).ok_or_else(|| ProbeError {
            tabs: SourceTabs::default(),
            code: "unknown_kind",
            message: unknown_kind_message(&source.kind),
            feeds: Vec::new(),
        })?;
        probe::probe_source(&self.engine, kind, source)
    }

    /// The name of a kind of source at `location` for people; "Unknown" if this version does not support the kind.
    #[must_use]
    pub fn kind_label(&self, kind: &str, location: &SourceLocation) -> &'static str {
        self.engine.kinds.get(kind).map_or("Unknown", |kind| kind.label(location))
    }

    /// Checks whether a source of this kind can be at `location`, without a request to it.
    ///
    /// # Errors
    /// The message for people, which names the problem with the location.
    pub fn check_location(&self, kind: &str, location: &SourceLocation) -> Result<(), String> {
        match self.engine.kinds.get(kind) {
            Some(kind) => kind.check_location(location),
            None => Err(unknown_kind_message(kind)),
        }
    }

    /// The form for adding a source of this kind.
    #[must_use]
    pub fn form_spec(&self, kind: &str) -> Option<SourceFormSpec> {
        Some(self.engine.kinds.get(kind)?.form_spec())
    }

    /// The settings of [`ReadOptions`] that apply to sources of this kind.
    #[must_use]
    pub fn read_settings(&self, kind: &str) -> &'static [ReadSetting] {
        self.engine.kinds.get(kind).map_or(&[], SourceKind::read_settings)
    }

    /// Why the text encoding of a source of this kind cannot be set, as the end of a message. Empty if it can be set.
    #[must_use]
    pub fn fixed_encoding_reason(&self, kind: &str) -> &'static str {
        self.engine.kinds.get(kind).map_or("", SourceKind::fixed_encoding_reason)
    }

    /// Whether sources of this kind can have hidden columns.
    #[must_use]
    pub fn can_hide_columns(&self, kind: &str) -> bool {
        self.engine.kinds.get(kind).is_some_and(SourceKind::can_hide_columns)
    }

    /// The link to a cell of a source, if its kind shows cells on web pages.
    #[must_use]
    pub fn cell_link(&self, source: &Source, place: CellPlace) -> Option<String> {
        self.engine.kinds.get(&source.kind)?.cell_link(source, place)
    }

    /// Whether the skipped rows of a source can be corrected by uploading them.
    #[must_use]
    pub fn accepts_corrected_rows(&self, source: &Source) -> bool {
        self.engine.kinds.get(&source.kind).is_some_and(|kind| kind.accepts_corrected_rows(&source.location))
    }

    /// Takes corrected rows into the uploaded file of `source`. `corrected` is the upload with them, `skipped` are the
    /// rows as a run read them. Returns how many rows differ; the next sync imports them.
    ///
    /// # Errors
    /// [`CorrectionRefusal`] when the rows do not fit, the file is no longer the one that the run read, or a run of the
    /// source is active or cannot be looked up. Nothing is changed then.
    pub fn correct_rows(
        &self,
        source: &Source,
        skipped: &SkippedRows,
        corrected: &str,
    ) -> Result<u64, CorrectionRefusal> {
        row_corrections::correct_rows(&self.engine, source, skipped, corrected)
    }

    /// The only kind that `link` can be of, by its form, without a request to it.
    #[must_use]
    pub fn kind_of_link(&self, link: &str) -> Option<&'static str> {
        Some(self.engine.kinds.recognize_link(link)?.name())
    }

    /// The message that explains why a place that was entered for the kind `kind` is added as the kind `replacement`.
    /// `None` if that never happens.
    #[must_use]
    pub fn replacement_notice(&self, replacement: &str, kind: &str) -> Option<&'static str> {
        self.engine.kinds.get(replacement)?.replacement_notice(kind)
    }

    /// The kind that reads the file at `path` instead of the kind `kind`, with the message that explains the change.
    #[must_use]
    pub fn replacement_for_file(&self, kind: &str, path: &Path) -> Option<(&'static str, &'static str)> {
        let (replacement, note) = self.engine.kinds.find_replacement_for_file(kind, path)?;
        Some((replacement.name(), note))
    }

    /// The key column of sources of this kind, if the kind defines it.
    #[must_use]
    pub fn key_column(&self, kind: &str) -> Option<&'static str> {
        self.engine.kinds.get(kind)?.key_column()
    }

    /// The default noun for entries of sources of this kind.
    #[must_use]
    pub fn default_noun(&self, kind: &str) -> Noun {
        self.engine.kinds.get(kind).map_or_else(Noun::default, SourceKind::default_noun)
    }

    /// The email address of the service account that Google Sheets are shared with, if a service account is configured.
    #[must_use]
    pub fn service_account_email(&self) -> Option<&str> {
        self.engine.kinds.service_account_email()
    }

    /// The names of all kinds of sources.
    #[must_use]
    pub fn kind_names(&self) -> Vec<&'static str> {
        self.engine.kinds.names()
    }
}
