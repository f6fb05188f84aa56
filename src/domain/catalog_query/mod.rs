//! What readers ask of a catalog: a search, filters of columns, an order. The rules here decide which items match and
//! in which order they come; `catalog_index` answers by them quickly.

pub mod cell_test;
pub mod column_filter;
pub mod column_names;
pub mod search_marks;
pub mod search_terms;
pub mod sort_column;

use self::column_filter::ColumnFilter;
use self::search_terms::SearchTerms;
use self::sort_column::SortColumn;

/// Selects items of a catalog and their order.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct CatalogQuery {
    /// The terms that must all occur in an item.
    pub search: SearchTerms,
    /// The filters, which must all match.
    pub filters: Vec<ColumnFilter>,
    /// The time since which an item must have changed, in milliseconds since 1970.
    pub changed_since: Option<i64>,
    /// The columns to sort by, the most important first; none for the order in which items were added. Items that are
    /// equal in these columns keep that order.
    pub sort: Vec<SortColumn>,
}

impl CatalogQuery {
    /// Returns whether all items of the catalog match.
    #[must_use]
    pub fn selects_all(&self) -> bool {
        self.search.is_empty() && self.filters.is_empty() && self.changed_since.is_none()
    }
}
