//! Writes when sessions and tokens were last used: rarely, and after the request that used them, which never waits for
//! it.

use actix_web::rt;
use chrono::Utc;
use moka::sync::Cache;

use crate::domain::account::{ActorUse, CredentialHash, LAST_USE_PRECISION};
use crate::domain::session_lifetimes::SessionLifetimes;
use crate::store::Store;

/// The most sessions and tokens that are remembered. Others are written by each request until one has been written.
const MAX_REMEMBERED: u64 = 10_000;

/// Remembers what this server has just written, so that many requests at once write one time.
#[derive(Debug)]
pub struct LastUseRecorder(Cache<CredentialHash, ()>);

/// Whether a request for this path means that its sender uses Lockstep. Open pages and programs poll the status of runs
/// all the time, and reading a status never writes.
pub(in crate::web) fn counts_as_use(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let is_poll = path == "/sync-badge"
        || path == "/api/sync-sheets-bg"
        || path.ends_with("/sync-status")
        || path.starts_with("/api/sync/status/")
        || path.starts_with("/api/health");
    !is_poll
}

impl Default for LastUseRecorder {
    fn default() -> Self {
        let kept_for = LAST_USE_PRECISION.to_std().unwrap_or_default();
        Self(Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(kept_for).build())
    }
}

impl LastUseRecorder {
    /// Lets a blocking thread write that `credential` is used, unless that was written less than five minutes ago.
    /// `known` is what the database has. Call this on a thread of the server. A failure is logged, and the next try is
    /// five minutes later.
    pub(super) fn record(
        &self,
        store: &Store,
        lifetimes: SessionLifetimes,
        credential: &CredentialHash,
        known: &ActorUse,
    ) {
        if !known.is_news(Utc::now()) || !self.0.entry_by_ref(credential).or_insert(()).is_fresh() {
            return;
        }
        let (store, credential) = (store.clone(), credential.clone());
        drop(rt::task::spawn_blocking(move || {
            if let Err(error) = store.record_use(&credential, lifetimes) {
                log::debug!("the last use of a session or token was not written: {error}");
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::counts_as_use;

    #[test]
    fn polls_of_status_do_not_count_as_use() {
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
            assert!(!counts_as_use(poll), "{poll}");
        }
        for use_of_lockstep in ["/", "/catalog/albums", "/api/sync", "/api/catalog/albums/items", "/settings/account"] {
            assert!(counts_as_use(use_of_lockstep), "{use_of_lockstep}");
        }
    }
}
