//! What is special about catalogs of articles: parts of them are unread or have a star, and the newest come first.

use super::view::{FilterLink, ReadState};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::filter::Filter;
use crate::domain::source::Source;
use crate::store::catalogs::Catalog;
use crate::store::items::Item;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// The columns that a table of an account's articles shows; an article's page has them all.
const OF_ACCOUNTS: [&str; 7] = ["title", "feed", "published", "read", "starred", "author", "labels"];

/// Those that a table of the articles of feeds shows: so many are readable beside each other.
const OF_FEEDS: [&str; 6] = ["title", "feed", "published", "author", "categories", "image"];

/// The links to the parts of a catalog, each with how many items it has; none where it has no such parts. `counted` is
/// how many the part of now has, if they were counted already.
pub(super) fn filters(
    house: &AppState,
    source: &Source,
    catalog: &Catalog,
    now: Option<Filter>,
    counted: Option<u64>,
    href: impl Fn(&str) -> String,
) -> Result<Vec<FilterLink>, WebError> {
    let mut links = Vec::new();
    for &filter in Filter::ALL.iter().filter(|filter| filter.fits(&catalog.columns, &catalog.column_types)) {
        let current = now == Some(filter);
        let count = match counted.filter(|_| current) {
            Some(counted) => counted,
            None => house.store.count_flagged(source.id, filter.column(), filter.wants_yes())?,
        };
        let label = match filter {
            Filter::Unread => "Unread",
            Filter::Starred => "Starred",
        };
        links.push(FilterLink { label, count, href: href(filter.as_str()), current });
    }
    if !links.is_empty() {
        let all = FilterLink { label: "All", count: catalog.item_count, href: href(""), current: now.is_none() };
        links.insert(0, all);
    }
    Ok(links)
}

/// The column by whose moments a catalog is ordered unless somebody asks otherwise, the newest first: of articles, the
/// order in which they came to us says nothing.
pub(super) fn newest_first(catalog: &Catalog) -> Option<&str> {
    let column = catalog.columns.iter().find(|name| *name == "published")?;
    (catalog.column_type(column) == ColumnType::Moment).then_some(column.as_str())
}

/// The positions of the columns that a table shows, with those that `matter`; `None` where it is not one of articles.
pub(super) fn shown(catalog: &Catalog, matter: &[Option<usize>]) -> Option<Vec<usize>> {
    let named = |name: &&str| catalog.columns.iter().position(|column| column == name);
    let columns = if Filter::ALL.iter().all(|filter| catalog.column_type(filter.column()) == ColumnType::Flag) {
        &OF_ACCOUNTS[..]
    } else if newest_first(catalog).is_some() && ["title", "feed"].iter().all(|name| named(name).is_some()) {
        // Moments are declared by kinds alone: no table that somebody wrote is meant.
        &OF_FEEDS
    } else {
        return None;
    };
    let mut shown: Vec<usize> = columns.iter().filter_map(named).collect();
    for &at in matter.iter().flatten() {
        if !shown.contains(&at) {
            shown.push(at);
        }
    }
    Some(shown)
}

/// Whether somebody has read an item, where it is an article.
pub(super) fn seen(catalog: &Catalog, item: &Item) -> ReadState {
    if !Filter::Unread.fits(&catalog.columns, &catalog.column_types) {
        return ReadState::Unasked;
    }
    let is_read = item.fields.iter().any(|(name, value)| name == Filter::Unread.column() && value == "yes");
    if is_read { ReadState::Yes } else { ReadState::No }
}

/// A flag of an article in words; `None` for any other flag.
pub(super) fn in_words(column: &str, value: &str) -> Option<&'static str> {
    let yes = value == "yes";
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
    use super::in_words;

    #[test]
    fn the_flags_of_articles_are_words() {
        assert_eq!((in_words("read", "yes"), in_words("read", "no")), (Some("Read"), Some("Unread")));
        assert_eq!((in_words("starred", "yes"), in_words("starred", "")), (Some("★ Starred"), Some("")));
        assert_eq!(in_words("sold", "yes"), None);
    }
}
