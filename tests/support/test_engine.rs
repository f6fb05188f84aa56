//! The sync engine of one server on a test's database, with sources from files, URLs and memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lockstep::catalog_index::{CatalogIndexes, CatalogReader, IndexState, MAX_RECENT_ITEMS};
use lockstep::domain::catalog_query::CatalogQuery;
use lockstep::domain::catalog_query::search_terms::SearchTerms;
use lockstep::domain::issue::Issue;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use lockstep::domain::record::SyncRecord;
use lockstep::domain::source::{Noun, Source, SourceDraft};
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::fetch::{KindSettings, SourceKinds};
use lockstep::status::{FileStatus, StatusBoard, StatusStore};
use lockstep::store::Store;
use lockstep::store::admission::StartOutcome;
use lockstep::store::items::Item;
use lockstep::sync::follow_up::FollowUp;
use lockstep::sync::{ShutdownSignal, SyncControl, SyncEngine, Timeouts};
use tempfile::TempDir;

use super::memory_kind::{MemoryKind, MemoryTable};
use super::pausing_kind::{PausingKind, RowPause};
use super::test_database::TestDatabase;

/// The timeouts of a test's engine: no cooldown, and limits that no test reaches by accident.
pub(crate) const TEST_TIMEOUTS: Timeouts = Timeouts {
    fetch: Duration::from_secs(600),
    sync: Duration::from_secs(1800),
    cooldown: Duration::ZERO,
    ..Timeouts::DEFAULT
};

/// The engine of one server. The queue must be empty when it is dropped.
pub(crate) struct TestEngine {
    pub(crate) store: Store,
    pub(crate) engine: SyncEngine,
    pub(crate) control: SyncControl,
    pub(crate) indexes: CatalogIndexes,
    pub(crate) memory: MemoryKind,
    data: TempDir,
}

impl TestEngine {
    /// The engine of the first server on a database.
    pub(crate) fn on_database(db: &TestDatabase) -> Self {
        Self::with_timeouts(db.store(), TEST_TIMEOUTS)
    }

    /// An engine with these timeouts.
    pub(crate) fn with_timeouts(store: Store, limits: Timeouts) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let primary = Box::new(FileStatus::new(data.path().join("status")));
        Self::with_status_store(store, limits, primary, data)
    }

    /// An engine with this primary status store.
    pub(crate) fn with_status_store(
        store: Store,
        limits: Timeouts,
        primary: Box<dyn StatusStore>,
        data: TempDir,
    ) -> Self {
        Self::build_engine(store, limits, primary, data, |_| ())
    }

    /// An engine with other fetch settings.
    pub(crate) fn with_fetch_settings(store: Store, limits: Timeouts, settle: impl FnOnce(&mut KindSettings)) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let primary = Box::new(FileStatus::new(data.path().join("status")));
        Self::build_engine(store, limits, primary, data, settle)
    }

    /// An engine with one more kind of source: the kind `inner`, with a pause.
    pub(crate) fn with_pausing_kind(store: Store, limits: Timeouts, inner: &'static str, pause: RowPause) -> Self {
        let mut engine = Self::with_timeouts(store, limits);
        let kind = PausingKind::new(Arc::clone(&engine.engine.kinds), inner, pause);
        let settings = default_kind_settings(engine.data.path());
        engine.engine.kinds = Arc::new(SourceKinds::built_in(settings).with_kind(Box::new(kind)));
        engine.control = SyncControl::new(engine.engine.clone());
        engine
    }

    fn build_engine(
        store: Store,
        limits: Timeouts,
        primary: Box<dyn StatusStore>,
        data: TempDir,
        settle: impl FnOnce(&mut KindSettings),
    ) -> Self {
        let memory = MemoryKind::default();
        let mut settings = default_kind_settings(data.path());
        settle(&mut settings);
        let engine = SyncEngine {
            status_board: Arc::new(StatusBoard::new(primary, store.clone(), limits.renewal_interval)),
            kinds: Arc::new(SourceKinds::built_in(settings).with_kind(Box::new(memory.clone()))),
            wake_signal: Arc::default(),
            store: store.clone(),
            timeouts: limits,
        };
        let indexes = CatalogIndexes::new(store.clone(), data.path().to_owned(), MAX_RECENT_ITEMS);
        Self { control: SyncControl::new(engine.clone()), indexes, store, engine, memory, data }
    }

    /// The folder of the status files.
    pub(crate) fn status_folder(&self) -> PathBuf {
        self.data.path().join("status")
    }

    /// Adds a source of the kind `memory` that holds `table`.
    pub(crate) fn memory_source(&self, slug: &str, table: MemoryTable) -> Source {
        self.memory.set_table(slug, table);
        self.add_source(slug, MemoryKind::KIND, SourceLocation::Url(slug.to_owned()))
    }

    /// Adds a source that is a CSV file with this content.
    pub(crate) fn csv_source(&self, slug: &str, text: impl AsRef<[u8]>) -> Source {
        self.csv_source_with(slug, text, |_| ())
    }

    /// Adds a CSV file as a source, after `change` to its draft.
    pub(crate) fn csv_source_with(
        &self,
        slug: &str,
        text: impl AsRef<[u8]>,
        change: impl FnOnce(&mut SourceDraft),
    ) -> Source {
        let path = self.data.path().join(format!("{slug}.csv"));
        fs::write(&path, text).expect("a file");
        let mut draft = source_draft(slug, "csv", SourceLocation::File(path));
        change(&mut draft);
        self.store.add_source(&draft, None).expect("a source added")
    }

    /// Replaces the content of a source's file.
    pub(crate) fn rewrite_file(&self, source: &Source, text: impl AsRef<[u8]>) {
        let SourceLocation::File(path) = &source.location else { panic!("{} is not in a file", source.slug) };
        fs::write(path, text).expect("a file");
    }

    /// Adds a CSV at an address.
    pub(crate) fn url_source(&self, slug: &str, url: String) -> Source {
        self.add_source(slug, "csv", SourceLocation::Url(url))
    }

    /// Adds a source of any kind.
    pub(crate) fn add_source(&self, slug: &str, kind: &str, location: SourceLocation) -> Source {
        self.store.add_source(&source_draft(slug, kind, location), None).expect("a source added")
    }

    /// Starts a run, which must be accepted.
    pub(crate) fn start(&self, source: &Source, request: &StartRequest) -> SyncId {
        match self.control.start(source, request).expect("an answer") {
            StartOutcome::Accepted(id) => id,
            other => panic!("the start was not accepted: {other:?}"),
        }
    }

    /// Runs a pending operation on this thread to its end.
    pub(crate) fn run(&self, id: SyncId) -> SyncRecord {
        assert!(
            self.control.run_in_this_thread(id, &ShutdownSignal::default()).expect("a run"),
            "{id} was not waiting"
        );
        self.find_record(id)
    }

    /// Starts a run and runs it to its end.
    pub(crate) fn run_request(&self, source: &Source, request: &StartRequest) -> SyncRecord {
        let id = self.start(source, request);
        self.run(id)
    }

    /// Starts a full sync and runs it to its end.
    pub(crate) fn sync(&self, source: &Source) -> SyncRecord {
        self.run_request(source, &full_sync())
    }

    /// Undoes a run. Returns the message of the undo.
    pub(crate) fn undo_run(&self, run: SyncId) -> String {
        let answer = self.control.undo(run, "ada").expect("an answer");
        let FollowUp::Possible(_, StartOutcome::Accepted(id)) = answer else { panic!("{answer:?}") };
        self.run(id).summary.message
    }

    /// Runs all pending operations.
    pub(crate) fn run_queued(&self) {
        for (id, _) in self.store.active_run_ids().expect("the queue") {
            self.run(id);
        }
    }

    /// The kept result of a run that ended.
    pub(crate) fn find_record(&self, id: SyncId) -> SyncRecord {
        self.store.find_record(id).expect("an answer").expect("a record")
    }

    /// The issues of a run, as `row/column/kind: reason` with `-` for what is not there.
    pub(crate) fn list_issues(&self, id: SyncId) -> Vec<String> {
        self.store.list_issues(id, 1, 10_000).expect("issues").into_iter().map(format_issue).collect()
    }

    /// The status report of a run, as pollers get it.
    pub(crate) fn status_report(&self, id: SyncId) -> StatusReport {
        self.engine.status_board.get(id).expect("an answer").expect("a status")
    }

    /// The live items of a catalog in the order in which they came, at most 10,000.
    pub(crate) fn list_items(&self, source: &Source) -> Vec<Item> {
        self.store.list_items(source.id, 1, 10_000, 0).expect("items")
    }

    /// A reader of the catalog as it is now.
    pub(crate) fn open_catalog(&self, source: &Source) -> CatalogReader {
        let catalog = self.store.find_catalog(source.id).expect("an answer").expect("a catalog");
        match self.indexes.open(source.id, &catalog, Duration::from_secs(120)).expect("an index") {
            IndexState::Ready(reader) => reader,
            IndexState::Building(progress) => panic!("the index is not ready: {progress:?}"),
        }
    }

    /// The items that a query selects, in its order.
    pub(crate) fn find_items(&self, source: &Source, query: &CatalogQuery) -> Vec<Item> {
        let reader = self.open_catalog(source);
        let selection = reader.select(query).expect("a query of known columns");
        let ids = selection.ids(0, usize::MAX).expect("ids");
        assert_eq!(selection.count().expect("a count"), ids.len() as u64);
        self.store.items_by_id(source.id, &ids).expect("items").into_iter().map(|(_, item)| item).collect()
    }

    /// The keys of the items that a search finds, in the order in which they were added.
    pub(crate) fn search_keys(&self, source: &Source, search: &str) -> Vec<String> {
        let query = CatalogQuery { search: SearchTerms::parse(search), ..CatalogQuery::default() };
        self.find_items(source, &query).into_iter().map(|item| item.key).collect()
    }

    /// The values of the live items, cells joined by `|`, in the order in which they came.
    pub(crate) fn item_lines(&self, source: &Source) -> Vec<String> {
        let line = |item: Item| item.fields.into_iter().map(|(_, value)| value).collect::<Vec<_>>().join("|");
        self.list_items(source).into_iter().map(line).collect()
    }
}

/// The settings of the kinds of sources. Fetches from 127.0.0.1 are allowed.
fn default_kind_settings(data: &Path) -> KindSettings {
    let mut settings = KindSettings::in_data_dir(data, b"id,title\n1,One\n");
    settings.allow_hosts = "127.0.0.1".parse().expect("a host");
    settings
}

impl Drop for TestEngine {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left = self.store.active_run_ids().expect("the queue");
            assert!(left.is_empty(), "work is left in the queue: {left:?}");
        }
    }
}

/// An issue as `row/column/kind: reason` with `-` for what is not there.
pub(crate) fn format_issue(issue: Issue) -> String {
    let row = issue.row.map_or("-".to_owned(), |row| row.to_string());
    let column = issue.column.unwrap_or("-".to_owned());
    format!("{row}/{column}/{}: {}", issue.kind, issue.reason)
}

/// The draft of a source; its key column is `id`.
pub(crate) fn source_draft(slug: &str, kind: &str, location: SourceLocation) -> SourceDraft {
    SourceDraft {
        slug: slug.parse().expect("a slug"),
        name: slug.to_owned(),
        noun: Noun { one: "album".to_owned(), many: "albums".to_owned() },
        kind: kind.to_owned(),
        location,
        key_column: "id".to_owned(),
        schedule: None,
        public: false,
        read_options: lockstep::domain::read_options::ReadOptions::default(),
        stale_after: None,
    }
}

/// A full sync, requested by a person.
pub(crate) fn full_sync() -> StartRequest {
    StartRequest {
        kind: OperationKind::Sync,
        mode: Mode::Full,
        options: StartOptions::default(),
        priority: RunPriority::Manual,
        requested_by: "ada".to_owned(),
    }
}

/// An incremental sync, requested by a person.
pub(crate) fn incremental_sync() -> StartRequest {
    StartRequest { mode: Mode::Incremental, ..full_sync() }
}

/// A preview, requested by a person.
pub(crate) fn preview_run() -> StartRequest {
    StartRequest { kind: OperationKind::Preview, ..full_sync() }
}
