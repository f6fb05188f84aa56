//! `GET /sitemap-{slug}-{after}.xml`: a part of the sitemap of one catalog.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};

use super::xml_document::SitemapDocument;
use crate::domain::source::{Source, SourceId};
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::request_origin::request_origin;
use crate::web::http::streamed_body::{ChunkProducer, stream_chunks};
use crate::web::item_lists::list_version::{KnownVersions, list_version};

/// The number of items in a part: with the page of the catalog itself, the 50,000 pages that a sitemap may list.
pub(super) const ITEMS_PER_PART: u32 = 49_999;
/// The number of items that are read at once.
const ITEMS_PER_CHUNK: u32 = 2000;

/// Produces the entries of a part.
struct PartWriter {
    source: SourceId,
    /// What the link of every item begins with.
    item_link: String,
    /// The id of the last item that was written.
    after: i64,
    /// How many more items belong to the part.
    left: u32,
    has_ended: bool,
}

impl ChunkProducer for PartWriter {
    fn next_chunk(&mut self, state: &AppState) -> Result<Option<Vec<u8>>, WebError> {
        if self.has_ended {
            return Ok(None);
        }
        let items = state.store.item_addresses(self.source, self.after, self.left.min(ITEMS_PER_CHUNK))?;
        let mut text = String::new();
        for item in &items {
            let link = format!("{}{}", self.item_link, item.id);
            SitemapDocument::Pages.add_entry(&mut text, &link, Some(item.changed_at));
        }
        self.after = items.last().map_or(self.after, |item| item.id);
        self.left -= u32::try_from(items.len()).unwrap_or(self.left).min(self.left);
        if items.is_empty() || self.left == 0 {
            self.has_ended = true;
            text.push_str(&SitemapDocument::Pages.end());
        }
        Ok(Some(text.into_bytes()))
    }
}

/// `GET /sitemap-{slug}-{after}.xml`: the items with ids greater than `after`; in the first part the page of the
/// catalog too.
pub(in crate::web) async fn file(
    app: AppContext,
    path: web::Path<(String, i64)>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let (slug, after) = path.into_inner();
    let known = KnownVersions::of(&request);
    let origin = request_origin(&request, &app.state.links);
    let (version, part) = app
        .run_without_caller(move |state| {
            let listed = state.store.find_source(&slug)?.filter(Source::is_listed);
            let Some(source) = listed else { return Err(WebError::not_found("page")) };
            let Some(catalog) = state.store.find_catalog(source.id)? else { return Err(WebError::not_found("page")) };
            let version = state.store.catalog_version(source.id)?;
            let version = list_version(version, &catalog, &format!("sitemap {origin} {after}"));
            let part = if known.contain(&version) { None } else { Some(begin_part(state, &source, after, &origin)?) };
            Ok((version, part))
        })
        .await?;
    let mut response = begin_response(version, part.is_none());
    Ok(match part {
        Some((first, rest)) => response.streaming(stream_chunks(app.state.clone(), first, rest)),
        None => response.finish(),
    })
}

/// The beginning of a part, and what produces the rest.
fn begin_part(state: &AppState, source: &Source, after: i64, origin: &str) -> Result<(Vec<u8>, PartWriter), WebError> {
    let slug = source.slug.as_str();
    let mut text = SitemapDocument::Pages.begin();
    if after == 0 {
        let changed_at = state.store.list_changing_runs(source.id, 1)?.first().map(|run| run.finished_at);
        let link = format!("{origin}{}", state.links.catalog(slug));
        SitemapDocument::Pages.add_entry(&mut text, &link, changed_at);
    }
    let item_link = format!("{origin}{}", state.links.item(slug, ""));
    let rest = PartWriter { source: source.id, item_link, after, left: ITEMS_PER_PART, has_ended: false };
    Ok((text.into_bytes(), rest))
}

/// The beginning of the response with a sitemap.
pub(super) fn begin_response(version: String, is_known: bool) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response
        .insert_header((header::ETAG, version))
        // Kept, but never used without asking.
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_TYPE, "application/xml; charset=utf-8"));
    response
}
