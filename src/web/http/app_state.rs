//! The application state that all requests share.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::web;

use super::cached_value::CachedValue;
use super::forwarder_notice::ForwarderNotice;
use super::last_use_recorder::LastUseRecorder;
use super::links::LinkBuilder;
use super::rate_limiter::RateLimiter;
use super::repeated_polls::RepeatedPolls;
use super::server_info::ServerInfo;
use crate::catalog_index::CatalogIndexes;
use crate::domain::audit::AuditOrigin;
use crate::domain::run_activity::RunActivity;
use crate::domain::session_lifetimes::SessionLifetimes;
use crate::domain::trusted_proxies::TrustedProxies;
use crate::status::StatusBoard;
use crate::store::Store;
use crate::sync::SyncControl;

/// The state that all handlers share. Clones share everything.
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub store: Store,
    /// Searches, filters and sorts catalogs.
    pub indexes: Arc<CatalogIndexes>,
    /// Live status of runs.
    pub board: Arc<StatusBoard>,
    /// Starts and cancels runs, and probes sources.
    pub control: SyncControl,
    /// The folder of temporary files.
    pub temporary_dir: PathBuf,
    /// The folder of uploaded files.
    pub uploads_dir: PathBuf,
    /// The reverse proxies whose forwarded headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// Notes proxies that are not trusted.
    pub forwarder_notice: Arc<ForwarderNotice>,
    /// Limits how many requests for data are answered.
    pub rate_limiter: Arc<RateLimiter>,
    /// When sessions end without a logout.
    pub session_lifetimes: SessionLifetimes,
    /// Builds links below the public URL.
    pub links: LinkBuilder,
    /// The number of stale sources, which every page shows to people with an account.
    pub stale_sources: Arc<CachedValue<u64>>,
    /// The runs of all sources, which every polled panel brings along for the badge.
    pub recent_activity: Arc<CachedValue<Arc<[RunActivity]>>>,
    /// The polls that were just answered with 304.
    pub repeated_polls: Arc<RepeatedPolls>,
    /// Writes when sessions and tokens were last used.
    pub last_uses: Arc<LastUseRecorder>,
    /// What the About page shows of the server itself.
    pub server: Arc<ServerInfo>,
}

impl AppState {
    /// Returns the same state for somebody who acts: what is changed through it is recorded with their name.
    pub(in crate::web) fn on_behalf_of(&self, origin: AuditOrigin) -> Self {
        Self {
            store: self.store.on_behalf_of(origin.clone()),
            control: self.control.on_behalf_of(origin),
            ..self.clone()
        }
    }
}

/// The application state as handlers extract it.
pub(in crate::web) type AppData = web::Data<AppState>;
