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
