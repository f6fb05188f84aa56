//! Builds the table of a catalog: one page of items, with links that sort, filter and page.

use super::articles;
use super::cells;
use super::view::{ColumnHead, ReadState, SortState, TableRow, TableView};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::filter::Filter;
use crate::domain::source::Source;
use crate::domain::text::comparable_form::is_same_form;
use crate::store::catalogs::Catalog;
use crate::store::items::{Item, ItemQuery};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, clip_text, trimmed_value};
use crate::web::http::links::with_query;
use crate::web::layout::item_title::find_title_column;

/// The number of items on a page.
const ITEMS_PER_PAGE: u64 = 50;
/// The most columns in a table. The page of an item has all of them.
const MAX_COLUMNS: usize = 40;
/// The most characters of a cell or a column name in a table.
const MAX_CELL_CHARS: usize = 300;
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

/// One page of the table of a catalog.
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
    let path = state.links.catalog(source.slug.as_str());
    let sort = if requested_sort.is_some() { request.sort.as_str() } else { "" };
    let search = request.search.as_str();
    let part = filter.map(Filter::as_str).unwrap_or_default();
    let page_link = |page: u64| {
        let number = if page > 1 { page.to_string() } else { String::new() };
        with_query(&path, &[("q", search), ("filter", part), ("sort", sort), ("page", &number)])
    };
    let names: Vec<&str> = catalog.columns.iter().map(String::as_str).collect();
    let is_text = |at: &usize| {
        let column_type = catalog.column_types.get(*at).copied().unwrap_or_default();
        !matches!(column_type, ColumnType::Image | ColumnType::Link | ColumnType::Html)
    };
    let title = find_title_column(&names, &source.noun.one).or_else(|| (0..names.len()).find(is_text)).unwrap_or(0);
    let sorted_at = sorted.and_then(|(column, _)| names.iter().position(|name| *name == column));
    let shown = articles::article_columns(catalog, &[Some(title), sorted_at])
        .unwrap_or_else(|| shown_columns(names.len(), [Some(title), sorted_at]));
    let lead = shown.iter().position(|&at| at == title).unwrap_or(0);
    let typed = |&at: &usize| (at, names[at], catalog.column_types.get(at).copied().unwrap_or_default());
    let typed: Vec<TypedColumn<'_>> = shown.iter().map(typed).collect();
    let row = |item: &Item| TableRow {
        read: articles::read_state(catalog, item),
        href: state.links.item(source.slug.as_str(), &item.id),
        ..table_row(item, &typed, lead, &source.key_column)
    };
    let rows: Vec<TableRow> = found.items.iter().map(row).collect();
    let columns = typed.iter().enumerate().map(|(at, &(_, name, column_type))| {
        let reversed = format!("-{name}");
        let (sorted_now, next) = match sorted {
            Some((column, false)) if column == name => (SortState::Ascending, reversed.as_str()),
            Some((column, true)) if column == name => (SortState::Descending, name),
            _ => (SortState::No, name),
        };
        let is_key = is_same_form(name, &source.key_column);
        ColumnHead {
            name: clip_text(name, MAX_CELL_CHARS),
            sort: name.to_owned(),
            href: with_query(&path, &[("q", search), ("filter", part), ("sort", next)]),
            sorted: sorted_now,
            class: if is_key || at == lead { "" } else { cells::column_class(column_type) },
            is_key,
        }
    });
    let columns = columns.collect();
    let counted = Some(found.total).filter(|_| search.trim().is_empty());
    let filters = articles::filter_links(state, source, catalog, filter, counted, |part| {
        with_query(&path, &[("q", search), ("filter", part), ("sort", sort)])
    })?;
    let first = (query.page - 1) * ITEMS_PER_PAGE;
    let count = rows.len() as u64;
    Ok(TableView {
        here: page_link(query.page),
        query: request.search.clone(),
        filter: part.to_owned(),
        filters,
        newest_first: newest_first.is_some(),
        sort: sort.to_owned(),
        columns,
        more_columns: (names.len() - shown.len()) as u64,
        lead,
        rows,
        found: found.total,
        first: if count > 0 { first + 1 } else { 0 },
        last: first + count,
        previous: (query.page > 1).then(|| page_link(query.page - 1)),
        next: (query.page < last_page).then(|| page_link(query.page + 1)),
    })
}

/// The positions of the columns in a table: the first ones, and the required ones wherever they are.
fn shown_columns(columns: usize, required: [Option<usize>; 2]) -> Vec<usize> {
    let mut far: Vec<usize> = required.into_iter().flatten().filter(|&at| at >= MAX_COLUMNS).collect();
    far.sort_unstable();
    far.dedup();
    (0..columns.min(MAX_COLUMNS - far.len())).chain(far).collect()
}

/// A column of the table: its position, name and type.
type TypedColumn<'a> = (usize, &'a str, ColumnType);

/// An item as a row. During a sync items of two column layouts exist side by side, so fields are found by name. The
/// cell that links to the item, and the key, are always text.
fn table_row(item: &Item, shown: &[TypedColumn<'_>], lead: usize, key_column: &str) -> TableRow {
    let text = |at: usize, name: &str| {
        let in_place = item.fields.get(at).filter(|(known, _)| known == name);
        let field = in_place.or_else(|| item.fields.iter().find(|(known, _)| known == name));
        field.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let title = || shown.get(lead).map(|(at, name, _)| text(*at, name).trim()).filter(|title| !title.is_empty());
    let cell = |(position, &(at, name, column)): (usize, &TypedColumn<'_>)| {
        let column = if position == lead || is_same_form(name, key_column) { ColumnType::Text } else { column };
        let alt = || clip_text(&format!("{name}: {}", title().unwrap_or(&item.key)), MAX_CELL_CHARS);
        let label = articles::flag_label(name, text(at, name)).filter(|_| column == ColumnType::Flag);
        cells::table_cell(label.unwrap_or_else(|| text(at, name)), column, MAX_CELL_CHARS, alt)
    };
    TableRow {
        read: ReadState::NotAnArticle,
        href: String::new(),
        key: clip_text(&item.key, MAX_SEARCH_CHARS),
        cells: shown.iter().enumerate().map(cell).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_COLUMNS, TableQuery, parse_sort, shown_columns};

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

    #[test]
    fn of_many_columns_the_first_and_the_required_ones_are_shown() {
        assert_eq!(shown_columns(3, [Some(2), None]), [0, 1, 2]);
        let wide = shown_columns(9_999, [Some(70), Some(50)]);
        assert_eq!((wide.len(), &wide[MAX_COLUMNS - 3..]), (MAX_COLUMNS, &[MAX_COLUMNS - 3, 50, 70][..]));
        assert_eq!(shown_columns(9_999, [Some(70), Some(70)]).len(), MAX_COLUMNS);
    }
}
