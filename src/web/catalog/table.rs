//! Builds the table of a catalog: one page of items, with links that sort, filter and page.

use super::articles;
use super::filter_bar::{build_chips, build_facets};
use super::gallery::build_cards;
use super::list_view::ListView;
use super::shown_columns::{ShownColumns, operator_options};
use super::sort_menu::build_sort_menu;
use super::view::{LayoutLink, PreparingView, TableRow, TableView};
use crate::catalog_index::{CatalogReader, IndexState};
use crate::domain::catalog_query::CatalogQuery;
use crate::domain::catalog_query::column_filter::FilterOperator;
use crate::domain::catalog_query::search_terms::SearchTerms;
use crate::domain::catalog_query::sort_column::SortColumn;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::source::Source;
use crate::store::catalogs::Catalog;
use crate::store::items::Item;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::item_lists::catalog_open::{find_reader, load_items, open_index};
use crate::web::item_lists::list_address::{AddressParameters, EMBED_PARAMETER, ListAddress, join_query, split_query};
use crate::web::item_lists::parameters::ListParameters;
use crate::web::layout::time_label::time_label;

/// The number of items on a page.
pub(super) const ITEMS_PER_PAGE: u64 = 50;
/// The label of the order in which the source has the items. Visitors know no sources: theirs is the usual order.
pub(super) const SOURCE_ORDER_LABEL: &str = "Source order";
/// The label of any other order of an address without one.
pub(super) const USUAL_ORDER_LABEL: &str = "Usual order";
/// The operators of the form that filters any column.
const FILTER_OPERATORS: &[FilterOperator] = &[
    FilterOperator::Contains,
    FilterOperator::Starts,
    FilterOperator::Equals,
    FilterOperator::Not,
    FilterOperator::Greater,
    FilterOperator::GreaterOrEqual,
    FilterOperator::Less,
    FilterOperator::LessOrEqual,
];

/// What the address of a table asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TableQuery {
    pub(super) list: ListParameters,
    pub(super) page: u64,
    /// How the items are shown.
    pub(super) view: ListView,
    /// The columns to sort by if the address names none.
    usual_sort: Vec<SortColumn>,
}

impl TableQuery {
    /// Parses the parameters of an address. A page that cannot be parsed counts as the first one; what cannot be
    /// applied is kept for a notice; foreign parameters are passed over. `remembered` is the view of an address without
    /// one.
    pub(super) fn parse(parameters: &AddressParameters, remembered: &AddressParameters, catalog: &Catalog) -> Self {
        let trimmed: AddressParameters =
            parameters.iter().map(|(name, value)| (name.clone(), trim_value(name, value))).collect();
        let mut list = ListParameters::parse(&trimmed, catalog);
        let page = list.others.iter().rfind(|(name, _)| name == "page");
        let page = page.and_then(|(_, value)| value.parse().ok()).unwrap_or(1).max(1);
        let default = split_query(catalog.default_view.as_deref().unwrap_or_default());
        let chosen = ListView::parse(&list.others, catalog).or_else(|| ListView::parse(remembered, catalog));
        list.address.view = chosen.as_ref().map(ListView::parameters).unwrap_or_default();
        let view = chosen.or_else(|| ListView::parse(&default, catalog)).unwrap_or_default();
        let default_sort = ListParameters::parse(&default, catalog).address.sort;
        let newest_first = || {
            let column = articles::newest_first_column(catalog);
            column.map(|name| SortColumn { name: name.to_owned(), descending: true }).into_iter().collect()
        };
        let usual_sort = if default_sort.is_empty() { newest_first() } else { default_sort };
        Self { list, page, view, usual_sort }
    }

    /// What is listed, in the order of the address or in the usual one.
    pub(super) fn ordered_query(&self) -> CatalogQuery {
        CatalogQuery { sort: self.sort_columns().to_vec(), ..self.list.address.to_query() }
    }

    /// The columns that the table is sorted by: those of the address, or the usual ones.
    fn sort_columns(&self) -> &[SortColumn] {
        if self.list.address.sort.is_empty() { &self.usual_sort } else { &self.list.address.sort }
    }

    /// The parameters of the view that an admin can save for all readers: columns, layout and order.
    pub(super) fn saved_view(&self) -> AddressParameters {
        let sort = self.list.address.sort.clone();
        ListAddress { sort, view: self.view.parameters(), ..ListAddress::default() }.parameters()
    }

    /// The address after a change that a form or a menu of the page asks for, so that the change becomes a part of the
    /// address like any other: a new filter, or other columns; with the view, if that changed.
    pub(super) fn requested_change(
        &self,
        source: &Source,
        catalog: &Catalog,
    ) -> Option<(ListAddress, Option<ListView>)> {
        let address = &self.list.address;
        let columns = ShownColumns::choose(catalog, source, self.sort_columns(), &self.view.fields);
        if let Some(view) = self.view.change(&self.list.others, &columns.names(), catalog) {
            return Some((address.shown_as(view.parameters()), Some(view)));
        }
        let value =
            |wanted: &str| self.list.others.iter().rfind(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let column = value("add-column").filter(|name| catalog.columns.iter().any(|column| column == name))?;
        let operator: FilterOperator = value("add-operator")?.parse().ok()?;
        Some((address.with_value(column, operator, value("add-value")?), None))
    }
}

/// The values of filters are compared exactly, all others without white space at their ends.
fn trim_value(name: &str, value: &str) -> String {
    if name.starts_with("filter[") { value.to_owned() } else { value.trim().to_owned() }
}

/// The items of one page, and what else the index knows.
struct TablePage {
    items: Vec<Item>,
    /// The number of the page. A page beyond the last one counts as the last.
    page: u64,
    total: u64,
    reader: Option<CatalogReader>,
}

/// One page of the table of a catalog.
pub(super) fn build_table(
    state: &AppState,
    source: &Source,
    catalog: &Catalog,
    request: &TableQuery,
) -> Result<TableView, WebError> {
    let address = &request.list.address;
    let link = state.links.catalog(source.slug.as_str());
    let sort = request.sort_columns();
    let columns = ShownColumns::choose(catalog, source, sort, &request.view.fields);
    let as_shown = address.sorted_by(sort.to_vec()).shown_as(request.view.parameters());
    let problems = request.list.problems.iter().map(|problem| problem.message.clone()).collect();
    let heads = columns.build_heads(sort, address, &link);
    let mut table = TableView {
        here: address.link(&link, request.page),
        query: address.search.clone(),
        filter: address.article_filter.map(|filter| filter.as_str().to_owned()).unwrap_or_default(),
        kept: address.without_search().parameters(),
        kept_by_columns: address.shown_as(AddressParameters::new()).parameters(),
        is_filtered: !address.selects_all(),
        clear: address.without_filters().link(&link, 1),
        downloads: download_links(state, source, &as_shown),
        shared: as_shown.link(&link, request.page),
        chips: build_chips(address, &link),
        operators: operator_options(FILTER_OPERATORS),
        problems,
        usual_order: usual_order_label(catalog, request),
        saved_view: join_query(&request.saved_view()).trim_start_matches('?').to_owned(),
        has_default: catalog.default_view.is_some(),
        sort_menu: build_sort_menu(&heads, sort, &address.sort),
        columns: heads,
        more_columns: (catalog.columns.len() - columns.shown.len()) as u64,
        lead: columns.lead,
        all_columns: columns.build_choices(catalog),
        usual_columns: address.command(&link, "usual-columns", "1"),
        layouts: layout_links(catalog, address, request.view.is_gallery, &link),
        is_gallery: request.view.is_gallery,
        has_articles: articles::article_columns(catalog, &[]).is_some(),
        ..TableView::default()
    };
    let found = match find_page(state, source, catalog, request)? {
        PageState::Found(found) => found,
        PageState::Preparing(preparing) => {
            table.preparing = Some(preparing);
            return Ok(table);
        }
    };
    let search = SearchTerms::parse(&address.search);
    let row = |item: &Item| TableRow {
        read: articles::read_state(catalog, item),
        href: address.link(&state.links.item(source.slug.as_str(), &item.id), 1),
        ..columns.build_row(item, &search)
    };
    table.rows = found.items.iter().map(row).collect();
    if request.view.is_gallery {
        table.cards = build_cards(catalog, &found.items, &columns, &table.rows);
    }
    table.here = address.link(&link, found.page);
    let first = (found.page - 1) * ITEMS_PER_PAGE;
    let count = table.rows.len() as u64;
    let last_page = last_page(found.total);
    table.found = found.total;
    table.first = if count > 0 { first + 1 } else { 0 };
    table.last = first + count;
    table.first_page = (found.page > 2).then(|| address.link(&link, 1));
    table.previous = (found.page > 1).then(|| address.link(&link, found.page - 1));
    table.next = (found.page < last_page).then(|| address.link(&link, found.page + 1));
    table.last_page = (found.page + 1 < last_page).then(|| address.link(&link, last_page));
    if let Some(reader) = found.reader {
        table.as_of = reader.as_of().map(time_label);
        table.facets = build_facets(&reader, catalog, address, &link)?;
        let filtered = |filter: &str| {
            let article_filter = filter.parse().ok();
            ListAddress { article_filter, ..address.clone() }.link(&link, 1)
        };
        table.filters = articles::filter_links(&reader, catalog, address.article_filter, filtered)?;
    }
    Ok(table)
}

/// The links to what is listed as a file: in the order of the page, and in the columns that the reader or the default
/// view chose.
fn download_links(state: &AppState, source: &Source, address: &ListAddress) -> Vec<(&'static str, String)> {
    let mut parameters = address.parameters();
    parameters.retain(|(name, _)| name != "view" && name != EMBED_PARAMETER);
    let query = join_query(&parameters);
    let formats = [("CSV", "csv"), ("Excel", "xlsx"), ("JSON", "json"), ("JSON lines", "ndjson")];
    let link = |extension| format!("{}{query}", state.links.catalog_file(source.slug.as_str(), extension));
    formats.map(|(label, extension)| (label, link(extension))).to_vec()
}

/// The label of the order of an address without one.
fn usual_order_label(catalog: &Catalog, request: &TableQuery) -> &'static str {
    match request.usual_sort.first() {
        None => SOURCE_ORDER_LABEL,
        Some(column) if Some(column.name.as_str()) == articles::newest_first_column(catalog) => "Newest first",
        Some(_) => USUAL_ORDER_LABEL,
    }
}

/// The links to the layouts of a catalog; none if it has no pictures.
fn layout_links(catalog: &Catalog, address: &ListAddress, is_gallery: bool, catalog_link: &str) -> Vec<LayoutLink> {
    if !catalog.column_types.contains(&ColumnType::Image) {
        return Vec::new();
    }
    let link = |label, layout, is_current| LayoutLink {
        label,
        href: address.command(catalog_link, "layout", layout),
        is_current,
    };
    vec![link("Table", "table", !is_gallery), link("Gallery", "gallery", is_gallery)]
}

fn last_page(total: u64) -> u64 {
    total.div_ceil(ITEMS_PER_PAGE).max(1)
}

enum PageState {
    Found(TablePage),
    Preparing(PreparingView),
}

/// Finds the items of a page. A plain list needs no index, so that it never waits for one.
fn find_page(
    state: &AppState,
    source: &Source,
    catalog: &Catalog,
    request: &TableQuery,
) -> Result<PageState, WebError> {
    let (query, page) = (request.ordered_query(), request.page);
    let is_plain = query.selects_all() && query.sort.is_empty();
    let reader = if is_plain {
        find_reader(state, source, catalog)?
    } else {
        match open_index(state, source, catalog)? {
            IndexState::Ready(reader) => Some(reader),
            IndexState::Building(progress) => {
                let preparing = PreparingView { done: progress.done, total: progress.total };
                return Ok(PageState::Preparing(preparing));
            }
        }
    };
    let Some(reader) = reader else {
        let total = catalog.item_count;
        let page = page.min(last_page(total));
        let mut items = state.store.list_items(source.id, page, ITEMS_PER_PAGE, total)?;
        catalog.retain_columns(&mut items);
        return Ok(PageState::Found(TablePage { items, page, total, reader: None }));
    };
    let selection = reader.select(&query)?;
    let total = selection.count()?;
    let page = page.min(last_page(total));
    let limit = usize::try_from(ITEMS_PER_PAGE).unwrap_or(usize::MAX);
    let ids = selection.ids((page - 1) * ITEMS_PER_PAGE, limit)?;
    let items = load_items(state, source.id, catalog, &ids)?;
    Ok(PageState::Found(TablePage { items, page, total, reader: Some(reader) }))
}
