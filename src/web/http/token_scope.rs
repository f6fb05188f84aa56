//! What a token that is limited to one source may request.

use actix_web::HttpRequest;

use super::app_state::AppState;
use super::error::WebError;
use crate::domain::source::{Source, SourceId};
use crate::domain::sync_id::SyncId;

/// Routes about several sources, or whose source is in the body: their handlers show and do only what the token is for.
const LISTING_PATTERNS: [&str; 5] =
    ["/api/sources", "/api/history", "/api/sync", "/api/sync-sheets", "/api/sync-sheets-bg"];
/// Routes that show nothing of any source.
const NEUTRAL_PATTERNS: [&str; 3] = ["/api/health", "/api/health/sync", "/api/openapi.json"];
/// The beginnings of the patterns whose `{id}` is that of a run.
const RUN_PREFIXES: [&str; 3] = ["/api/sync/", "/api/history/", "/history/"];

/// The source that a request is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum RequestTarget {
    /// The source with the slug in the path.
    Slug(String),
    /// The source of the run in the path.
    Run(String),
    /// Its handler decides, or it is about no source.
    Handled,
    /// Anything else, which is closed to tokens for one source.
    Closed,
}

impl RequestTarget {
    /// The source that `request` is about, by the pattern of its route. A path that is no route shows nothing.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let Some(pattern) = request.match_pattern() else { return Self::Handled };
        let pattern = pattern.as_str();
        let parameter = |name: &str| request.match_info().get(name).map(str::to_owned);
        if let Some(slug) = parameter("slug") {
            return Self::Slug(slug);
        }
        let run = parameter("id").filter(|_| RUN_PREFIXES.iter().any(|prefix| pattern.starts_with(prefix)));
        match run {
            Some(id) => Self::Run(id),
            None if LISTING_PATTERNS.contains(&pattern) || NEUTRAL_PATTERNS.contains(&pattern) => Self::Handled,
            None => Self::Closed,
        }
    }

    /// Refuses the request unless it is about `only`, or its handler decides.
    ///
    /// # Errors
    /// `not_found` for a source or run that does not exist, or a private one that is not `only`; `other_source` for all
    /// others; `database_away` or `database_busy` if it cannot be queried.
    pub(super) fn check(&self, state: &AppState, only: SourceId) -> Result<(), WebError> {
        match self {
            Self::Handled => Ok(()),
            Self::Closed => Err(WebError::other_source()),
            Self::Slug(slug) => match state.store.find_source(slug)? {
                Some(source) => check_source(&source, Some(only)),
                None => Err(WebError::not_found("source")),
            },
            Self::Run(id) => {
                let id = id.parse::<SyncId>().ok();
                let source = id.map(|id| state.store.source_of_run(id)).transpose()?.flatten();
                if source == Some(only) { Ok(()) } else { Err(WebError::not_found("sync")) }
            }
        }
    }
}

/// Refuses `source` to a token that is limited to another one. Private sources look as if they did not exist.
///
/// # Errors
/// `other_source` for a public source, `not_found` for a private one.
pub(super) fn check_source(source: &Source, only: Option<SourceId>) -> Result<(), WebError> {
    match only {
        Some(only) if only != source.id && source.public => Err(WebError::other_source()),
        Some(only) if only != source.id => Err(WebError::not_found("source")),
        _ => Ok(()),
    }
}
