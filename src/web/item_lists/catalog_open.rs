//! Opens catalogs for reading: by their index where it is ready, and directly from the database for plain lists, which
//! need none.

use std::time::Duration;

use crate::catalog_index::{CatalogReader, IndexState};
use crate::domain::source::{Source, SourceId};
use crate::store::catalogs::Catalog;
use crate::store::items::Item;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// The number of items of a catalog whose index is built so quickly that every request waits for it.
const SMALL_CATALOG_ITEMS: u64 = 20_000;
/// How long a request waits for the index of a small catalog.
const SMALL_CATALOG_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a search waits for the index of a large catalog, before it says so or asks again.
const LARGE_CATALOG_TIMEOUT: Duration = Duration::from_millis(150);

/// How long to wait between two looks at an index that is being built.
pub(in crate::web) const BUILD_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Opens the index of a catalog. If it must be built first, that begins now.
pub(in crate::web) fn open_index(state: &AppState, source: &Source, catalog: &Catalog) -> Result<IndexState, WebError> {
    let is_small = catalog.item_count <= SMALL_CATALOG_ITEMS;
    let timeout = if is_small { SMALL_CATALOG_TIMEOUT } else { LARGE_CATALOG_TIMEOUT };
    Ok(state.indexes.open(source.id, catalog, timeout)?)
}

/// Returns the reader of a catalog for a list that can do without: only if the index is ready, or is built quickly.
pub(in crate::web) fn find_reader(
    state: &AppState,
    source: &Source,
    catalog: &Catalog,
) -> Result<Option<CatalogReader>, WebError> {
    let is_small = catalog.item_count <= SMALL_CATALOG_ITEMS;
    let timeout = if is_small { SMALL_CATALOG_TIMEOUT } else { Duration::ZERO };
    Ok(match state.indexes.open(source.id, catalog, timeout)? {
        // While a run changes the catalog faster than the index follows, the database has the current state.
        IndexState::Ready(reader) => Some(reader).filter(|reader| reader.as_of().is_none()),
        IndexState::Building(_) => None,
    })
}

/// Loads the items with these ids, in this order, without fields that are not columns of the catalog.
pub(in crate::web) fn load_items(
    state: &AppState,
    source: SourceId,
    catalog: &Catalog,
    ids: &[i64],
) -> Result<Vec<Item>, WebError> {
    let mut items: Vec<Item> = state.store.items_by_id(source, ids)?.into_iter().map(|(_, item)| item).collect();
    catalog.retain_columns(&mut items);
    Ok(items)
}
