//! The indexes of all catalogs that were searched in this process.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::{Condvar, Mutex};

use super::build::{build_segment, build_segment_of, catch_panic};
use super::catalog_reader::CatalogReader;
use super::index_error::IndexError;
use super::indexed_segment::IndexedSegment;
use super::item_set;
use super::snapshot::CatalogSnapshot;
use crate::domain::source::SourceId;
use crate::store::Store;
use crate::store::catalog_version::{CatalogVersion, ChangedItems};
use crate::store::catalogs::Catalog;

/// The most items that changed since a base was built. When there are more, it is built again.
pub const MAX_RECENT_ITEMS: usize = 10_000;
/// The most memory that all indexes take together, in bytes; those used longest ago are dropped first.
const MAX_MEMORY_BYTES: usize = 64 << 20;
/// The most catalogs with an index: each may have some open temporary files.
const MAX_CATALOGS: usize = 64;
/// While a run changes a catalog, its index is built again at most this often.
const REBUILD_INTERVAL: Duration = Duration::from_secs(20);

/// The indexes of the catalogs. Clones share them.
#[derive(Clone)]
pub struct CatalogIndexes {
    inner: Arc<SharedIndexes>,
}

struct SharedIndexes {
    store: Store,
    folder: PathBuf,
    max_recent_items: usize,
    catalogs: Mutex<HashMap<SourceId, Arc<CatalogIndex>>>,
}

/// The index of one catalog.
#[derive(Default)]
struct CatalogIndex {
    contents: Mutex<IndexContents>,
    /// Notified when a build ends.
    built: Condvar,
}

struct IndexContents {
    snapshot: Option<Arc<CatalogSnapshot>>,
    /// When it last had all changes.
    complete_at: DateTime<Utc>,
    /// When the last build ended.
    built_at: Instant,
    last_used: Instant,
    /// The build that is under way.
    build: Option<BuildCounter>,
    /// The number of builds that were started.
    builds: u64,
    /// The number of the last build that failed, and why, for the readers that waited for it.
    failure: Option<(u64, Arc<IndexError>)>,
}

impl Default for IndexContents {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            snapshot: None,
            complete_at: DateTime::UNIX_EPOCH,
            built_at: now,
            last_used: now,
            build: None,
            builds: 0,
            failure: None,
        }
    }
}

/// Counts the items of a build.
#[derive(Clone)]
struct BuildCounter {
    done: Arc<AtomicU64>,
    total: u64,
}

/// How far the build of an index is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BuildProgress {
    /// The number of items that were read.
    pub done: u64,
    /// The number of items of the catalog.
    pub total: u64,
}

/// What an index has.
enum FoundSnapshot {
    /// All changes.
    Current(CatalogReader),
    /// An earlier state, while a run is changing very many items.
    Behind(CatalogReader),
    /// Nothing that can be shown.
    Missing,
}

/// An index, as a reader finds it.
#[derive(Debug)]
pub enum IndexState {
    /// The catalog can be read.
    Ready(CatalogReader),
    /// The index is being built.
    Building(BuildProgress),
}

impl CatalogIndexes {
    /// Creates the indexes of a database. Temporary files are in `folder`. When more than `max_recent_items` items have
    /// changed, an index is built again; [`MAX_RECENT_ITEMS`] is a good choice.
    #[must_use]
    pub fn new(store: Store, folder: PathBuf, max_recent_items: usize) -> Self {
        Self { inner: Arc::new(SharedIndexes { store, folder, max_recent_items, catalogs: Mutex::default() }) }
    }

    /// Opens the catalog of a source as it is now. Builds its index if there is none, on a thread of its own, and waits
    /// for that up to `timeout`.
    ///
    /// # Errors
    /// [`IndexError::Store`] when the database fails, [`IndexError::Storage`] when a temporary file cannot be used, and
    /// [`IndexError::Build`] when the build that was waited for failed.
    pub fn open(&self, source: SourceId, catalog: &Catalog, timeout: Duration) -> Result<IndexState, IndexError> {
        let deadline = Instant::now() + timeout;
        let index = Arc::clone(self.inner.catalogs.lock().entry(source).or_default());
        // Asked before the index is locked: mostly nothing changed, and readers do not wait for each other's query.
        let mut version = self.inner.store.catalog_version(source)?;
        let mut contents = index.contents.lock();
        contents.last_used = Instant::now();
        loop {
            if contents.snapshot.as_ref().is_none_or(|known| known.version != version) {
                // Another reader may have found later changes meanwhile.
                version = self.inner.store.catalog_version(source)?;
            }
            let found = self.catch_up(&mut contents, source, catalog, version)?;
            let is_due = match &found {
                FoundSnapshot::Current(_) => false,
                FoundSnapshot::Behind(_) => contents.built_at.elapsed() >= REBUILD_INTERVAL,
                FoundSnapshot::Missing => true,
            };
            if is_due && contents.build.is_none() {
                self.start_build(&index, &mut contents, source, catalog)?;
            }
            if let FoundSnapshot::Current(reader) | FoundSnapshot::Behind(reader) = found {
                drop(contents);
                self.drop_unused();
                return Ok(IndexState::Ready(reader));
            }
            let awaited = contents.builds;
            index.built.wait_until(&mut contents, deadline);
            if let Some((_, error)) = contents.failure.as_ref().filter(|(build, _)| *build == awaited) {
                return Err(IndexError::Build(Arc::clone(error)));
            }
            if let Some(build) = contents.build.as_ref().filter(|_| Instant::now() >= deadline) {
                let done = build.done.load(Ordering::Relaxed).min(build.total);
                return Ok(IndexState::Building(BuildProgress { done, total: build.total }));
            }
        }
    }

    /// Drops the index of a source that was removed.
    pub fn forget(&self, source: SourceId) {
        self.inner.catalogs.lock().remove(&source);
    }

    /// Returns what the index has, with the changes since, if they are few.
    fn catch_up(
        &self,
        contents: &mut IndexContents,
        source: SourceId,
        catalog: &Catalog,
        version: CatalogVersion,
    ) -> Result<FoundSnapshot, IndexError> {
        let Some(snapshot) = contents.snapshot.as_ref().filter(|known| known.columns == catalog.columns) else {
            return Ok(FoundSnapshot::Missing);
        };
        let reader = |snapshot: &Arc<CatalogSnapshot>, as_of| {
            CatalogReader::new(Arc::clone(snapshot), catalog.column_types.clone(), as_of)
        };
        let now = Utc::now();
        if snapshot.version == version {
            contents.complete_at = now;
            return Ok(FoundSnapshot::Current(reader(snapshot, None)));
        }
        let changed = self.inner.store.changed_items(source, snapshot.base_version, self.inner.max_recent_items)?;
        if let ChangedItems::Ids(ids) = changed {
            let shared = &self.inner;
            let recent = build_segment_of(&shared.store, source, &snapshot.columns, &shared.folder, &ids)?;
            let mut base_items = item_set::all_items(&snapshot.base.segment);
            snapshot.base.segment.remove_ids(&mut base_items, &ids)?;
            let updated = Arc::new(CatalogSnapshot::new(
                snapshot.base_version,
                version,
                snapshot.columns.clone(),
                (Arc::clone(&snapshot.base), base_items),
                Arc::new(IndexedSegment::new(recent, shared.folder.clone())),
            ));
            let found = reader(&updated, None);
            contents.snapshot = Some(updated);
            contents.complete_at = now;
            return Ok(FoundSnapshot::Current(found));
        }
        // A catalog that is changing very much is shown as it was a moment before: its readers cannot wait for the end.
        Ok(match self.inner.store.active_run(source)? {
            Some(_) => FoundSnapshot::Behind(reader(snapshot, Some(contents.complete_at))),
            None => FoundSnapshot::Missing,
        })
    }

    fn start_build(
        &self,
        index: &Arc<CatalogIndex>,
        contents: &mut IndexContents,
        source: SourceId,
        catalog: &Catalog,
    ) -> Result<(), IndexError> {
        let counter = BuildCounter { done: Arc::default(), total: catalog.item_count };
        contents.build = Some(counter.clone());
        contents.builds += 1;
        let number = contents.builds;
        let (shared, index, columns) = (Arc::clone(&self.inner), Arc::clone(index), catalog.columns.clone());
        let build = move || {
            let began_at = Utc::now();
            let sorted_by = index.contents.lock().snapshot.as_ref().map(|old| old.ranked_columns()).unwrap_or_default();
            let result = catch_panic(|| shared.build_snapshot(source, columns, &counter.done)).map(Arc::new);
            let mut contents = index.contents.lock();
            contents.build = None;
            contents.built_at = Instant::now();
            let built = match result {
                Ok(snapshot) => {
                    contents.complete_at = began_at;
                    contents.snapshot = Some(Arc::clone(&snapshot));
                    Some(snapshot)
                }
                Err(error) => {
                    log::error!("the index of a catalog could not be built: {error}");
                    contents.failure = Some((number, Arc::new(error)));
                    None
                }
            };
            drop(contents);
            index.built.notify_all();
            if let Some(Err(error)) = built.map(|snapshot| snapshot.prepare_ranks(&sorted_by)) {
                // The next reader who sorts gets this error.
                log::debug!("a catalog could not be sorted in advance: {error}");
            }
        };
        let spawned = std::thread::Builder::new().name("catalog-index".to_owned()).spawn(build);
        if let Err(error) = spawned {
            contents.build = None;
            return Err(error.into());
        }
        Ok(())
    }

    /// Drops the indexes used longest ago, as far as the limits demand.
    fn drop_unused(&self) {
        let mut catalogs = self.inner.catalogs.lock();
        let mut known: Vec<(Instant, SourceId, usize)> = Vec::with_capacity(catalogs.len());
        for (source, index) in catalogs.iter() {
            // An index that is locked or being built is in use.
            if let Some(contents) = index.contents.try_lock().filter(|contents| contents.build.is_none()) {
                let bytes = contents.snapshot.as_ref().map_or(0, |snapshot| snapshot.memory_bytes());
                known.push((contents.last_used, *source, bytes));
            }
        }
        known.sort_unstable_by_key(|(last_used, ..)| std::cmp::Reverse(*last_used));
        let mut total = 0;
        for (number, (_, source, bytes)) in known.into_iter().enumerate() {
            total += bytes;
            if number > 0 && (total > MAX_MEMORY_BYTES || number >= MAX_CATALOGS) {
                catalogs.remove(&source);
            }
        }
    }
}

impl SharedIndexes {
    fn build_snapshot(
        &self,
        source: SourceId,
        columns: Vec<String>,
        done: &AtomicU64,
    ) -> Result<CatalogSnapshot, IndexError> {
        let started = Instant::now();
        // Changes that are committed while items are read are found as later than this version.
        let version = self.store.catalog_version(source)?;
        let base = build_segment(&self.store, source, &columns, &self.folder, done)?;
        let recent = build_segment_of(&self.store, source, &columns, &self.folder, &[])?;
        log::debug!("index of {} items built in {:?}", base.len(), started.elapsed());
        let base_items = item_set::all_items(&base);
        let [base, recent] = [base, recent].map(|segment| Arc::new(IndexedSegment::new(segment, self.folder.clone())));
        Ok(CatalogSnapshot::new(version, version, columns, (base, base_items), recent))
    }
}
