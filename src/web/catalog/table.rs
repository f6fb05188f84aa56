//! The table of a catalog: one page of items under columns, with addresses that sort, search and turn pages.

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
use crate::web::http::form::{FormValues, address, clipped, value};

/// Items a page.
const PER: u64 = 50;
/// The most columns that are shown: an item's page has them all.
const WIDEST: usize = 40;
/// The most characters of a cell and of a column's name that are shown, for the same reason.
const LONGEST: usize = 300;
/// The most characters of a search that count: every word of it costs the database.
const SEARCHED: usize = 200;

/// What an address asks of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TableQuery {
    pub(super) search: String,
    pub(super) sort: String,
    pub(super) filter: Option<Filter>,
    pub(super) page: u64,
}

impl TableQuery {
    /// Reads `q`, `sort`, `filter` and `page`; what makes no sense counts as not asked.
    pub(super) fn from(values: &FormValues) -> Self {
        Self {
            search: value(values, "q").chars().take(SEARCHED).collect(),
            // A column's name has no white space around it.
            sort: value(values, "sort"),
            filter: value(values, "filter").parse().ok(),
            page: value(values, "page").parse().unwrap_or(1).max(1),
        }
    }
}

/// The column that `sort` names, and whether last comes first: `year`, or `-year`. A column whose own name begins
/// with a hyphen is found by that name.
pub(super) fn sorting<'a>(sort: &str, columns: &'a [String]) -> Option<(&'a str, bool)> {
    let named = |name: &str| columns.iter().find(|column| *column == name).map(String::as_str);
    named(sort).map(|column| (column, false)).or_else(|| Some((named(sort.strip_prefix('-')?)?, true)))
}

/// The position of the column that readers know an item by, if there is one with such a name.
pub(in crate::web) fn title_at(columns: &[&str], noun: &str) -> Option<usize> {
    let is = |wanted: &str| columns.iter().position(|name| name.trim().to_lowercase() == wanted);
    ["title", "name", "titel", "headline", "subject"].into_iter().find_map(is).or_else(|| is(&noun.to_lowercase()))
}

/// One page of a catalog.
pub(super) fn table(
    house: &AppState,
    source: &Source,
    catalog: &Catalog,
    asked: &TableQuery,
) -> Result<TableView, WebError> {
    let asked_for = sorting(&asked.sort, &catalog.columns);
    let newest_first = articles::newest_first(catalog);
    let sorted = asked_for.or_else(|| newest_first.map(|column| (column, true)));
    let filter = asked.filter.filter(|filter| filter.fits(&catalog.columns, &catalog.column_types));
    let mut query = ItemQuery {
        search: asked.search.clone(),
        flagged: filter.map(|filter| (filter.column().to_owned(), filter.wants_yes())),
        sort: sorted.map(|(column, _)| column.to_owned()),
        sort_type: sorted.map(|(column, _)| catalog.column_type(column)).unwrap_or_default(),
        descending: sorted.is_some_and(|(_, descending)| descending),
        page: asked.page,
        per: PER,
        known_total: Some(catalog.item_count),
    };
    let mut found = house.store.items(source.id, &query)?;
    let last_page = found.total.div_ceil(PER).max(1);
    if query.page > last_page {
        query.page = last_page;
        found = house.store.items(source.id, &query)?;
    }
    let path = format!("/catalog/{}", source.slug);
    let sort = if asked_for.is_some() { asked.sort.as_str() } else { "" };
    let search = asked.search.as_str();
    let part = filter.map(Filter::as_str).unwrap_or_default();
    let page_address = |page: u64| {
        let number = if page > 1 { page.to_string() } else { String::new() };
        address(&path, &[("q", search), ("filter", part), ("sort", sort), ("page", &number)])
    };
    let names: Vec<&str> = catalog.columns.iter().map(String::as_str).collect();
    let is_worded = |at: &usize| {
        let column_type = catalog.column_types.get(*at).copied().unwrap_or_default();
        !matches!(column_type, ColumnType::Image | ColumnType::Link | ColumnType::Html)
    };
    let title = title_at(&names, &source.noun.one).or_else(|| (0..names.len()).find(is_worded)).unwrap_or(0);
    let sorted_at = sorted.and_then(|(column, _)| names.iter().position(|name| *name == column));
    let shown = articles::shown(catalog, &[Some(title), sorted_at])
        .unwrap_or_else(|| shown(names.len(), [Some(title), sorted_at]));
    let lead = shown.iter().position(|&at| at == title).unwrap_or(0);
    let typed = |&at: &usize| (at, names[at], catalog.column_types.get(at).copied().unwrap_or_default());
    let typed: Vec<TypedColumn<'_>> = shown.iter().map(typed).collect();
    let row = |item: &Item| TableRow {
        seen: articles::seen(catalog, item),
        ..row(&path, item, &typed, lead, &source.key_column)
    };
    let rows: Vec<TableRow> = found.items.iter().map(row).collect();
    let columns = typed.iter().enumerate().map(|(at, &(_, name, column_type))| {
        let turned = format!("-{name}");
        let (now, next) = match sorted {
            Some((column, false)) if column == name => (SortState::Ascending, turned.as_str()),
            Some((column, true)) if column == name => (SortState::Descending, name),
            _ => (SortState::No, name),
        };
        let key = is_same_form(name, &source.key_column);
        ColumnHead {
            name: clipped(name, LONGEST),
            sort: name.to_owned(),
            href: address(&path, &[("q", search), ("filter", part), ("sort", next)]),
            sorted: now,
            class: if key || at == lead { "" } else { cells::class(column_type) },
            key,
        }
    });
    let columns = columns.collect();
    let counted = Some(found.total).filter(|_| search.trim().is_empty());
    let filters = articles::filters(house, source, catalog, filter, counted, |part| {
        address(&path, &[("q", search), ("filter", part), ("sort", sort)])
    })?;
    let first = (query.page - 1) * PER;
    let count = rows.len() as u64;
    Ok(TableView {
        here: page_address(query.page),
        query: asked.search.clone(),
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
        previous: (query.page > 1).then(|| page_address(query.page - 1)),
        next: (query.page < last_page).then(|| page_address(query.page + 1)),
    })
}

/// The positions of the columns that are shown: the first ones and, wherever they stand, those that matter.
fn shown(columns: usize, matter: [Option<usize>; 2]) -> Vec<usize> {
    let mut far: Vec<usize> = matter.into_iter().flatten().filter(|&at| at >= WIDEST).collect();
    far.sort_unstable();
    far.dedup();
    (0..columns.min(WIDEST - far.len())).chain(far).collect()
}

/// A column that is shown: its position, its name and its type.
type TypedColumn<'a> = (usize, &'a str, ColumnType);

/// An item under the columns that are shown. In the middle of a sync two layouts stand side by side, so fields go by
/// name. What leads to the item, and the key, are as they are written.
fn row(path: &str, item: &Item, shown: &[TypedColumn<'_>], lead: usize, key_column: &str) -> TableRow {
    let text = |at: usize, name: &str| {
        let in_place = item.fields.get(at).filter(|(known, _)| known == name);
        let field = in_place.or_else(|| item.fields.iter().find(|(known, _)| known == name));
        field.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let known_by = || shown.get(lead).map(|(at, name, _)| text(*at, name).trim()).filter(|title| !title.is_empty());
    let cell = |(position, &(at, name, column)): (usize, &TypedColumn<'_>)| {
        let column = if position == lead || is_same_form(name, key_column) { ColumnType::Text } else { column };
        let alt = || clipped(&format!("{name}: {}", known_by().unwrap_or(&item.key)), LONGEST);
        let words = articles::in_words(name, text(at, name)).filter(|_| column == ColumnType::Flag);
        cells::in_table(words.unwrap_or_else(|| text(at, name)), column, LONGEST, alt)
    };
    TableRow {
        seen: ReadState::Unasked,
        href: format!("{path}/items/{}", item.id),
        key: clipped(&item.key, SEARCHED),
        cells: shown.iter().enumerate().map(cell).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{TableQuery, WIDEST, shown, sorting, title_at};

    #[test]
    fn an_address_that_makes_no_sense_asks_for_nothing() {
        let values = |page: &str| [("page".to_owned(), page.to_owned())].into();
        for page in ["", "0", "-1", "x", "99999999999999999999999"] {
            assert_eq!(TableQuery::from(&values(page)).page, 1, "{page}");
        }
        let columns = ["a".to_owned(), "-a".to_owned(), "b".to_owned()];
        assert_eq!(sorting("b", &columns), Some(("b", false)));
        assert_eq!(sorting("-b", &columns), Some(("b", true)));
        assert_eq!(sorting("-a", &columns), Some(("-a", false)));
        assert_eq!(sorting("--a", &columns), Some(("-a", true)));
        assert_eq!(sorting("c", &columns), None);
        assert_eq!(sorting("", &columns), None);
    }

    #[test]
    fn of_many_columns_the_first_are_shown_and_those_that_matter() {
        assert_eq!(shown(3, [Some(2), None]), [0, 1, 2]);
        let wide = shown(9_999, [Some(70), Some(50)]);
        assert_eq!((wide.len(), &wide[WIDEST - 3..]), (WIDEST, &[WIDEST - 3, 50, 70][..]));
        assert_eq!(shown(9_999, [Some(70), Some(70)]).len(), WIDEST);
    }

    #[test]
    fn an_item_is_known_by_its_title() {
        assert_eq!(title_at(&["id", "Artist", "Title"], "album"), Some(2));
        assert_eq!(title_at(&["id", "Album"], "album"), Some(1));
        assert_eq!(title_at(&["id", "label"], "album"), None);
    }
}
