//! How a site is reached: its public URL, proxies and limits.

use lockstep::domain::trusted_proxies::TrustedProxies;
use lockstep::web::ConnectionLimits;
use lockstep::web::http::links::LinkBuilder;

/// How a site is reached.
pub(super) struct SiteFront {
    pub(super) links: LinkBuilder,
    pub(super) trusted_proxies: TrustedProxies,
    /// How many requests for data a second are answered; 0 for any number.
    pub(super) rate_limit: u32,
    pub(super) connections: ConnectionLimits,
}

impl Default for SiteFront {
    fn default() -> Self {
        Self {
            links: LinkBuilder::default(),
            trusted_proxies: TrustedProxies::default(),
            rate_limit: 0,
            connections: ConnectionLimits::for_open_files(1024),
        }
    }
}
