//! `GET /api/catalog/{slug}/items`: the items of a catalog, searched, filtered, sorted, in pages.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, rt, web};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::item_json::ItemEntry;
use super::item_request::{CURSOR_PARAMETER, ItemRequest, REMOVED_CURSOR_PARAMETER};
use super::{JsonList, json_time};
use crate::catalog_index::{CatalogReader, CatalogSelection, FacetValue, IndexState, ListCursor};
use crate::domain::source::Source;
use crate::store::catalogs::Catalog;
use crate::store::items::Item;
use crate::store::removed_items::RemovedItem;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::cross_origin::preflight_response;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;
use crate::web::http::request_origin::request_origin;
use crate::web::item_lists::catalog_open::{BUILD_POLL_INTERVAL, find_reader, load_items, open_index};
use crate::web::item_lists::list_address::{AddressParameters, join_query, split_query};
use crate::web::item_lists::list_version::{KnownVersions, list_headers, list_version};

/// The most values of a facet, the most frequent ones.
const MAX_FACET_VALUES: usize = 1000;

/// One page of the items of a catalog.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemList {
    #[serde(flatten)]
    list: JsonList<ItemEntry>,
    /// The counts of values, where they are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<FacetCounts>,
    /// The items that were removed since, where that is asked for. They come in pages of the same size as the items.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Vec<RemovedEntry>>,
    /// The time up to which changes are included, while a run changes more items than can be followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemovedEntry {
    key: String,
    removed_at: String,
}

/// The counts of the values of columns, in the order in which they were asked for.
struct FacetCounts(Vec<(String, Vec<FacetValue>)>);

#[derive(Serialize)]
struct FacetEntry<'a> {
    value: &'a str,
    count: u64,
}

impl Serialize for FacetCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (column, values) in &self.0 {
            let values = values.iter().map(|FacetValue { value, count }| FacetEntry { value, count: *count });
            object.serialize_entry(column, &values.collect::<Vec<_>>())?;
        }
        object.end()
    }
}

/// A response, or nothing yet because the index is being built.
type ItemAnswer = Option<JsonResponse>;

/// `GET /api/catalog/{slug}/items`. If the index of the catalog must be built first, the response waits for it.
pub(in crate::web) async fn list(
    app: AppContext,
    slug: web::Path<String>,
    request: HttpRequest,
) -> Result<JsonResponse, WebError> {
    let known = KnownVersions::of(&request);
    let query = request.query_string().to_owned();
    let origin = request_origin(&request, &app.state.links);
    loop {
        let (query, known, origin) = (query.clone(), known.clone(), origin.clone());
        let answer =
            app.run_on_catalog(&slug, move |state, _, source| answer_list(state, source, &query, &known, &origin));
        if let Some(response) = answer.await? {
            return Ok(response);
        }
        rt::time::sleep(BUILD_POLL_INTERVAL).await;
    }
}

/// `OPTIONS` of the items and the feeds of a catalog: what scripts of other sites may send to a public one.
pub(in crate::web) async fn options(app: AppContext, slug: web::Path<String>) -> Result<HttpResponse, WebError> {
    app.run_on_catalog(&slug, |_, _, source| Ok(source.clone())).await.map(|source| preflight_response(&source))
}

fn answer_list(
    state: &AppState,
    source: &Source,
    query: &str,
    known: &KnownVersions,
    origin: &str,
) -> Result<ItemAnswer, WebError> {
    let Some(catalog) = state.store.find_catalog(source.id)? else { return Err(WebError::not_found("catalog")) };
    let parameters = split_query(query);
    let request = ItemRequest::parse(&parameters, &catalog)?;
    let version = list_version(state.store.catalog_version(source.id)?, &catalog, query);
    if known.contain(&version) {
        return Ok(Some(JsonResponse::not_modified().with_headers(list_headers(source, Some(version)))));
    }
    let page = request.page;
    let Some(found) = find_items(state, source, &catalog, &request)? else { return Ok(None) };
    let removed = match request.changed_since {
        Some(since) => Some(state.store.removed_items(source.id, since, request.removed_start(), page.per)?),
        None => None,
    };
    let last_removed = removed.as_ref().and_then(|removed| removed.last()).map(|item| item.place);
    let is_removed_full = removed.as_ref().is_some_and(|removed| removed.len() as u64 == page.per);
    let link = (found.has_more() || is_removed_full).then(|| {
        let is_kept = |name: &str| !["page", CURSOR_PARAMETER, REMOVED_CURSOR_PARAMETER].contains(&name);
        let kept = parameters.iter().filter(|(name, _)| is_kept(name)).cloned();
        let parameters: AddressParameters = kept.chain(request.next_page(found.last.as_ref(), last_removed)).collect();
        let path = state.links.route(&format!("/api/catalog/{}/items", source.slug));
        (header::LINK, format!("<{origin}{path}{}>; rel=\"next\"", join_query(&parameters)))
    });
    let items = found.items.into_iter().map(|item| ItemEntry::new(item, &catalog, &request.format)).collect();
    let entry = |item: RemovedItem| RemovedEntry { key: item.key, removed_at: json_time(item.place.removed_at) };
    let body = ItemList {
        list: JsonList { items, page: found.offset / page.per + 1, per: page.per, total: found.total },
        facets: (!request.facets.is_empty()).then_some(FacetCounts(found.facets)),
        removed: removed.map(|removed| removed.into_iter().map(entry).collect()),
        as_of: found.as_of.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)),
    };
    // A list that lags behind is not of this version.
    let headers = list_headers(source, Some(version).filter(|_| found.as_of.is_none()));
    Ok(Some(JsonResponse::ok(&body)?.with_headers(headers).with_headers(link)))
}

/// The items of a page.
struct FoundItems {
    items: Vec<Item>,
    /// The number of items before them, and with them. Items that were removed meanwhile count, too.
    offset: u64,
    end: u64,
    total: u64,
    facets: Vec<(String, Vec<FacetValue>)>,
    /// The place of the last of them.
    last: Option<ListCursor>,
    as_of: Option<DateTime<Utc>>,
}

impl FoundItems {
    fn has_more(&self) -> bool {
        self.offset < self.end && self.end < self.total
    }
}

/// Finds the items of a page; `None` while the index is being built.
fn find_items(
    state: &AppState,
    source: &Source,
    catalog: &Catalog,
    request: &ItemRequest,
) -> Result<Option<FoundItems>, WebError> {
    if !request.is_plain() {
        return match open_index(state, source, catalog)? {
            IndexState::Ready(reader) => find_by_index(state, source, catalog, request, &reader).map(Some),
            IndexState::Building(_) => Ok(None),
        };
    }
    if let Some(reader) = find_reader(state, source, catalog)? {
        return find_by_index(state, source, catalog, request, &reader).map(Some);
    }
    let (page, total) = (request.page, catalog.item_count);
    let mut items = state.store.list_items(source.id, page.page, page.per, total)?;
    catalog.retain_columns(&mut items);
    let last_id = items.last().and_then(|item| item.id.parse().ok());
    let last = last_id.map(|id| ListCursor::new(id, Vec::new()));
    let (offset, facets) = (page.offset(), Vec::new());
    let end = offset.saturating_add(items.len() as u64);
    Ok(Some(FoundItems { items, offset, end, total, facets, last, as_of: None }))
}

fn find_by_index(
    state: &AppState,
    source: &Source,
    catalog: &Catalog,
    request: &ItemRequest,
    reader: &CatalogReader,
) -> Result<FoundItems, WebError> {
    let selection = reader.select(&request.query)?;
    let total = selection.count()?;
    let offset = match request.cursor()? {
        None => request.page.offset(),
        Some(cursor) => selection.count_until(&cursor)?,
    };
    let limit = usize::try_from(request.page.per).unwrap_or(usize::MAX);
    let ids = selection.ids(offset, limit)?;
    let end = offset.saturating_add(ids.len() as u64);
    let last = if end > offset { selection.cursor_at(end - 1)? } else { None };
    let facets = request.facets.iter().map(|column| count_values(&selection, column)).collect::<Result<_, _>>()?;
    let items = load_items(state, source.id, catalog, &ids)?;
    Ok(FoundItems { items, offset, end, total, facets, last, as_of: reader.as_of() })
}

fn count_values(selection: &CatalogSelection<'_>, column: &str) -> Result<(String, Vec<FacetValue>), WebError> {
    let values = selection.count_values(column)?;
    Ok((column.to_owned(), values.iter().take(MAX_FACET_VALUES).cloned().collect()))
}
