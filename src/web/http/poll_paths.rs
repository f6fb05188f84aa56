//! The paths that open pages and programs poll. A poll is not limited, does not count as use, and never writes.

use actix_web::http::Method;

/// Whether a request asks for the status of runs or of the server. A POST to such a path starts something.
pub(in crate::web) fn is_poll(method: &Method, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    method.is_safe()
        && (path == "/sync-badge"
            || path == "/api/sync-sheets-bg"
            || path.ends_with("/sync-status")
            || path.starts_with("/api/sync/status/")
            || path.starts_with("/api/health"))
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::is_poll;

    #[test]
    fn requests_for_status_are_polls() {
        for poll in [
            "/sync-badge",
            "/catalog/albums/sync-status",
            "/catalog/sync-status/",
            "/history/sync_0199/sync-status",
            "/api/sync/status/sync_0199",
            "/api/sync-sheets-bg",
            "/api/health",
            "/api/health/sync",
        ] {
            assert!(is_poll(&Method::GET, poll) && is_poll(&Method::HEAD, poll), "{poll}");
            assert!(!is_poll(&Method::POST, poll), "{poll}");
        }
        for use_of_lockstep in ["/", "/catalog/albums", "/api/sync", "/api/catalog/albums/items", "/settings/account"] {
            assert!(!is_poll(&Method::GET, use_of_lockstep), "{use_of_lockstep}");
        }
    }
}
