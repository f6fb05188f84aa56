//! `/api/sources` and `/api/catalog/{slug}/items`.

use std::collections::HashMap;

use actix_web::HttpRequest;
use chrono::Utc;
use serde::Serialize;

use super::{JsonList, ListPage, json_time};
use crate::domain::account::Role;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::freshness::{CatalogFreshness, judge_freshness};
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceEntry {
    slug: String,
    name: String,
    /// The title of its pages; the name where no title is set.
    title: String,
    /// A few sentences about it; empty if there are none.
    description: String,
    noun: String,
    kind: String,
    public: bool,
    item_count: u64,
    last_success: Option<String>,
    columns: Vec<String>,
    schedule: Option<String>,
    /// The time zone of the schedule.
    schedule_zone: Option<String>,
    /// Whether its catalog is stale or its schedule paused, and since when.
    freshness: CatalogFreshness,
    /// The counts of its feeds, for callers with an account; null if it has no feeds.
    feeds: Option<FeedCounts>,
    /// The location without secrets, for admins only.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

/// `GET /api/sources`: the sources that the caller may read, by name.
pub(in crate::web) async fn sources(app: AppContext, request: HttpRequest) -> Result<JsonResponse, WebError> {
    let query = ListPage::parse(request.query_string(), &[]);
    app.run_blocking(move |state, caller| {
        let query = query?;
        let is_admin = caller.actor.as_ref().is_some_and(|actor| actor.role == Role::Admin);
        let mut sources = state.store.list_sources()?;
        sources.retain(|source| caller.may_list(source));
        let mut catalogs: HashMap<_, _> = state.store.list_catalogs()?.into_iter().collect();
        let facts: HashMap<_, _> = state.store.list_freshness_facts()?.into_iter().collect();
        let now = Utc::now();
        let feeds = if caller.actor.is_some() { state.store.all_feed_counts()? } else { HashMap::new() };
        let first = usize::try_from(query.offset()).unwrap_or(usize::MAX);
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
                title: source.title().to_owned(),
                slug: source.slug.into(),
                description: source.page.description,
                name: source.name,
                noun: source.noun.to_string(),
                kind: source.kind,
                public: source.public,
                schedule_zone: source.schedule.as_ref().map(|schedule| schedule.zone_name().to_owned()),
                schedule: source.schedule.map(|schedule| schedule.cron),
                freshness: facts
                    .get(&source.id)
                    .map_or(CatalogFreshness::unknown(), |facts| judge_freshness(facts, now)),
            }
        });
        JsonResponse::ok(&JsonList { items: items.collect(), page: query.page, per: query.per, total })
    })
    .await
}
