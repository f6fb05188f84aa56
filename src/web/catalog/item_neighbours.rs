//! Finds the items before and after an item in the list that a reader came from.

use super::table::{ITEMS_PER_PAGE, TableQuery};
use crate::domain::source::Source;
use crate::store::catalogs::Catalog;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::item_lists::catalog_open::find_reader;

/// The place of an item in the list that a reader came from.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct ItemNeighbours {
    /// The link back to the page of the list.
    pub list: String,
    /// The position in the list, from 1, and the number of items in it; `None` if the item is not in the list any more.
    pub position: Option<(u64, u64)>,
    /// The link to the item before.
    pub previous: Option<String>,
    /// The link to the item after.
    pub next: Option<String>,
}

/// The place of an item in the list that its address names. Without an index, which a plain list does not need, only
/// the link back is known.
pub(super) fn find_neighbours(
    state: &AppState,
    source: &Source,
    catalog: &Catalog,
    request: &TableQuery,
    id: &str,
) -> Result<ItemNeighbours, WebError> {
    let address = &request.list.address;
    let catalog_link = state.links.catalog(source.slug.as_str());
    let mut found = ItemNeighbours { list: address.link(&catalog_link, 1), ..ItemNeighbours::default() };
    let (Some(reader), Ok(id)) = (find_reader(state, source, catalog)?, id.parse()) else { return Ok(found) };
    let selection = reader.select(&request.ordered_query())?;
    let Some(position) = selection.find_position(id)? else { return Ok(found) };
    found.position = Some((position + 1, selection.count()?));
    found.list = address.link(&catalog_link, position / ITEMS_PER_PAGE + 1);
    let link_at = |position: u64| -> Result<Option<String>, WebError> {
        let ids = selection.ids(position, 1)?;
        Ok(ids.first().map(|id| address.link(&state.links.item(source.slug.as_str(), &id.to_string()), 1)))
    };
    if let Some(before) = position.checked_sub(1) {
        found.previous = link_at(before)?;
    }
    found.next = link_at(position + 1)?;
    Ok(found)
}
