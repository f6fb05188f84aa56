//! The paths that open pages and programs poll. A poll is not limited, does not count as use, and never writes.

/// Whether a request for this path asks for the status of runs or of the server.
pub(in crate::web) fn is_poll(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    path == "/sync-badge"
        || path == "/api/sync-sheets-bg"
        || path.ends_with("/sync-status")
        || path.starts_with("/api/sync/status/")
        || path.starts_with("/api/health")
}

#[cfg(test)]
mod tests {
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
            assert!(is_poll(poll), "{poll}");
        }
        for use_of_lockstep in ["/", "/catalog/albums", "/api/sync", "/api/catalog/albums/items", "/settings/account"] {
            assert!(!is_poll(use_of_lockstep), "{use_of_lockstep}");
        }
    }
}
