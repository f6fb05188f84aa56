//! Builds the table of a catalog: one page of items, with links that sort, filter and page.

use super::articles;
use super::shown_columns::ShownColumns;
use super::view::{TableRow, TableView};
use crate::domain::filter::Filter;
use crate::domain::source::Source;
use crate::store::catalogs::Catalog;
use crate::store::items::ItemQuery;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::links::with_query;

/// The number of items on a page.
const ITEMS_PER_PAGE: u64 = 50;
/// The most characters of a search that count: each word of it makes the query slower.
const MAX_SEARCH_CHARS: usize = 200;

/// The query of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TableQuery {
    pub(super) search: String,
    pub(super) sort: String,
    pub(super) filter: Option<Filter>,
    pub(super) page: u64,
}

impl TableQuery {
    /// Parses `q`, `sort`, `filter` and `page`. A value that cannot be parsed counts as missing.
    pub(super) fn parse(values: &FormValues) -> Self {
        Self {
            search: trimmed_value(values, "q").chars().take(MAX_SEARCH_CHARS).collect(),
            // Column names have no white space around them.
            sort: trimmed_value(values, "sort"),
            filter: trimmed_value(values, "filter").parse().ok(),
            page: trimmed_value(values, "page").parse().unwrap_or(1).max(1),
        }
    }
}

/// The column that `sort` names and whether the order is descending: `year`, `-year`. A column whose name begins with a
/// hyphen is found by that name.
pub(super) fn parse_sort<'a>(sort: &str, columns: &'a [String]) -> Option<(&'a str, bool)> {
    let named = |name: &str| columns.iter().find(|column| *column == name).map(String::as_str);
    named(sort).map(|column| (column, false)).or_else(|| Some((named(sort.strip_prefix('-')?)?, true)))
}

/// The links from a table: to its other pages, orders and filters.
struct TableLinks<'a> {
    /// The link to the catalog.
    catalog: String,
    search: &'a str,
    /// The value of `filter`; empty if all items are shown.
    filter: &'a str,
    /// The value of `sort`; empty for the default order.
    sort: &'a str,
}

impl TableLinks<'_> {
    fn page(&self, page: u64) -> String {
        let number = if page > 1 { page.to_string() } else { String::new() };
        let query = [("q", self.search), ("filter", self.filter), ("sort", self.sort), ("page", &number)];
        with_query(&self.catalog, &query)
    }

    /// The first page in another order.
    fn sorted_by(&self, sort: &str) -> String {
        with_query(&self.catalog, &[("q", self.search), ("filter", self.filter), ("sort", sort)])
    }

    /// The first page of another filter.
    fn filtered_by(&self, filter: &str) -> String {
        with_query(&self.catalog, &[("q", self.search), ("filter", filter), ("sort", self.sort)])
    }
}

/// One page of the table of a catalog. A page beyond the last one counts as the last.
pub(super) fn build_table(
    state: &AppState,
    source: &Source,
    catalog: &Catalog,
    request: &TableQuery,
) -> Result<TableView, WebError> {
    let requested_sort = parse_sort(&request.sort, &catalog.columns);
    let newest_first = articles::newest_first_column(catalog);
    let sorted = requested_sort.or_else(|| newest_first.map(|column| (column, true)));
    let filter = request.filter.filter(|filter| filter.applies_to(&catalog.columns, &catalog.column_types));
    let mut query = ItemQuery {
        search: request.search.clone(),
        flagged: filter.map(|filter| (filter.column().to_owned(), filter.matches_yes())),
        sort: sorted.map(|(column, _)| column.to_owned()),
        sort_type: sorted.map(|(column, _)| catalog.column_type(column)).unwrap_or_default(),
        descending: sorted.is_some_and(|(_, descending)| descending),
        page: request.page,
        per_page: ITEMS_PER_PAGE,
        known_total: Some(catalog.item_count),
    };
    let mut found = state.store.list_items(source.id, &query)?;
    let last_page = found.total.div_ceil(ITEMS_PER_PAGE).max(1);
    if query.page > last_page {
        query.page = last_page;
        found = state.store.list_items(source.id, &query)?;
    }
    let links = TableLinks {
        catalog: state.links.catalog(source.slug.as_str()),
        search: &request.search,
        filter: filter.map(Filter::as_str).unwrap_or_default(),
        sort: if requested_sort.is_some() { &request.sort } else { "" },
    };
    let columns = ShownColumns::choose(catalog, source, sorted.map(|(column, _)| column));
    let rows: Vec<TableRow> = found
        .items
        .iter()
        .map(|item| TableRow {
            read: articles::read_state(catalog, item),
            href: state.links.item(source.slug.as_str(), &item.id),
            ..columns.build_row(item)
        })
        .collect();
    let counted = Some(found.total).filter(|_| request.search.trim().is_empty());
    let filters = articles::filter_links(state, source, catalog, filter, counted, |filter| links.filtered_by(filter))?;
    let first = (query.page - 1) * ITEMS_PER_PAGE;
    let count = rows.len() as u64;
    Ok(TableView {
        here: links.page(query.page),
        query: request.search.clone(),
        filter: links.filter.to_owned(),
        filters,
        newest_first: newest_first.is_some(),
        sort: links.sort.to_owned(),
        columns: columns.build_heads(sorted, |sort| links.sorted_by(sort)),
        more_columns: (catalog.columns.len() - columns.shown.len()) as u64,
        lead: columns.lead,
        rows,
        found: found.total,
        first: if count > 0 { first + 1 } else { 0 },
        last: first + count,
        previous: (query.page > 1).then(|| links.page(query.page - 1)),
        next: (query.page < last_page).then(|| links.page(query.page + 1)),
    })
}

#[cfg(test)]
mod tests {
    use super::{TableQuery, parse_sort};

    #[test]
    fn a_query_that_cannot_be_parsed_counts_as_missing() {
        let values = |page: &str| [("page".to_owned(), page.to_owned())].into();
        for page in ["", "0", "-1", "x", "99999999999999999999999"] {
            assert_eq!(TableQuery::parse(&values(page)).page, 1, "{page}");
        }
        let columns = ["a".to_owned(), "-a".to_owned(), "b".to_owned()];
        assert_eq!(parse_sort("b", &columns), Some(("b", false)));
        assert_eq!(parse_sort("-b", &columns), Some(("b", true)));
        assert_eq!(parse_sort("-a", &columns), Some(("-a", false)));
        assert_eq!(parse_sort("--a", &columns), Some(("-a", true)));
        assert_eq!(parse_sort("c", &columns), None);
        assert_eq!(parse_sort("", &columns), None);
    }
}
