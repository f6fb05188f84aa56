//! `GET /catalog/{slug}.atom` and `GET /catalog/{slug}.feed.json`. Visitors read the feeds of public catalogs; those of
//! private ones need a session or a token.

use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};

use super::atom::write_atom;
use super::build::{FeedContext, MAX_ENTRIES};
use super::json::write_json_feed;
use super::view::CatalogFeed;
use crate::domain::source::Source;
use crate::store::recent_changes::RunWithChanges;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;
use crate::web::http::request_origin::request_origin;
use crate::web::item_lists::list_address::split_query;
use crate::web::item_lists::list_version::{KnownVersions, list_headers, list_version};
use crate::web::item_lists::parameters::ParameterProblem;

/// The format of a feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum FeedFormat {
    Atom,
    Json,
}

impl FeedFormat {
    /// The end of the address.
    const fn extension(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Json => "feed.json",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Json => "application/feed+json; charset=utf-8",
        }
    }

    fn write(self, feed: &CatalogFeed) -> Result<Vec<u8>, WebError> {
        match self {
            Self::Atom => write_atom(feed).map_err(|error| WebError::internal("a feed could not be written", &error)),
            Self::Json => {
                write_json_feed(feed).map_err(|error| WebError::internal("a feed could not be written", &error))
            }
        }
    }
}

/// What a request for a feed is answered with.
struct FeedAnswer {
    headers: Vec<(HeaderName, String)>,
    /// The document; `None` if the client has the current one.
    body: Option<Vec<u8>>,
}

/// `GET /catalog/{slug}.atom`.
pub(in crate::web) async fn atom(
    app: AppContext,
    slug: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    send_feed(app, slug.into_inner(), &request, FeedFormat::Atom).await
}

/// `GET /catalog/{slug}.feed.json`.
pub(in crate::web) async fn json(
    app: AppContext,
    slug: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    send_feed(app, slug.into_inner(), &request, FeedFormat::Json).await
}

async fn send_feed(
    app: AppContext,
    slug: String,
    request: &HttpRequest,
    format: FeedFormat,
) -> Result<HttpResponse, WebError> {
    let known = KnownVersions::of(request);
    let query = request.query_string().to_owned();
    let origin = request_origin(request, &app.state.links);
    let answer = app
        .run_on_catalog(&slug, move |state, caller, source| {
            answer_feed(state, caller, source, &query, &known, &origin, format)
        })
        .await?;
    let mut response = if answer.body.is_some() { HttpResponse::Ok() } else { HttpResponse::NotModified() };
    for header in answer.headers {
        response.insert_header(header);
    }
    Ok(match answer.body {
        Some(body) => response.insert_header((header::CONTENT_TYPE, format.content_type())).body(body),
        None => response.finish(),
    })
}

fn answer_feed(
    state: &AppState,
    caller: &RequestCaller,
    source: &Source,
    query: &str,
    known: &KnownVersions,
    origin: &str,
    format: FeedFormat,
) -> Result<FeedAnswer, WebError> {
    if let Some((name, _)) = split_query(query).first() {
        return Err(ParameterProblem::unknown(name, format!("“{name}” is not a parameter of this feed.")).into());
    }
    let Some(catalog) = state.store.find_catalog(source.id)? else { return Err(WebError::not_found("catalog")) };
    let catalog_version = state.store.catalog_version(source.id)?;
    let times = state.store.source_times(source.id)?.ok_or_else(|| WebError::not_found("catalog"))?;
    let mut runs = state.store.list_changing_runs(source.id, MAX_ENTRIES)?;
    if caller.actor.is_none() {
        // Visitors could not read what the catalog had while it was private.
        runs.retain(|run| times.public_since.is_none_or(|since| run.finished_at > since));
    }
    let version = list_version(catalog_version, &catalog, &describe_request(source, &runs, origin, format));
    let headers = list_headers(source, Some(version.clone()));
    if known.contain(&version) {
        return Ok(FeedAnswer { headers, body: None });
    }
    let context = FeedContext { state, source, catalog: &catalog, added_at: times.added_at, origin };
    let feed = context.build_feed(&runs, &state.links.catalog_file(source.slug.as_str(), format.extension()))?;
    Ok(FeedAnswer { headers, body: Some(format.write(&feed)?) })
}

/// Returns what a feed depends on besides the items and columns. A run has its entries only once it has ended, which
/// does not change the version of the catalog.
fn describe_request(source: &Source, runs: &[RunWithChanges], origin: &str, format: FeedFormat) -> String {
    let ids: Vec<String> = runs.iter().map(|run| run.id.to_string()).collect();
    format!("{} {origin} {:?} {:?} {}", format.extension(), source.title(), source.noun, ids.join(" "))
}
