//! `GET /api/catalog/{slug}/items`: the items of a catalog, searched, filtered, sorted, in pages.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, rt, web};
use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::item_json::{FieldFormat, ItemEntry};
use super::{JsonList, ListPage, json_time, unknown_parameter};
use crate::catalog_index::{CatalogReader, CatalogSelection, FacetValue, IndexState, ListCursor};
use crate::domain::catalog_query::CatalogQuery;
use crate::domain::source::Source;
use crate::store::catalogs::Catalog;
use crate::store::items::Item;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::cross_origin::preflight_response;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;
use crate::web::http::request_origin::request_origin;
use crate::web::item_lists::catalog_open::{BUILD_POLL_INTERVAL, find_reader, load_items, open_index};
use crate::web::item_lists::list_address::{AddressParameters, join_query, split_query};
use crate::web::item_lists::list_version::{KnownVersions, list_headers, list_version};
use crate::web::item_lists::parameters::{ListParameters, ParameterProblem, parse_fields};

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

/// What is asked of a list, besides its page.
#[derive(Debug, Default)]
struct ItemRequest {
    query: CatalogQuery,
    page: ListPage,
    format: FieldFormat,
    facets: Vec<String>,
    changed_since: Option<DateTime<Utc>>,
    /// The text of the cursor.
    after: Option<String>,
}

impl ItemRequest {
    fn parse(parameters: &AddressParameters, catalog: &Catalog) -> Result<Self, WebError> {
        let mut list = ListParameters::parse(parameters, catalog);
        list.check()?;
        let mut request = Self::default();
        let mut page = AddressParameters::new();
        for (name, value) in std::mem::take(&mut list.others) {
            match name.as_str() {
                "page" | "per" => page.push((name, value)),
                "fields" => {
                    let names = parse_fields(&value, catalog)?;
                    request.format.columns.get_or_insert_default().extend(names);
                }
                "facet" if request.facets.contains(&value) => {}
                "facet" if catalog.columns.contains(&value) => request.facets.push(value),
                "facet" => return Err(ParameterProblem::unknown_column("facet", &value).into()),
                "types" => request.format.is_typed = parse_switch("types", &value)?,
                "changedSince" => request.changed_since = Some(parse_time("changedSince", &value)?),
                "after" => request.after = Some(value),
                _ => return Err(unknown_parameter(&name)),
            }
        }
        request.page = ListPage::take_from(page)?;
        let changed_since = request.changed_since.map(|time| time.timestamp_millis());
        Ok(Self { query: CatalogQuery { changed_since, ..list.address.to_query() }, ..request })
    }

    /// Whether the items come straight from the database, without a search.
    fn is_plain(&self) -> bool {
        self.query.selects_all() && self.query.sort.is_empty() && self.after.is_none() && self.facets.is_empty()
    }
}

fn parse_switch(field: &'static str, value: &str) -> Result<bool, WebError> {
    match value {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(WebError::bad_request("bad_request", format!("“{field}” must be 1 or 0.")).on_field(field)),
    }
}

/// Parses a time as JSON has it, or a day.
fn parse_time(field: &'static str, value: &str) -> Result<DateTime<Utc>, WebError> {
    // A plus sign in an address is a space, unless it is encoded.
    let time = DateTime::parse_from_rfc3339(&value.replace(' ', "+")).map(|time| time.to_utc()).ok();
    let day = || value.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    time.or_else(day).ok_or_else(|| {
        let message = format!("“{field}” must be a time such as 2026-11-20T08:00:00Z.");
        WebError::bad_request("bad_request", message).on_field(field)
    })
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
    let Some(found) = find_items(state, source, &catalog, &request, page)? else { return Ok(None) };
    let removed = match request.changed_since {
        Some(since) => Some(state.store.removed_items(source.id, since, found.offset, page.per)?),
        None => None,
    };
    let is_removed_full = removed.as_ref().is_some_and(|removed| removed.len() as u64 == page.per);
    let next = match &found.next {
        _ if request.changed_since.is_some() => (found.offset + page.per < found.total || is_removed_full)
            .then(|| ("page", (found.offset / page.per + 2).to_string())),
        next => next.as_ref().map(|cursor| ("after", cursor.to_text())),
    };
    let link = next.map(|(name, value)| {
        let kept = parameters.into_iter().filter(|(name, _)| !["page", "after"].contains(&name.as_str()));
        let parameters: AddressParameters = kept.chain([(name.to_owned(), value)]).collect();
        let path = state.links.route(&format!("/api/catalog/{}/items", source.slug));
        (header::LINK, format!("<{origin}{path}{}>; rel=\"next\"", join_query(&parameters)))
    });
    let items = found.items.into_iter().map(|item| ItemEntry::new(item, &catalog, &request.format)).collect();
    let entry = |(key, at): (String, DateTime<Utc>)| RemovedEntry { key, removed_at: json_time(at) };
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
    /// The number of items before them.
    offset: u64,
    total: u64,
    facets: Vec<(String, Vec<FacetValue>)>,
    /// The cursor of the next page, if there is one.
    next: Option<ListCursor>,
    as_of: Option<DateTime<Utc>>,
}

/// Finds the items of a page; `None` while the index is being built.
fn find_items(
    state: &AppState,
    source: &Source,
    catalog: &Catalog,
    request: &ItemRequest,
    page: ListPage,
) -> Result<Option<FoundItems>, WebError> {
    if !request.is_plain() {
        return match open_index(state, source, catalog)? {
            IndexState::Ready(reader) => find_by_index(state, source, catalog, request, page, &reader).map(Some),
            IndexState::Building(_) => Ok(None),
        };
    }
    if let Some(reader) = find_reader(state, source, catalog)? {
        return find_by_index(state, source, catalog, request, page, &reader).map(Some);
    }
    let total = catalog.item_count;
    let mut items = state.store.list_items(source.id, page.page, page.per, total)?;
    catalog.retain_columns(&mut items);
    let has_more = page.offset().saturating_add(page.per) < total;
    let last_id = items.last().and_then(|item| item.id.parse().ok()).filter(|_| has_more);
    let next = last_id.map(|id| ListCursor::new(id, Vec::new(), page.offset() + items.len() as u64));
    Ok(Some(FoundItems { items, offset: page.offset(), total, facets: Vec::new(), next, as_of: None }))
}

fn find_by_index(
    state: &AppState,
    source: &Source,
    catalog: &Catalog,
    request: &ItemRequest,
    page: ListPage,
    reader: &CatalogReader,
) -> Result<FoundItems, WebError> {
    let selection = reader.select(&request.query)?;
    let total = selection.count()?;
    let offset = match &request.after {
        None => page.offset(),
        Some(text) => {
            let cursor = ListCursor::parse(text, request.query.sort.len()).ok_or_else(|| {
                let message = "“after” must be the cursor of a Link header, with the same order.";
                WebError::bad_request("bad_request", message).on_field("after")
            })?;
            selection.count_until(&cursor)?
        }
    };
    let limit = usize::try_from(page.per).unwrap_or(usize::MAX);
    let ids = selection.ids(offset, limit)?;
    let end = offset.saturating_add(ids.len() as u64);
    let next = match ids.last() {
        Some(_) if end < total => selection.cursor_at(end - 1)?,
        _ => None,
    };
    let facets = request.facets.iter().map(|column| count_values(&selection, column)).collect::<Result<_, _>>()?;
    let items = load_items(state, source.id, catalog, &ids)?;
    Ok(FoundItems { items, offset, total, facets, next, as_of: reader.as_of() })
}

fn count_values(selection: &CatalogSelection<'_>, column: &str) -> Result<(String, Vec<FacetValue>), WebError> {
    let values = selection.count_values(column)?;
    Ok((column.to_owned(), values.iter().take(MAX_FACET_VALUES).cloned().collect()))
}
