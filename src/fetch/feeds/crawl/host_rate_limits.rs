//! Applies the rate limit of a host to all its feeds.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::fetch::http::response_status::display_host;
use crate::fetch::http::web_address::parse_web_address;

/// A whole host counts as rate-limited if at least this many of its feeds are rate-limited. A single rate limit may
/// concern that feed alone.
const MIN_RATE_LIMITED_FEEDS: u32 = 2;

/// The rate limits that hosts declared in one run.
#[derive(Default)]
pub(super) struct HostRateLimits {
    /// By host and port: how many feeds are rate-limited, and until when at the latest.
    hosts: HashMap<String, (u32, DateTime<Utc>)>,
}

impl HostRateLimits {
    /// Adds the rate limit that `host` declared for one feed.
    pub(super) fn add(&mut self, host: String, until: DateTime<Utc>) {
        let (feeds, latest) = self.hosts.entry(host).or_insert((0, until));
        (*feeds, *latest) = (*feeds + 1, until.max(*latest));
    }

    /// Until when the host of `address` counts as rate-limited, if it does.
    pub(super) fn until(&self, address: &str) -> Option<DateTime<Utc>> {
        if self.hosts.is_empty() {
            return None;
        }
        let (feeds, until) = self.hosts.get(&display_host(&parse_web_address(address).ok()?))?;
        (*feeds >= MIN_RATE_LIMITED_FEEDS).then_some(*until)
    }
}
