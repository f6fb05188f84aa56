//! A catalog at one version, ready to be searched: the base segment, and the items that changed since it was built.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::facets::{FacetValue, count_values, join_equal_values};
use super::indexed_segment::IndexedSegment;
use super::item_set::ItemSet;
use super::listing::{ItemListing, ListingOrder};
use super::prepared_query::{PreparedQuery, QueryKey};
use super::query_cache::QueryCache;
use crate::domain::catalog_query::sort_column::SortColumn;
use crate::domain::columns::column_type::ColumnType;
use crate::store::catalog_version::CatalogVersion;

/// The most selections that are kept for the next page, and for the counts of values.
const MAX_CACHED_SELECTIONS: usize = 16;
/// The most counts of values that are kept: a page shows those of several columns again and again.
const MAX_CACHED_VALUES: usize = 20_000;
/// The most items of listings that are kept for the next page.
const MAX_CACHED_ITEMS: usize = 2_000_000;
/// The size of an item of a listing, in bytes.
const LISTED_ITEM_BYTES: usize = 4;

/// What a listing and the counts of a column weigh at least, so that empty ones do not pile up.
const MIN_LISTING_ITEMS: usize = 10_000;
const MIN_COUNTED_VALUES: usize = 200;

/// A catalog at one version.
#[derive(Debug)]
pub(super) struct CatalogSnapshot {
    /// The version that it shows.
    pub(super) version: CatalogVersion,
    /// The version that the base has.
    pub(super) base_version: CatalogVersion,
    /// The columns.
    pub(super) columns: Vec<String>,
    pub(super) base: Arc<IndexedSegment>,
    /// The items of the base that did not change since.
    base_items: ItemSet,
    /// The items that changed since, as they are now; removed ones are left out.
    pub(super) recent: Arc<IndexedSegment>,
    selections: Mutex<QueryCache<QueryKey, Arc<SelectedItems>>>,
    listings: Mutex<QueryCache<QueryKey, Arc<ItemListing>>>,
    counts: Mutex<QueryCache<CountKey, Arc<[FacetValue]>>>,
}

/// What the counts of the values of a column depend on: the selection of items, and the position of the column.
type CountKey = (QueryKey, usize);

/// The items that a query selects, in no order.
#[derive(Debug)]
pub(super) struct SelectedItems {
    base: ItemSet,
    recent: ItemSet,
}

impl CatalogSnapshot {
    /// Creates a snapshot with empty caches. `base_items` are the items of the base that did not change since.
    pub(super) fn new(
        base_version: CatalogVersion,
        version: CatalogVersion,
        columns: Vec<String>,
        (base, base_items): (Arc<IndexedSegment>, ItemSet),
        recent: Arc<IndexedSegment>,
    ) -> Self {
        Self {
            version,
            base_version,
            columns,
            base,
            base_items,
            recent,
            selections: Mutex::new(QueryCache::new(MAX_CACHED_SELECTIONS)),
            listings: Mutex::new(QueryCache::new(MAX_CACHED_ITEMS)),
            counts: Mutex::new(QueryCache::new(MAX_CACHED_VALUES)),
        }
    }

    /// Returns the number of items.
    pub(super) fn len(&self) -> usize {
        self.base_items.count_ones(..) + self.recent.segment.len()
    }

    /// Returns roughly how many bytes of memory the snapshot takes, with the results that it keeps.
    pub(super) fn memory_bytes(&self) -> usize {
        // A selection takes a bit for each item.
        let selection_bytes = (self.base.segment.len() + self.recent.segment.len()) / 8;
        self.base.memory_bytes()
            + self.recent.memory_bytes()
            + self.selections.lock().results().count() * selection_bytes
            + self.listings.lock().results().map(|listing| listing.len()).sum::<usize>() * LISTED_ITEM_BYTES
    }

    /// Returns the items that a query selects.
    ///
    /// # Errors
    /// [`io::Error`] when a segment cannot be read.
    pub(super) fn select_items(&self, prepared: &PreparedQuery) -> io::Result<Arc<SelectedItems>> {
        let key = prepared.selection_key();
        if let Some(found) = self.selections.lock().find(&key) {
            return Ok(found);
        }
        let find =
            |segment: &IndexedSegment| segment.find_items(key.0.changed_since, key.0.search.terms(), &prepared.tests);
        let (mut base, recent) = (find(&self.base)?, find(&self.recent)?);
        base.intersect_with(&self.base_items);
        let found = Arc::new(SelectedItems { base, recent });
        self.selections.lock().insert(key, Arc::clone(&found), 1);
        Ok(found)
    }

    /// Returns the items that a query selects, in its order.
    ///
    /// # Errors
    /// [`io::Error`] when a segment cannot be read, or a temporary file cannot be written.
    pub(super) fn list_items(&self, prepared: &PreparedQuery) -> io::Result<Arc<ItemListing>> {
        if let Some(found) = self.listings.lock().find(&prepared.key) {
            return Ok(found);
        }
        let selected = self.select_items(prepared)?;
        let sort = |segment: &IndexedSegment, items: &ItemSet| {
            let column = |(column, column_type): &(SortColumn, ColumnType)| {
                Some((segment.segment.find_column(&column.name)?, *column_type, column.descending))
            };
            segment.sort_items(items, &prepared.sort.iter().filter_map(column).collect::<Vec<_>>())
        };
        let found = Arc::new(ItemListing {
            base: sort(&self.base, &selected.base)?,
            recent: sort(&self.recent, &selected.recent)?,
        });
        self.listings.lock().insert(prepared.key.clone(), Arc::clone(&found), found.len() + MIN_LISTING_ITEMS);
        Ok(found)
    }

    /// Returns what is needed to read a listing of this snapshot.
    pub(super) fn order<'a>(&'a self, prepared: &'a PreparedQuery) -> ListingOrder<'a> {
        ListingOrder { base: &self.base, recent: &self.recent, sort: &prepared.sort }
    }

    /// Returns the names and types of the columns that the catalog was sorted by.
    pub(super) fn ranked_columns(&self) -> Vec<(String, ColumnType)> {
        let named = |(at, column_type): (usize, ColumnType)| Some((self.columns.get(at)?.clone(), column_type));
        self.base.ranked_columns().into_iter().filter_map(named).collect()
    }

    /// Prepares sorting by columns, given by name and type, so that the next reader does not wait for it.
    ///
    /// # Errors
    /// [`io::Error`] when a segment cannot be read, or a temporary file cannot be written.
    pub(super) fn prepare_ranks(&self, columns: &[(String, ColumnType)]) -> io::Result<()> {
        for (name, column_type) in columns {
            if let Some(at) = self.base.segment.find_column(name) {
                self.base.prepare_ranks(at, *column_type)?;
            }
        }
        Ok(())
    }

    /// Returns how many of the selected items have each value in a column, the most frequent value first; values with
    /// equal counts in the order of their letters. Numbers, dates and flags are counted by their value, and written as
    /// most of their cells are.
    ///
    /// # Errors
    /// [`io::Error`] when a segment cannot be read.
    pub(super) fn count_values(&self, prepared: &PreparedQuery, column: usize) -> io::Result<Arc<[FacetValue]>> {
        let key = (prepared.selection_key(), column);
        if let Some(found) = self.counts.lock().find(&key) {
            return Ok(found);
        }
        let selected = self.select_items(prepared)?;
        let mut counts = HashMap::new();
        count_values(&self.base.segment, column, &selected.base, &mut counts)?;
        count_values(&self.recent.segment, column, &selected.recent, &mut counts)?;
        let mut values: Vec<FacetValue> =
            counts.into_iter().map(|(value, count)| FacetValue { value, count }).collect();
        values.sort_unstable_by(FacetValue::compare_frequency);
        let mut values = join_equal_values(values, prepared.column_type(column));
        values.sort_unstable_by(FacetValue::compare_frequency);
        let found: Arc<[FacetValue]> = values.into();
        self.counts.lock().insert(key, Arc::clone(&found), found.len() + MIN_COUNTED_VALUES);
        Ok(found)
    }
}

impl SelectedItems {
    /// Returns the number of items.
    pub(super) fn len(&self) -> usize {
        self.base.count_ones(..) + self.recent.count_ones(..)
    }
}
