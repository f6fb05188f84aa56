//! Recognises requests of older clients whose path alone does not say which format they expect.

use actix_web::HttpRequest;
use actix_web::http::header;

/// The status path of older clients, without a slash at its end.
const LEGACY_STATUS_PATH: &str = "/catalog/sync-status";

/// Whether this is a request for the legacy status path that accepts JSON and no page.
pub(in crate::web) fn is_legacy_json_request(request: &HttpRequest) -> bool {
    if request.path().trim_end_matches('/') != LEGACY_STATUS_PATH {
        return false;
    }
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html") && !accept.contains("*/*")
}
