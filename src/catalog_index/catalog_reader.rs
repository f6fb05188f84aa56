//! Reads a catalog as it is at one version: lists, counts, values of columns, neighbours.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::cursor::ListCursor;
use super::facets::FacetValue;
use super::index_error::IndexError;
use super::prepared_query::PreparedQuery;
use super::snapshot::CatalogSnapshot;
use crate::domain::catalog_query::CatalogQuery;
use crate::domain::columns::column_type::ColumnType;

/// A catalog at one version.
#[derive(Clone, Debug)]
pub struct CatalogReader {
    snapshot: Arc<CatalogSnapshot>,
    types: Vec<ColumnType>,
    /// The time up to which changes are included, if there are later ones; `None` if the catalog is shown as it is.
    as_of: Option<DateTime<Utc>>,
}

/// A query, prepared for a reader.
#[derive(Debug)]
pub struct CatalogSelection<'a> {
    snapshot: &'a CatalogSnapshot,
    prepared: PreparedQuery,
}

impl CatalogReader {
    pub(super) const fn new(
        snapshot: Arc<CatalogSnapshot>,
        types: Vec<ColumnType>,
        as_of: Option<DateTime<Utc>>,
    ) -> Self {
        Self { snapshot, types, as_of }
    }

    /// Returns the time up to which changes are included, if there are later ones: while a run changes very many items,
    /// readers see the catalog as it was a moment before.
    #[must_use]
    pub const fn as_of(&self) -> Option<DateTime<Utc>> {
        self.as_of
    }

    /// Selects the items that match a query.
    ///
    /// # Errors
    /// [`IndexError::UnknownColumn`] when a filter or the order names no column, and [`IndexError::Filter`] when a
    /// filter does not fit its column.
    pub fn select(&self, query: &CatalogQuery) -> Result<CatalogSelection<'_>, IndexError> {
        let prepared = PreparedQuery::new(query, &self.snapshot.columns, &self.types)?;
        Ok(CatalogSelection { snapshot: &self.snapshot, prepared })
    }

    /// Returns the columns with at most `max` different values that several items share.
    #[must_use]
    pub fn columns_with_few_values(&self, max: usize) -> Vec<&str> {
        let segment = &self.snapshot.base.segment;
        let has_few = |at: usize| {
            let values = segment.values(at).len();
            segment.is_coded(at) && (2..=max).contains(&values) && values * 2 <= self.snapshot.len()
        };
        let columns = self.snapshot.columns.iter().enumerate();
        columns.filter(|(at, _)| has_few(*at)).map(|(_, name)| name.as_str()).collect()
    }
}

impl CatalogSelection<'_> {
    /// Returns the number of items.
    ///
    /// # Errors
    /// [`IndexError::Storage`] when a temporary file cannot be read.
    pub fn count(&self) -> Result<u64, IndexError> {
        Ok(self.snapshot.select_items(&self.prepared)?.len() as u64)
    }

    /// Returns the ids of up to `limit` items, without the first `offset`.
    ///
    /// # Errors
    /// [`IndexError::Storage`] when a temporary file cannot be written or read.
    pub fn ids(&self, offset: u64, limit: usize) -> Result<Vec<i64>, IndexError> {
        let listing = self.snapshot.list_items(&self.prepared)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(listing.ids(self.snapshot.order(&self.prepared), offset, limit)?)
    }

    /// Returns the position of the item with this id; `None` if it is not selected.
    ///
    /// # Errors
    /// [`IndexError::Storage`] when a temporary file cannot be written or read.
    pub fn find_position(&self, id: i64) -> Result<Option<u64>, IndexError> {
        let listing = self.snapshot.list_items(&self.prepared)?;
        let found = listing.find_position(self.snapshot.order(&self.prepared), id)?;
        Ok(found.map(|position| position as u64))
    }

    /// Returns the cursor of the item at this position; `None` if there is none.
    ///
    /// # Errors
    /// [`IndexError::Storage`] when a temporary file cannot be written or read.
    pub fn cursor_at(&self, position: u64) -> Result<Option<ListCursor>, IndexError> {
        let listing = self.snapshot.list_items(&self.prepared)?;
        let at = usize::try_from(position).unwrap_or(usize::MAX);
        let place = listing.place_at(self.snapshot.order(&self.prepared), at)?;
        Ok(place.map(|(id, cells)| ListCursor::new(id, cells)))
    }

    /// Returns how many items come before the place of a cursor, the item at this place included.
    ///
    /// # Errors
    /// [`IndexError::Storage`] when a temporary file cannot be written or read.
    pub fn count_until(&self, cursor: &ListCursor) -> Result<u64, IndexError> {
        let listing = self.snapshot.list_items(&self.prepared)?;
        Ok(listing.count_until(self.snapshot.order(&self.prepared), cursor)? as u64)
    }

    /// Returns how many items have each value in a column, the most frequent value first; values with equal counts in
    /// the order of their letters.
    ///
    /// # Errors
    /// [`IndexError::UnknownColumn`] when the catalog has no such column, and [`IndexError::Storage`] when a temporary
    /// file cannot be read.
    pub fn count_values(&self, column: &str) -> Result<Arc<[FacetValue]>, IndexError> {
        let at = self.snapshot.columns.iter().position(|name| name == column);
        let at = at.ok_or_else(|| IndexError::UnknownColumn(column.to_owned()))?;
        Ok(self.snapshot.count_values(&self.prepared, at)?)
    }
}
