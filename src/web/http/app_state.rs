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
use crate::domain::run_activity::RunActivity;
use crate::domain::session_lifetimes::SessionLifetimes;
use crate::domain::trusted_proxies::TrustedProxies;
use crate::status::StatusBoard;
use crate::store::Store;
use crate::sync::SyncControl;

/// The state that all handlers share.
pub struct AppState {
    /// The database.
    pub store: Store,
    /// Searches, filters and sorts catalogs.
    pub indexes: CatalogIndexes,
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
    pub forwarder_notice: ForwarderNotice,
    /// Limits how many requests for data are answered.
    pub rate_limiter: RateLimiter,
    /// When sessions end without a logout.
    pub session_lifetimes: SessionLifetimes,
    /// Builds links below the public URL.
    pub links: LinkBuilder,
    /// The number of stale sources, which every page shows to people with an account.
    pub stale_sources: CachedValue<u64>,
    /// The runs of all sources, which every polled panel brings along for the badge.
    pub recent_activity: CachedValue<Arc<[RunActivity]>>,
    /// The polls that were just answered with 304.
    pub repeated_polls: RepeatedPolls,
    /// Writes when sessions and tokens were last used.
    pub last_uses: LastUseRecorder,
    /// What the About page shows of the server itself.
    pub server: ServerInfo,
}

/// The application state as handlers extract it.
pub(in crate::web) type AppData = web::Data<AppState>;
