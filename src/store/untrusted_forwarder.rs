//! Remembers that a peer sends forwarded headers without being a trusted proxy, for `doctor`.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::error::StoreError;
use super::installation::{get_fact, set_fact};

/// The fact: the address, and the time in epoch milliseconds.
const UNTRUSTED_FORWARDER: &str = "untrusted_forwarder";

/// A peer whose forwarded headers were not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UntrustedForwarder {
    /// The address of the peer.
    pub address: IpAddr,
    /// The time at which a server last noted it.
    pub seen_at: DateTime<Utc>,
}

impl Store {
    /// Notes that `address` sends forwarded headers that are not believed. The last note replaces earlier ones.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn record_untrusted_forwarder(&self, address: IpAddr) -> Result<(), StoreError> {
        self.write(|conn| {
            let now = clock::now(conn)?;
            set_fact(conn, UNTRUSTED_FORWARDER, &format!("{address} {}", now.timestamp_millis()))
        })
    }
}

/// Returns the last note; `None` if there is none, or if it cannot be parsed.
pub(super) fn find_untrusted_forwarder(conn: &mut AnyConnection) -> Result<Option<UntrustedForwarder>, StoreError> {
    let Some(fact) = get_fact(conn, UNTRUSTED_FORWARDER)? else { return Ok(None) };
    let parsed = fact.split_once(' ').and_then(|(address, millis)| {
        let seen_at = DateTime::from_timestamp_millis(millis.parse().ok()?)?;
        Some(UntrustedForwarder { address: address.parse().ok()?, seen_at })
    });
    Ok(parsed)
}
