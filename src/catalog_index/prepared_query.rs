//! A query, prepared for a snapshot: its filters and columns fit the columns of the catalog.

use super::index_error::IndexError;
use crate::domain::catalog_query::CatalogQuery;
use crate::domain::catalog_query::cell_test::CellTest;
use crate::domain::catalog_query::sort_column::SortColumn;
use crate::domain::columns::column_type::ColumnType;

/// What the result of a query depends on, besides the items: the query, and the types of the columns.
pub(super) type QueryKey = (CatalogQuery, Vec<ColumnType>);

/// A query, prepared for the segments of a snapshot.
#[derive(Debug)]
pub(super) struct PreparedQuery {
    pub(super) key: QueryKey,
    /// The tests of the filters, each with the position of its column.
    pub(super) tests: Vec<(usize, CellTest)>,
    /// The columns to sort by, with their types.
    pub(super) sort: Vec<(SortColumn, ColumnType)>,
}

impl PreparedQuery {
    /// Prepares a query for a catalog with these columns.
    ///
    /// # Errors
    /// [`IndexError::UnknownColumn`] when a filter or the order names no column, and [`IndexError::Filter`] when a
    /// filter does not fit its column.
    pub(super) fn new(query: &CatalogQuery, columns: &[String], types: &[ColumnType]) -> Result<Self, IndexError> {
        let find = |name: &str| {
            let at = columns.iter().position(|column| column == name);
            at.ok_or_else(|| IndexError::UnknownColumn(name.to_owned()))
        };
        let type_at = |at: usize| types.get(at).copied().unwrap_or_default();
        let mut tests = Vec::with_capacity(query.filters.len());
        for filter in &query.filters {
            let at = find(&filter.column)?;
            tests.push((at, CellTest::new(filter, type_at(at))?));
        }
        let mut sort = Vec::with_capacity(query.sort.len());
        for column in &query.sort {
            sort.push((column.clone(), type_at(find(&column.name)?)));
        }
        Ok(Self { key: (query.clone(), types.to_vec()), tests, sort })
    }

    /// Returns the type of the column at this position.
    pub(super) fn column_type(&self, column: usize) -> ColumnType {
        self.key.1.get(column).copied().unwrap_or_default()
    }

    /// Returns what the selection of items depends on, which has no order.
    pub(super) fn selection_key(&self) -> QueryKey {
        let (query, types) = &self.key;
        (CatalogQuery { sort: Vec::new(), ..query.clone() }, types.clone())
    }
}
