//! The special features of catalogs of articles: filters for unread and starred articles, and newest first.

use super::view::{FilterLink, ReadState};
use crate::catalog_index::CatalogReader;
use crate::domain::catalog_query::CatalogQuery;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::columns::spreadsheet_values::{parse_checkbox, parse_flag};
use crate::domain::filter::Filter;
use crate::store::catalogs::Catalog;
use crate::store::items::Item;
use crate::web::http::error::WebError;
use crate::web::item_lists::list_address::article_filter;

/// The columns in the table of the articles of an account. The page of an article has all columns.
const ACCOUNT_COLUMNS: [&str; 7] = ["title", "feed", "published", "read", "starred", "author", "labels"];

/// The columns in the table of the articles of feeds: as many as are readable next to each other.
const FEED_COLUMNS: [&str; 6] = ["title", "feed", "published", "author", "categories", "image"];

/// The links to the filters of a catalog, each with its number of items, whatever the search; empty if the catalog has
/// none.
pub(super) fn filter_links(
    reader: &CatalogReader,
    catalog: &Catalog,
    current: Option<Filter>,
    href: impl Fn(&str) -> String,
) -> Result<Vec<FilterLink>, WebError> {
    let mut links = Vec::new();
    if !Filter::apply_to(&catalog.columns) {
        return Ok(links);
    }
    for &filter in Filter::ALL {
        let filters = vec![article_filter(filter)];
        let count = reader.select(&CatalogQuery { filters, ..CatalogQuery::default() })?.count()?;
        let label = match filter {
            Filter::Unread => "Unread",
            Filter::Starred => "Starred",
        };
        links.push(FilterLink { label, count, href: href(filter.as_str()), is_current: current == Some(filter) });
    }
    let all = FilterLink { label: "All", count: catalog.item_count, href: href(""), is_current: current.is_none() };
    links.insert(0, all);
    Ok(links)
}

/// The time column by which articles are sorted by default, newest first: the order in which they were fetched has no
/// meaning.
pub(super) fn newest_first_column(catalog: &Catalog) -> Option<&str> {
    let column = catalog.columns.iter().find(|name| *name == "published")?;
    (catalog.column_type(column) == ColumnType::Moment).then_some(column.as_str())
}

/// The positions of the columns in a table of articles, with the `required` ones; `None` for any other catalog.
pub(super) fn article_columns(catalog: &Catalog, required: &[Option<usize>]) -> Option<Vec<usize>> {
    let named = |name: &&str| catalog.columns.iter().position(|column| column == name);
    let columns = if Filter::ALL.iter().all(|filter| catalog.column_type(filter.column()) == ColumnType::Flag) {
        &ACCOUNT_COLUMNS[..]
    } else if newest_first_column(catalog).is_some() && ["title", "feed"].iter().all(|name| named(name).is_some()) {
        // Only kinds of sources declare time columns, so this cannot be a table that a person maintains.
        &FEED_COLUMNS
    } else {
        return None;
    };
    let mut shown: Vec<usize> = columns.iter().filter_map(named).collect();
    for &at in required.iter().flatten() {
        if !shown.contains(&at) {
            shown.push(at);
        }
    }
    Some(shown)
}

/// Whether an article is read.
pub(super) fn read_state(catalog: &Catalog, item: &Item) -> ReadState {
    if !Filter::apply_to(&catalog.columns) {
        return ReadState::NotAnArticle;
    }
    let is_read =
        item.fields.iter().any(|(name, value)| name == Filter::Unread.column() && parse_flag(value) == Some(true));
    if is_read { ReadState::Read } else { ReadState::Unread }
}

/// The label of a flag of an article; `None` for any other flag, such as a checkbox of a sheet.
pub(super) fn flag_label(column: &str, value: &str) -> Option<&'static str> {
    let yes = value == "yes";
    if parse_checkbox(value).is_some() {
        return None;
    }
    let filter = Filter::ALL.iter().find(|filter| filter.column() == column)?;
    Some(match filter {
        Filter::Unread if yes => "Read",
        Filter::Unread => "Unread",
        Filter::Starred if yes => "★ Starred",
        Filter::Starred => "",
    })
}

#[cfg(test)]
mod tests {
    use super::flag_label;

    #[test]
    fn the_flags_of_articles_have_labels() {
        assert_eq!((flag_label("read", "yes"), flag_label("read", "no")), (Some("Read"), Some("Unread")));
        assert_eq!((flag_label("starred", "yes"), flag_label("starred", "")), (Some("★ Starred"), Some("")));
        assert_eq!((flag_label("sold", "yes"), flag_label("read", "TRUE")), (None, None));
    }
}
