//! `GET /sitemap.xml`: the index of the sitemaps of all catalogs that search engines may list.

use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};

use super::sitemap_part::{ITEMS_PER_PART, begin_response};
use super::xml_document::SitemapDocument;
use crate::domain::source::Source;
use crate::store::catalog_version::CatalogVersion;
use crate::store::catalogs::Catalog;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::request_origin::request_origin;
use crate::web::item_lists::list_version::{KnownVersions, list_version};

/// A catalog in the index.
struct ListedCatalog {
    source: Source,
    version: CatalogVersion,
    /// When a run last changed it, if its record is still kept.
    changed_at: Option<DateTime<Utc>>,
}

/// `GET /sitemap.xml`.
pub(in crate::web) async fn file(app: AppContext, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let known = KnownVersions::of(&request);
    let origin = request_origin(&request, &app.state.links);
    let (version, text) = app
        .run_without_caller(move |state| {
            let catalogs = find_catalogs(state)?;
            let version = index_version(&catalogs, &origin);
            let text = if known.contain(&version) { None } else { Some(write_index(state, &catalogs, &origin)?) };
            Ok((version, text))
        })
        .await?;
    let mut response = begin_response(version, text.is_none());
    Ok(match text {
        Some(text) => response.body(text),
        None => response.finish(),
    })
}

fn find_catalogs(state: &AppState) -> Result<Vec<ListedCatalog>, WebError> {
    let listed = state.store.list_sources()?.into_iter().filter(Source::is_listed);
    listed
        .map(|source| {
            let version = state.store.catalog_version(source.id)?;
            let changed_at = state.store.list_changing_runs(source.id, 1)?.first().map(|run| run.finished_at);
            Ok(ListedCatalog { source, version, changed_at })
        })
        .collect()
}

/// The version of the index: it changes with every catalog in it.
fn index_version(catalogs: &[ListedCatalog], origin: &str) -> String {
    let describe = |catalog: &ListedCatalog| {
        format!("{} {} {:?}", catalog.source.slug, catalog.version.to_text(), catalog.changed_at)
    };
    let described: Vec<String> = catalogs.iter().map(describe).collect();
    list_version(CatalogVersion::default(), &Catalog::default(), &format!("index {origin} {}", described.join(" ")))
}

fn write_index(state: &AppState, catalogs: &[ListedCatalog], origin: &str) -> Result<String, WebError> {
    let mut text = SitemapDocument::Index.begin();
    for ListedCatalog { source, changed_at, .. } in catalogs {
        for after in state.store.divide_catalog(source.id, ITEMS_PER_PART)? {
            let link = format!("{origin}{}", state.links.sitemap_part(source.slug.as_str(), after));
            SitemapDocument::Index.add_entry(&mut text, &link, *changed_at);
        }
    }
    text.push_str(&SitemapDocument::Index.end());
    Ok(text)
}
