//! `/api/sources` and `/api/catalog/{slug}/items`.

use std::collections::HashMap;

use actix_web::{HttpRequest, web};
use chrono::Utc;
use serde::Serialize;

use super::{JsonList, ListQuery, json_time};
use crate::domain::account::Role;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::filter::Filter;
use crate::domain::freshness::{CatalogFreshness, judge_freshness};
use crate::domain::ordered_fields::OrderedFields;
use crate::store::catalogs::Catalog;
use crate::store::items::{Item, ItemQuery};
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceEntry {
    slug: String,
    name: String,
    noun: String,
    kind: String,
    public: bool,
    item_count: u64,
    last_success: Option<String>,
    columns: Vec<String>,
    schedule: Option<String>,
    /// Whether its catalog is stale or its schedule paused, and since when.
    freshness: CatalogFreshness,
    /// The counts of its feeds, for callers with an account; null if it has no feeds.
    feeds: Option<FeedCounts>,
    /// The location without secrets, for admins only.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemEntry {
    id: String,
    key: String,
    fields: OrderedFields,
    added_at: String,
    changed_at: String,
}

impl From<Item> for ItemEntry {
    fn from(item: Item) -> Self {
        Self {
            id: item.id,
            key: item.key,
            fields: OrderedFields(item.fields),
            added_at: json_time(item.added_at),
            changed_at: json_time(item.changed_at),
        }
    }
}

/// `GET /api/sources`: the sources that the caller may read, by name.
pub(in crate::web) async fn sources(app: AppContext, request: HttpRequest) -> Result<JsonResponse, WebError> {
    let query = ListQuery::parse(request.query_string());
    app.run_blocking(move |state, caller| {
        let actor = caller.actor;
        let query = query?;
        let is_admin = actor.as_ref().is_some_and(|actor| actor.role == Role::Admin);
        let mut sources = state.store.list_sources()?;
        sources.retain(|source| source.public || actor.is_some());
        let mut catalogs: HashMap<_, _> = state.store.list_catalogs()?.into_iter().collect();
        let facts: HashMap<_, _> = state.store.list_freshness_facts()?.into_iter().collect();
        let now = Utc::now();
        let feeds = if actor.is_some() { state.store.all_feed_counts()? } else { HashMap::new() };
        let first = usize::try_from((query.page - 1).saturating_mul(query.per)).unwrap_or(usize::MAX);
        let per = usize::try_from(query.per).unwrap_or(usize::MAX);
        let total = sources.len() as u64;
        let items = sources.into_iter().skip(first).take(per).map(|source| {
            let catalog = catalogs.remove(&source.id);
            let last_success = catalog.as_ref().and_then(|catalog| catalog.last_success_at).map(json_time);
            SourceEntry {
                item_count: catalog.as_ref().map_or(0, |catalog| catalog.item_count),
                last_success,
                columns: catalog.map(|catalog| catalog.columns).unwrap_or_default(),
                feeds: feeds.get(&source.id).copied(),
                location: is_admin.then(|| source.location.for_people()),
                slug: source.slug.into(),
                name: source.name,
                noun: source.noun.to_string(),
                kind: source.kind,
                public: source.public,
                schedule: source.schedule,
                freshness: facts
                    .get(&source.id)
                    .map_or(CatalogFreshness::unknown(), |facts| judge_freshness(facts, now)),
            }
        });
        JsonResponse::ok(&JsonList { items: items.collect(), page: query.page, per: query.per, total })
    })
    .await
}

/// `GET /api/catalog/{slug}/items`.
pub(in crate::web) async fn items(
    app: AppContext,
    slug: web::Path<String>,
    request: HttpRequest,
) -> Result<JsonResponse, WebError> {
    let query = ListQuery::parse(request.query_string());
    app.run_blocking(move |state, caller| {
        let source = caller.source(state, &slug)?;
        let ListQuery { search, sort, filter, page, per } = query?;
        let Some(catalog) = state.store.find_catalog(source.id)? else { return Err(WebError::not_found("catalog")) };
        let (sort, descending) = parse_sort(&sort, &catalog.columns)?;
        let flagged = parse_filter(&filter, &catalog)?;
        let sort_type = sort.as_deref().map(|column| catalog.column_type(column)).unwrap_or_default();
        let known_total = Some(catalog.item_count);
        let query = ItemQuery { search, flagged, sort, sort_type, descending, page, per_page: per, known_total };
        let mut found = state.store.list_items(source.id, &query)?;
        catalog.retain_columns(&mut found.items);
        let items: Vec<ItemEntry> = found.items.into_iter().map(ItemEntry::from).collect();
        JsonResponse::ok(&JsonList { items, page, per, total: found.total })
    })
    .await
}

/// The column of a filter (`unread`, `starred`) and the value that it selects; `None` without a filter.
fn parse_filter(filter: &str, catalog: &Catalog) -> Result<Option<(String, bool)>, WebError> {
    if filter.is_empty() {
        return Ok(None);
    }
    let fits = |filter: &Filter| filter.applies_to(&catalog.columns, &catalog.column_types);
    match filter.parse::<Filter>().ok().filter(fits) {
        Some(filter) => Ok(Some((filter.column().to_owned(), filter.matches_yes()))),
        None => {
            let message = "“filter” must be “unread” or “starred”. It applies to catalogs of articles only.";
            Err(WebError::bad_request("bad_request", message).on_field("filter"))
        }
    }
}

/// The column to sort by and whether the order is descending: `year`, `-year`. Without a column, items keep source
/// order.
fn parse_sort(sort: &str, columns: &[String]) -> Result<(Option<String>, bool), WebError> {
    let is_column = |name: &str| columns.iter().any(|column| column == name);
    match sort.strip_prefix('-') {
        _ if sort.is_empty() => Ok((None, false)),
        _ if is_column(sort) => Ok((Some(sort.to_owned()), false)),
        Some(column) if is_column(column) => Ok((Some(column.to_owned()), true)),
        _ => {
            let message = "“sort” must be a column name, with a leading - for descending order.";
            Err(WebError::bad_request("bad_request", message).on_field("sort"))
        }
    }
}
