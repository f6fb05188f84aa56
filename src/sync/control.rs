//! The engine's only door: start, cancel, look at a place before it becomes a source.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::engine::Engine;
use super::signal::Stop;
use super::{journal, recovery, worker};
use crate::domain::cell_class::CellClass;
use crate::domain::feed::Feed;
use crate::domain::issue::{Issue, Issues};
use crate::domain::item::parse_fields;
use crate::domain::location::Location;
use crate::domain::look::{CannotLook, Look};
use crate::domain::operation::{OperationKind, StartRequest, Status};
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::source::{Noun, Slug, Source, SourceId};
use crate::domain::sync_id::SyncId;
use crate::domain::way_in::WayIn;
use crate::fetch::{FetchError, Kind, Shelf, Watch};
use crate::store::admission::{Admission, Due, Wish};
use crate::store::catalogs::Catalog;
use crate::store::recovery::{Cancel, TakenOver};
use crate::store::{Store, StoreError};

/// What a run says while it waits.
const WAITING: &str = "Waiting for a free worker…";
/// How long a look at a place may take: a person waits for the page.
const LOOK_WITHIN: Duration = Duration::from_secs(30);

/// Starts and ends runs.
#[derive(Clone)]
pub struct Control {
    engine: Engine,
}

impl Control {
    /// A door to that engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Asks for a run. When it is accepted its row and its status exist before this answers.
    ///
    /// # Errors
    /// When the database fails.
    pub fn start(&self, source: &Source, request: &StartRequest) -> Result<Admission, StoreError> {
        self.admit(source.id, Some(&source.slug), request, None)
    }

    /// Asks for the run of a schedule's appointment, which is kept at most once.
    pub(super) fn keep_appointment(
        &self,
        source: SourceId,
        request: &StartRequest,
        due: Due,
    ) -> Result<Admission, StoreError> {
        self.admit(source, None, request, Some(due))
    }

    fn admit(
        &self,
        source: SourceId,
        slug: Option<&Slug>,
        request: &StartRequest,
        due: Option<Due>,
    ) -> Result<Admission, StoreError> {
        let cooldown = self.engine.terms.cooldown;
        let admission = self.engine.store.admit(&Wish { source, request, message: WAITING, cooldown, due })?;
        if let Admission::Accepted(id) = admission {
            journal::accepted(id, slug, request);
            self.engine.bell.ring();
        }
        Ok(admission)
    }

    /// Asks to end a run, in the name of `by`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn cancel(&self, id: SyncId, by: &str) -> Result<Cancel, StoreError> {
        let cancel = self.engine.store.cancel(id, by)?;
        journal::cancel_requested(id, by, cancel);
        if cancel == Cancel::Done {
            self.engine.board.tell_end(id, false);
            journal::ended(&self.engine.store, id, Status::Cancelled, "before it started");
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
    pub fn run_here(&self, id: SyncId, stop: &Stop) -> Result<bool, StoreError> {
        worker::claim_and_run(&self.engine, Some(id), stop)
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
    pub fn look(&self, kind: &str, location: &Location, read_options: &ReadOptions) -> Result<Look, CannotLook> {
        let (kind, watch) = (self.kind(kind)?, LookWatch::default());
        let looked = crate::fetch::look(kind, location, read_options, LOOK_WITHIN.min(self.engine.terms.fetch), &watch);
        watch.seen(looked)
    }

    /// The same for a source that is there: where its key column is not, the column with the keys of its catalog is
    /// looked for.
    ///
    /// # Errors
    /// As [`Control::look`].
    pub fn look_again(&self, source: &Source) -> Result<Look, CannotLook> {
        let (kind, watch) = (self.kind(&source.kind)?, LookWatch::default());
        let within = LOOK_WITHIN.min(self.engine.terms.fetch);
        let catalog = self.engine.store.catalog(source.id).unwrap_or_else(|error| {
            // The look goes on without what the catalog knows of its columns.
            log::error!("a catalog could not be asked: {error}");
            None
        });
        let shelf = Kept { store: &self.engine.store, source: source.id, catalog };
        let looked = crate::fetch::look_again(kind, source, within, &shelf, &watch);
        watch.seen(looked)
    }

    fn kind(&self, name: &str) -> Result<&dyn Kind, CannotLook> {
        let sentence = || format!("There are no sources of the kind “{name}”.");
        self.engine.kinds.get(name).ok_or_else(|| CannotLook {
            code: "unknown_kind",
            sentence: sentence(),
            named_feeds: Vec::new(),
        })
    }

    /// What a source of this kind at `location` is, for people; "Unknown" where this version has no such kind.
    #[must_use]
    pub fn label(&self, kind: &str, location: &Location) -> &'static str {
        self.engine.kinds.get(kind).map_or("Unknown", |kind| kind.label(location))
    }

    /// Whether a source of this kind can be at `location`, told without asking anybody.
    ///
    /// # Errors
    /// The sentence for people.
    pub fn accepts(&self, kind: &str, location: &Location) -> Result<(), String> {
        match self.engine.kinds.get(kind) {
            Some(kind) => kind.accepts(location),
            None => Err(format!("There are no sources of the kind “{kind}”.")),
        }
    }

    /// What a form asks for who wants to add a source of this kind.
    #[must_use]
    pub fn way_in(&self, kind: &str) -> Option<WayIn> {
        Some(self.engine.kinds.get(kind)?.way_in())
    }

    /// The settings of [`ReadOptions`] that sources of this kind obey.
    #[must_use]
    pub fn read_settings(&self, kind: &str) -> &'static [ReadSetting] {
        self.engine.kinds.get(kind).map_or(&[], Kind::read_settings)
    }

    /// Why the text encoding of a source of this kind cannot be set, as the end of a sentence. Empty where it can.
    #[must_use]
    pub fn fixed_encoding(&self, kind: &str) -> &'static str {
        self.engine.kinds.get(kind).map_or("", Kind::fixed_encoding)
    }

    /// Whether columns may be hidden where people open a source of this kind.
    #[must_use]
    pub fn can_hide_columns(&self, kind: &str) -> bool {
        self.engine.kinds.get(kind).is_some_and(Kind::can_hide_columns)
    }

    /// The kind that alone can be meant by `link`, told by its form without asking anybody.
    #[must_use]
    pub fn recognise(&self, link: &str) -> Option<&'static str> {
        Some(self.engine.kinds.recognise(link)?.name())
    }

    /// The column that tells entries of this kind apart, where the kind knows it by itself.
    #[must_use]
    pub fn key_column(&self, kind: &str) -> Option<&'static str> {
        self.engine.kinds.get(kind)?.key_column()
    }

    /// What entries of this kind are called unless somebody says otherwise.
    #[must_use]
    pub fn noun(&self, kind: &str) -> Noun {
        self.engine.kinds.get(kind).map_or_else(Noun::default, Kind::noun)
    }

    /// The address that Google Sheets are shared with, where the operator set up a service account.
    #[must_use]
    pub fn robot(&self) -> Option<&str> {
        self.engine.kinds.robot()
    }

    /// The kinds of sources there are.
    #[must_use]
    pub fn kinds(&self) -> Vec<&'static str> {
        self.engine.kinds.names()
    }
}

/// A catalog, for a look.
struct Kept<'a> {
    store: &'a Store,
    source: SourceId,
    catalog: Option<Catalog>,
}

impl Shelf for Kept<'_> {
    fn fields(&self, keys: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>, FetchError> {
        let stored = self.store.stored_fields(self.source, keys).map_err(|error| {
            log::error!("a catalog could not be asked: {error}");
            FetchError::failed("database", "The database did not answer as it should. Try again when it is back.")
        })?;
        Ok(stored.into_iter().filter_map(|(key, fields)| Some((key, parse_fields(&fields).ok()?))).collect())
    }

    fn cell_class(&self, column: &str) -> Option<CellClass> {
        CellClass::of_type(self.catalog.as_ref()?.column_type(column))
    }
}

/// What a look is told. It ends by its own time limit.
#[derive(Default)]
struct LookWatch {
    feeds: Mutex<Vec<Feed>>,
    title: Mutex<Option<String>>,
    issues: Mutex<Issues>,
}

impl LookWatch {
    /// What was looked at, with the feeds and the title that it told of.
    fn seen(self, looked: Result<Look, FetchError>) -> Result<Look, CannotLook> {
        match looked {
            Ok(look) => {
                let told = self.issues.into_inner().kept;
                let notes = told.iter().map(Issue::with_place).chain(look.notes).collect();
                Ok(Look { feeds: self.feeds.into_inner(), title: self.title.into_inner(), notes, ..look })
            }
            Err(FetchError::Failed { code, message }) => {
                let named_feeds = self.feeds.into_inner().into_iter().flat_map(|feed| feed.named).collect();
                Err(CannotLook { code, sentence: message, named_feeds })
            }
            Err(FetchError::Stopped) => {
                let sentence = "The look was stopped.".to_owned();
                Err(CannotLook { code: "stopped", sentence, named_feeds: Vec::new() })
            }
        }
    }
}

impl Watch for LookWatch {
    fn received(&self, _: u64, _: Option<u64>) {}

    fn waiting(&self, _: &str, _: DateTime<Utc>) {}

    fn issue(&self, issue: Issue) {
        self.issues.lock().push(issue);
    }

    fn feeds(&self, feeds: Vec<Feed>) {
        *self.feeds.lock() = feeds;
    }

    fn title(&self, title: &str) {
        *self.title.lock() = Some(title.to_owned());
    }

    fn should_stop(&self) -> bool {
        false
    }
}
