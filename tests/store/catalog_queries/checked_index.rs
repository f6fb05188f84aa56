//! An index whose answers are compared with a plain filter and sort over all items.

use std::path::Path;
use std::time::Duration;

use lockstep::catalog_index::{CatalogIndexes, CatalogReader, CatalogSelection, IndexState, ListCursor};
use lockstep::domain::source::Source;
use lockstep::store::Store;
use lockstep::store::catalogs::Catalog;
use tempfile::TempDir;

use super::plain_catalog::{PlainCatalog, PlainQuery};
use super::query_generator::{below, pick};
use crate::support::seeded_random::SeededRandom;

/// How long a test waits for a build.
pub(super) const BUILD_TIMEOUT: Duration = Duration::from_secs(120);

/// The indexes of one server, with a folder of their own.
pub(super) struct CheckedIndex {
    pub(super) indexes: CatalogIndexes,
    /// Its name in failures.
    name: String,
    folder: TempDir,
}

impl CheckedIndex {
    pub(super) fn new(store: Store, max_recent_items: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let indexes = CatalogIndexes::new(store, folder.path().to_owned(), max_recent_items);
        Self { indexes, name: format!("at most {max_recent_items} recent items"), folder }
    }

    /// Four indexes that keep different numbers of changed items apart, and one of a second server.
    pub(super) fn of_all_sizes(store: &Store, second: &Store) -> Vec<Self> {
        let mut all: Vec<Self> = [0, 3, 50, 10_000].map(|limit| Self::new(store.clone(), limit)).into();
        all.push(Self { name: "the second server".to_owned(), ..Self::new(second.clone(), 20) });
        all
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    #[track_caller]
    pub(super) fn open(&self, source: &Source, catalog: &Catalog) -> CatalogReader {
        match self.indexes.open(source.id, catalog, BUILD_TIMEOUT).expect("an index") {
            IndexState::Ready(reader) => reader,
            IndexState::Building(progress) => panic!("{}: not ready: {progress:?}", self.name),
        }
    }

    /// Compares the answers to a query. Returns how many items it selects; `None` if it is refused.
    pub(super) fn check_query(
        &self,
        reader: &CatalogReader,
        plain: &PlainCatalog,
        query: &PlainQuery,
        random: &mut SeededRandom,
    ) -> Option<usize> {
        let context = format!("{}, types {:?}: {query:?}", self.name, plain.types);
        let asked = query.to_catalog_query();
        let selection = match reader.select(&asked) {
            Ok(selection) => selection,
            Err(error) => {
                assert!(plain.must_refuse(query), "{context}: {error}");
                return None;
            }
        };
        assert!(!plain.must_refuse(query), "not refused: {context}");
        let selected = plain.select(query);
        let expected: Vec<i64> = selected.iter().map(|item| item.id).collect();
        let found = selection.ids(0, usize::MAX).expect("ids");
        assert_eq!(found, expected, "{context}");
        assert_eq!(selection.count().expect("a count"), expected.len() as u64, "{context}");
        let per = (1 + below(random, expected.len() + 3)).max(expected.len() / 60);
        assert_eq!(read_by_number(&selection, per), expected, "pages of {per}, {context}");
        assert_eq!(read_by_cursor(&selection, per, query.sort.len()), expected, "cursors of {per}, {context}");
        let column = pick(random, &plain.columns);
        let counts: Vec<(String, u64)> = selection
            .count_values(column)
            .expect("counts")
            .iter()
            .map(|value| (value.value.clone(), value.count))
            .collect();
        assert_eq!(counts, plain.count_values(&selected, column), "{column:?}, {context}");
        Some(expected.len())
    }
}

/// All pages by their numbers, beginning with the last.
fn read_by_number(selection: &CatalogSelection<'_>, per: usize) -> Vec<i64> {
    let pages = usize::try_from(selection.count().expect("a count")).expect("a small number").div_ceil(per);
    let page = |number: usize| selection.ids((number * per) as u64, per).expect("a page");
    assert!(page(pages).is_empty(), "a page after the last one");
    let mut found: Vec<Vec<i64>> = (0..pages).rev().map(page).collect();
    found.reverse();
    assert!(found.iter().rev().skip(1).all(|page| page.len() == per), "every page but the last is full");
    found.concat()
}

/// All pages, each after the cursor of the page before.
fn read_by_cursor(selection: &CatalogSelection<'_>, per: usize, sort_columns: usize) -> Vec<i64> {
    let mut found = Vec::new();
    let mut cursor = None;
    while let Some(page) = read_page(selection, cursor.as_ref(), per, sort_columns) {
        found.extend(page.ids);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    found
}

/// One page, as a client reads it.
pub(super) struct CursorPage {
    pub(super) ids: Vec<i64>,
    /// The text of the cursor of the next page, if there is one.
    pub(super) next: Option<String>,
}

/// The page after a cursor; `None` if nothing is left.
pub(super) fn read_page(
    selection: &CatalogSelection<'_>,
    cursor: Option<&String>,
    per: usize,
    sort_columns: usize,
) -> Option<CursorPage> {
    let offset = cursor.map_or(0, |text| {
        let cursor = ListCursor::parse(text, sort_columns).expect("a cursor");
        selection.count_until(&cursor).expect("a place")
    });
    let ids = selection.ids(offset, per).expect("a page");
    let end = offset + ids.len() as u64;
    if ids.is_empty() {
        return None;
    }
    let has_more = end < selection.count().expect("a count");
    let next = selection.cursor_at(end - 1).expect("a cursor").filter(|_| has_more).map(|cursor| cursor.to_text());
    Some(CursorPage { ids, next })
}
