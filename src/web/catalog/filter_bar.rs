//! Builds the bar above a table: the filters in force, and the values of columns that have few.

use super::view::{FacetLink, FacetView, FilterChip};
use crate::catalog_index::{CatalogReader, FacetValue};
use crate::domain::catalog_query::CatalogQuery;
use crate::domain::catalog_query::column_filter::{ColumnFilter, FilterOperator};
use crate::domain::columns::column_type::ColumnType;
use crate::store::catalogs::Catalog;
use crate::web::http::error::WebError;
use crate::web::http::form::clip_text;
use crate::web::item_lists::list_address::ListAddress;

/// The most different values of a column that is shown as a facet.
const MAX_FACET_COLUMN_VALUES: usize = 200;
/// The most facets of a page.
const MAX_FACETS: usize = 8;
/// The most values of a facet on a page, the most frequent ones.
const MAX_FACET_VALUES: usize = 30;
/// The most characters of a value.
const MAX_VALUE_CHARS: usize = 60;

/// The filters in force, each with a link that removes it.
pub(super) fn build_chips(address: &ListAddress, catalog_link: &str) -> Vec<FilterChip> {
    let chip = |filter: &ColumnFilter, value: &String| {
        let shown = clip_text(value, MAX_VALUE_CHARS);
        let column = clip_text(&filter.column, MAX_VALUE_CHARS);
        let label = match filter.operator {
            FilterOperator::Empty if value == "1" => format!("{column} is blank"),
            FilterOperator::Empty => format!("{column} is not blank"),
            FilterOperator::Equals if value.is_empty() => format!("{column}: blank"),
            operator => format!("{column} {} {shown}", operator_label(operator)),
        };
        let remove = address.without_value(&filter.column, filter.operator, value).link(catalog_link, 1);
        FilterChip { label, remove }
    };
    address.filters.iter().flat_map(|filter| filter.values.iter().map(move |value| chip(filter, value))).collect()
}

/// The words for an operator between a column and a value.
pub(super) const fn operator_label(operator: FilterOperator) -> &'static str {
    match operator {
        FilterOperator::Equals => "is",
        FilterOperator::Not => "is not",
        FilterOperator::Greater => ">",
        FilterOperator::GreaterOrEqual => "≥",
        FilterOperator::Less => "<",
        FilterOperator::LessOrEqual => "≤",
        FilterOperator::Contains => "contains",
        FilterOperator::Starts => "starts with",
        FilterOperator::Empty => "is blank",
    }
}

/// The values of columns that have few, with their counts. The counts of a column are those without the values that are
/// selected in it, so that they say what each other value would add.
pub(super) fn build_facets(
    reader: &CatalogReader,
    catalog: &Catalog,
    address: &ListAddress,
    catalog_link: &str,
) -> Result<Vec<FacetView>, WebError> {
    let has_words =
        |column: &&str| !matches!(catalog.column_type(column), ColumnType::Link | ColumnType::Image | ColumnType::Html);
    let columns = reader.columns_with_few_values(MAX_FACET_COLUMN_VALUES).into_iter().filter(has_words);
    let facet = |(menu, column)| build_facet(reader, column, format!("facet-{menu}"), address, catalog_link);
    (1..=MAX_FACETS).zip(columns).map(facet).collect()
}

fn build_facet(
    reader: &CatalogReader,
    column: &str,
    menu: String,
    address: &ListAddress,
    catalog_link: &str,
) -> Result<FacetView, WebError> {
    let others =
        CatalogQuery { sort: Vec::new(), ..address.without_operator(column, FilterOperator::Equals).to_query() };
    let mut values = reader.select(&others)?.count_values(column)?.to_vec();
    // A selected value that no item has is listed too, so that it can be taken back.
    for value in address.values(column, FilterOperator::Equals) {
        if values.iter().all(|known| known.value != *value) {
            values.push(FacetValue { value: value.clone(), count: 0 });
        }
    }
    let is_selected = |value: &FacetValue| address.has_value(column, FilterOperator::Equals, &value.value);
    let link = |value: &FacetValue| {
        let selected = is_selected(value);
        let changed = if selected {
            address.without_value(column, FilterOperator::Equals, &value.value)
        } else {
            address.with_value(column, FilterOperator::Equals, &value.value)
        };
        FacetLink {
            label: clip_text(&value.value, MAX_VALUE_CHARS),
            count: value.count,
            href: changed.link(catalog_link, 1),
            is_selected: selected,
        }
    };
    let (selected, rest): (Vec<_>, Vec<_>) = values.iter().partition(|value| is_selected(value));
    let shown = MAX_FACET_VALUES.max(selected.len());
    let more = (values.len().saturating_sub(shown)) as u64;
    Ok(FacetView {
        menu,
        column: clip_text(column, MAX_VALUE_CHARS),
        selected: selected.len() as u64,
        values: selected.into_iter().chain(rest).take(shown).map(link).collect(),
        more,
    })
}
