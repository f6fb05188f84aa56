//! The engine's only door: start, cancel, look at a place before it becomes a source.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::check::{StoredCatalog, as_fetch_error, check};
use super::engine::SyncEngine;
use super::lease::recovery;
use super::run::claim_and_run;
use super::run::comparison::SourceComparison;
use super::run::hidden_columns::leave_out_hidden;
use super::run_log;
use super::run_signal::ShutdownSignal;
use crate::domain::feed::FeedRecord;
use crate::domain::issue::{Issue, IssueList};
use crate::domain::location::SourceLocation;
use crate::domain::operation::{OperationKind, StartRequest, Status};
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::source::{Noun, Slug, Source, SourceId};
use crate::domain::source_form_spec::WayIn;
use crate::domain::source_probe::{CannotLook, SourceProbe};
use crate::domain::sync_id::SyncId;
use crate::fetch::{FetchError, FetchObserver, SourceKind, build_unsaved_source, fetch_everything};
use crate::store::StoreError;
use crate::store::admission::{AdmissionRequest, ScheduledStart, StartOutcome};
use crate::store::recovery::{CancelOutcome, TakenOver};

/// What a run says while it waits.
const WAITING: &str = "Waiting for a free worker…";
/// How long the fetch of a look at a place may take, and as long again its comparison with the catalog: a person waits
/// for the page.
const LOOK_WITHIN: Duration = Duration::from_secs(30);

/// Starts and ends runs.
#[derive(Clone)]
pub struct SyncControl {
    engine: SyncEngine,
}

impl SyncControl {
    /// A door to that engine.
    #[must_use]
    pub fn new(engine: SyncEngine) -> Self {
        Self { engine }
    }

    pub(super) fn engine(&self) -> &SyncEngine {
        &self.engine
    }

    /// Asks for a run. When it is accepted its row and its status exist before this answers.
    ///
    /// # Errors
    /// When the database fails.
    pub fn start(&self, source: &Source, request: &StartRequest) -> Result<StartOutcome, StoreError> {
        self.admit(source.id, Some(&source.slug), request, None)
    }

    /// Asks for the run of a schedule's appointment, which is kept at most once.
    pub(super) fn keep_appointment(
        &self,
        source: SourceId,
        request: &StartRequest,
        due: ScheduledStart,
    ) -> Result<StartOutcome, StoreError> {
        self.admit(source, None, request, Some(due))
    }

    fn admit(
        &self,
        source: SourceId,
        slug: Option<&Slug>,
        request: &StartRequest,
        due: Option<ScheduledStart>,
    ) -> Result<StartOutcome, StoreError> {
        let cooldown = self.engine.terms.cooldown;
        let admission =
            self.engine.store.admit(&AdmissionRequest { source, request, message: WAITING, cooldown, due })?;
        if let StartOutcome::Accepted(id) = admission {
            run_log::accepted(id, slug, request);
            self.engine.bell.ring();
        }
        Ok(admission)
    }

    /// Asks to end a run, in the name of `by`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn cancel(&self, id: SyncId, by: &str) -> Result<CancelOutcome, StoreError> {
        let cancel = self.engine.store.cancel(id, by)?;
        run_log::cancel_requested(id, by, cancel);
        if cancel == CancelOutcome::Done {
            self.engine.board.tell_end(id, false);
            run_log::ended(&self.engine.store, id, Status::Cancelled, "before it started");
        }
        Ok(cancel)
    }

    /// How long a person has to wait before the same may be started again; zero when it may be now. For the button
    /// that counts down: whether a start is accepted is decided at the start.
    ///
    /// # Errors
    /// When the database fails.
    pub fn cooldown_left(&self, source: SourceId, kind: OperationKind) -> Result<Duration, StoreError> {
        let cooldown = self.engine.terms.cooldown;
        if cooldown.is_zero() { Ok(cooldown) } else { self.engine.store.cooldown_left(source, kind, cooldown) }
    }

    /// Runs a waiting operation in this thread, unless some worker was faster; answers whether it did. For the command
    /// line, where no server may be running.
    ///
    /// # Errors
    /// When the database fails before the run begins.
    pub fn run_here(&self, id: SyncId, stop: &ShutdownSignal) -> Result<bool, StoreError> {
        claim_and_run(&self.engine, Some(id), stop)
    }

    /// Ends a run whose worker is gone, as every server does from time to time: it is *interrupted*, and queued again
    /// where that is right. `None` when its lease has not run out. For the command line, where no server may be
    /// running.
    ///
    /// # Errors
    /// When the database fails.
    pub fn recover(&self, id: SyncId) -> Result<Option<TakenOver>, StoreError> {
        match self.engine.store.expired_leases()?.into_iter().find(|lease| lease.id == id) {
            Some(lease) => recovery::end_if_dead(&self.engine, lease),
            None => Ok(None),
        }
    }

    /// Fetches what is at a place and looks at its beginning: columns, first rows, likely keys.
    ///
    /// # Errors
    /// When it cannot be fetched or read: what a sync of it would fail with.
    pub fn look(
        &self,
        kind: &str,
        location: &SourceLocation,
        read_options: &ReadOptions,
    ) -> Result<SourceProbe, CannotLook> {
        let source = build_unsaved_source(kind, location, read_options).map_err(cannot_look)?;
        self.look_again(&source)
    }

    /// The same for a source that is there, compared with its catalog as a sync would compare it.
    ///
    /// # Errors
    /// As [`SyncControl::look`], and when the database fails.
    pub fn look_again(&self, source: &Source) -> Result<SourceProbe, CannotLook> {
        let (kind, watch) = (self.kind(&source.kind)?, LookWatch::default());
        let looked = self.check(kind, source, &watch);
        watch.seen(looked)
    }

    fn check(&self, kind: &dyn SourceKind, source: &Source, watch: &LookWatch) -> Result<SourceProbe, FetchError> {
        let within = LOOK_WITHIN.min(self.engine.terms.fetch);
        let content = fetch_everything(kind, source, within, watch)?;
        let content = leave_out_hidden(source, content);
        let catalog = self.engine.store.catalog(source.id).map_err(|error| as_fetch_error(error.into()))?;
        let catalog = &catalog.unwrap_or_default();
        let stored = StoredCatalog { store: &self.engine.store, source: source.id, until: Instant::now() + within };
        check(&SourceComparison { source, catalog, kind, items: &stored, lookup: &stored }, &*content)
    }

    fn kind(&self, name: &str) -> Result<&dyn SourceKind, CannotLook> {
        let sentence = || format!("There are no sources of the kind “{name}”.");
        self.engine.kinds.get(name).ok_or_else(|| CannotLook {
            code: "unknown_kind",
            sentence: sentence(),
            named_feeds: Vec::new(),
        })
    }

    /// What a source of this kind at `location` is, for people; "Unknown" where this version has no such kind.
    #[must_use]
    pub fn label(&self, kind: &str, location: &SourceLocation) -> &'static str {
        self.engine.kinds.get(kind).map_or("Unknown", |kind| kind.label(location))
    }

    /// Whether a source of this kind can be at `location`, told without asking anybody.
    ///
    /// # Errors
    /// The sentence for people.
    pub fn accepts(&self, kind: &str, location: &SourceLocation) -> Result<(), String> {
        match self.engine.kinds.get(kind) {
            Some(kind) => kind.check_location(location),
            None => Err(format!("There are no sources of the kind “{kind}”.")),
        }
    }

    /// What a form asks for who wants to add a source of this kind.
    #[must_use]
    pub fn way_in(&self, kind: &str) -> Option<WayIn> {
        Some(self.engine.kinds.get(kind)?.form_spec())
    }

    /// The settings of [`ReadOptions`] that sources of this kind obey.
    #[must_use]
    pub fn read_settings(&self, kind: &str) -> &'static [ReadSetting] {
        self.engine.kinds.get(kind).map_or(&[], SourceKind::read_settings)
    }

    /// Why the text encoding of a source of this kind cannot be set, as the end of a sentence. Empty where it can.
    #[must_use]
    pub fn fixed_encoding(&self, kind: &str) -> &'static str {
        self.engine.kinds.get(kind).map_or("", SourceKind::fixed_encoding_reason)
    }

    /// Whether columns may be hidden where people open a source of this kind.
    #[must_use]
    pub fn can_hide_columns(&self, kind: &str) -> bool {
        self.engine.kinds.get(kind).is_some_and(SourceKind::can_hide_columns)
    }

    /// The kind that alone can be meant by `link`, told by its form without asking anybody.
    #[must_use]
    pub fn recognise(&self, link: &str) -> Option<&'static str> {
        Some(self.engine.kinds.recognize_link(link)?.name())
    }

    /// What is said where something given for a source of the kind `kind` is taken as one of the kind `other`; `None`
    /// where it never is.
    #[must_use]
    pub fn stand_in_note(&self, other: &str, kind: &str) -> Option<&'static str> {
        self.engine.kinds.get(other)?.substitution_notice(kind)
    }

    /// The kind that takes the file at `path` in the place of the kind `kind`, and what is said then.
    #[must_use]
    pub fn stand_in_for_file(&self, kind: &str, path: &Path) -> Option<(&'static str, &'static str)> {
        let (other, note) = self.engine.kinds.find_substitute_for_file(kind, path)?;
        Some((other.name(), note))
    }

    /// The column that tells entries of this kind apart, where the kind knows it by itself.
    #[must_use]
    pub fn key_column(&self, kind: &str) -> Option<&'static str> {
        self.engine.kinds.get(kind)?.key_column()
    }

    /// What entries of this kind are called unless somebody says otherwise.
    #[must_use]
    pub fn noun(&self, kind: &str) -> Noun {
        self.engine.kinds.get(kind).map_or_else(Noun::default, SourceKind::default_noun)
    }

    /// The address that Google Sheets are shared with, where the operator set up a service account.
    #[must_use]
    pub fn robot(&self) -> Option<&str> {
        self.engine.kinds.service_account_email()
    }

    /// The kinds of sources there are.
    #[must_use]
    pub fn kinds(&self) -> Vec<&'static str> {
        self.engine.kinds.names()
    }
}

/// What a look is told. It ends by its own time limit.
#[derive(Default)]
struct LookWatch {
    feeds: Mutex<Vec<FeedRecord>>,
    title: Mutex<Option<String>>,
    issues: Mutex<IssueList>,
}

impl LookWatch {
    /// What was looked at, with the feeds and the title that it told of.
    fn seen(self, looked: Result<SourceProbe, FetchError>) -> Result<SourceProbe, CannotLook> {
        match looked {
            Ok(look) => {
                let mut issues = self.issues.into_inner();
                let notes = issues.kept.iter().map(Issue::with_place).chain(look.notes).collect();
                issues.append(look.issues);
                Ok(SourceProbe {
                    feeds: self.feeds.into_inner(),
                    title: self.title.into_inner(),
                    notes,
                    issues,
                    ..look
                })
            }
            Err(error) => {
                let named_feeds = self.feeds.into_inner().into_iter().flat_map(|feed| feed.named).collect();
                Err(CannotLook { named_feeds, ..cannot_look(error) })
            }
        }
    }
}

fn cannot_look(error: FetchError) -> CannotLook {
    let (code, sentence) = match error {
        FetchError::Failed { code, message } => (code, message),
        FetchError::Stopped => ("stopped", "The look was stopped.".to_owned()),
    };
    CannotLook { code, sentence, named_feeds: Vec::new() }
}

impl FetchObserver for LookWatch {
    fn report_received(&self, _: u64, _: Option<u64>) {}

    fn report_wait(&self, _: &str, _: DateTime<Utc>) {}

    fn report_issue(&self, issue: Issue) {
        self.issues.lock().push(issue);
    }

    fn report_feeds(&self, feeds: Vec<FeedRecord>) {
        *self.feeds.lock() = feeds;
    }

    fn report_title(&self, title: &str) {
        *self.title.lock() = Some(title.to_owned());
    }

    fn should_stop(&self) -> bool {
        false
    }
}
