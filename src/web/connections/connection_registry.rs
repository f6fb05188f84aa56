//! All connections of the server. Decides whether one more may be opened, and which one is closed for it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use parking_lot::Mutex;

use super::connection_limits::ConnectionLimits;
use super::guarded_connection::GuardedConnection;
use crate::domain::client_network::ClientNetwork;
use crate::domain::trusted_proxies::TrustedProxies;

/// How often connections are closed whose client has taken too long.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How often it is logged that connections were closed or refused.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The connections of a server.
#[derive(Debug)]
pub(in crate::web) struct ConnectionRegistry {
    limits: ConnectionLimits,
    trusted_proxies: TrustedProxies,
    connections: Mutex<ConnectionTable>,
    closed: AtomicU64,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct ConnectionTable {
    next_id: u64,
    by_id: HashMap<u64, Arc<GuardedConnection>>,
    by_network: HashMap<ClientNetwork, Vec<u64>>,
}

/// A connection in the registry. It leaves the registry when this is dropped.
pub(in crate::web) struct RegisteredConnection {
    id: u64,
    connection: Arc<GuardedConnection>,
    registry: Arc<ConnectionRegistry>,
}

impl ConnectionRegistry {
    /// A registry without connections. A trusted proxy may have any number of incomplete requests, because they are of
    /// different clients.
    pub(in crate::web) fn new(limits: ConnectionLimits, trusted_proxies: TrustedProxies) -> Self {
        Self {
            limits,
            trusted_proxies,
            connections: Mutex::default(),
            closed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Adds a new connection from `address`, and closes another one if there are too many. `None` if there are too
    /// many, and none of them waits for its client.
    pub(in crate::web) fn admit(self: &Arc<Self>, address: IpAddr, now: Instant) -> Option<RegisteredConnection> {
        let counted = (!self.trusted_proxies.is_trusted(address)).then_some(address);
        let connection = Arc::new(GuardedConnection::new(counted, self.limits, now));
        let mut table = self.connections.lock();
        let most = self.limits.max_connections;
        if table.by_id.len() >= most && table.count_open() >= most {
            let Some(victim) = table.find_longest_waiting(now) else {
                self.refused.fetch_add(1, Ordering::Relaxed);
                return None;
            };
            self.close(&victim);
        }
        if let Some(victim) =
            connection.network.and_then(|network| table.find_excess(network, self.limits.max_incomplete))
        {
            self.close(&victim);
        }
        let id = table.add(&connection);
        Some(RegisteredConnection { id, connection, registry: Arc::clone(self) })
    }

    fn close(&self, connection: &GuardedConnection) {
        connection.evict();
        self.closed.fetch_add(1, Ordering::Relaxed);
    }

    /// Closes the connections whose client has taken too long.
    fn close_overdue(&self, now: Instant) {
        let table = self.connections.lock();
        let overdue = table.by_id.values().filter(|connection| !connection.is_evicted() && connection.is_overdue(now));
        overdue.for_each(|connection| self.close(connection));
    }

    fn log_closed(&self) {
        let [closed, refused] = [&self.closed, &self.refused].map(|count| count.swap(0, Ordering::Relaxed));
        if closed + refused > 0 {
            log::warn!(
                "slow or too many clients: closed {closed} connections and refused {refused} in the last minute"
            );
        }
    }
}

impl ConnectionTable {
    /// The number of connections that are not being closed.
    fn count_open(&self) -> usize {
        self.by_id.values().filter(|connection| !connection.is_evicted()).count()
    }

    fn find_longest_waiting(&self, now: Instant) -> Option<Arc<GuardedConnection>> {
        let waiting = self.by_id.values().filter_map(|connection| Some((connection.waiting_since(now)?, connection)));
        waiting.min_by_key(|(since, _)| *since).map(|(_, connection)| Arc::clone(connection))
    }

    /// The oldest incomplete connection of an address that has `limit` of them already.
    fn find_excess(&self, network: ClientNetwork, limit: usize) -> Option<Arc<GuardedConnection>> {
        let ids = self.by_network.get(&network).filter(|ids| ids.len() >= limit)?;
        let of_network = ids.iter().filter_map(|id| self.by_id.get(id));
        let incomplete: Vec<_> =
            of_network.filter_map(|connection| Some((connection.incomplete_since()?, connection))).collect();
        let oldest = incomplete.iter().min_by_key(|(since, _)| *since).filter(|_| incomplete.len() >= limit);
        oldest.map(|(_, connection)| Arc::clone(connection))
    }

    fn add(&mut self, connection: &Arc<GuardedConnection>) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.by_id.insert(id, Arc::clone(connection));
        if let Some(network) = connection.network {
            self.by_network.entry(network).or_default().push(id);
        }
        id
    }

    fn remove(&mut self, id: u64) {
        let Some(network) = self.by_id.remove(&id).and_then(|connection| connection.network) else { return };
        if let Some(ids) = self.by_network.get_mut(&network) {
            ids.retain(|known| *known != id);
            if ids.is_empty() {
                self.by_network.remove(&network);
            }
        }
    }
}

impl RegisteredConnection {
    /// Returns what is known of the connection.
    pub(super) fn connection(&self) -> &Arc<GuardedConnection> {
        &self.connection
    }
}

impl Drop for RegisteredConnection {
    fn drop(&mut self) {
        self.registry.connections.lock().remove(self.id);
    }
}

/// Closes connections whose client has taken too long, until the registry is gone.
pub(in crate::web) async fn close_overdue_connections(registry: Weak<ConnectionRegistry>) {
    let mut logged = Instant::now();
    loop {
        sleep(CHECK_INTERVAL).await;
        let Some(registry) = registry.upgrade() else { return };
        let now = Instant::now();
        registry.close_overdue(now);
        if now.saturating_duration_since(logged) >= LOG_INTERVAL {
            logged = now;
            registry.log_closed();
        }
    }
}

#[cfg(test)]
mod tests;
