//! Decides what kind of response a request expects: JSON, a page, or a fragment of a page.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header;
use percent_encoding::percent_decode_str;

/// The status path of older clients, without a slash at its end.
const LEGACY_STATUS_PATH: &str = "/catalog/sync-status";
/// The endings of paths with data for programs.
const DATA_ENDINGS: [&str; 5] = [".json", ".csv", ".ndjson", ".xlsx", ".atom"];
/// The header that HTMX sends with each of its requests.
const HTMX_HEADER: &str = "hx-request";

/// The kind of response that a request expects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::web) enum ResponseFormat {
    /// JSON, exports and feeds. Bearer tokens are accepted here only.
    Json,
    /// A page for people.
    Page,
    /// A part of a page, requested by HTMX.
    Fragment,
}

impl ResponseFormat {
    /// The format that `request` expects, from its path and headers.
    #[must_use]
    pub(in crate::web) fn of(request: &HttpRequest) -> Self {
        let path = &*decoded_path(request);
        // No route serves `/metrics` yet: a monitoring program gets its 404 as JSON, not as a page.
        let is_data = path == "/metrics" || DATA_ENDINGS.iter().any(|ending| path.ends_with(ending));
        if path.starts_with("/api/") || is_data || is_legacy_json_request(request) {
            Self::Json
        } else if request.headers().contains_key(HTMX_HEADER) || is_fragment_path(path) {
            Self::Fragment
        } else {
            Self::Page
        }
    }
}

/// The path as the routes are matched with it: `/%61pi` is `/api`. An encoded slash separates nothing.
pub(in crate::web) fn decoded_path(request: &HttpRequest) -> Cow<'_, str> {
    let path = request.path();
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let kept = path.replace("%2F", "%252F").replace("%2f", "%252f");
    Cow::Owned(percent_decode_str(&kept).decode_utf8_lossy().into_owned())
}

/// Paths that only ever respond with a part of a page.
fn is_fragment_path(path: &str) -> bool {
    path.trim_end_matches('/').ends_with("/sync-status") || path == "/sync-badge"
}

/// Whether this is a request for the legacy status path that accepts JSON and no page.
pub(in crate::web) fn is_legacy_json_request(request: &HttpRequest) -> bool {
    if decoded_path(request).trim_end_matches('/') != LEGACY_STATUS_PATH {
        return false;
    }
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html") && !accept.contains("*/*")
}
