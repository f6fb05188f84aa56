//! Notes which peer sends forwarded headers without being a trusted proxy: in the log, and in the database for
//! `doctor`.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use actix_web::rt;
use parking_lot::Mutex;

use crate::store::Store;

/// The shortest time between two notes of one server.
const NOTE_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// When this server last noted such a peer.
#[derive(Debug, Default)]
pub struct ForwarderNotice(Mutex<Option<Instant>>);

impl ForwarderNotice {
    /// Notes `peer`, at most once an hour. A blocking thread writes it; call this on a thread of the server.
    pub(super) fn note(&self, store: &Store, peer: IpAddr) {
        let mut noted = self.0.lock();
        if noted.is_some_and(|time| time.elapsed() < NOTE_INTERVAL) {
            return;
        }
        *noted = Some(Instant::now());
        log::warn!(
            "requests from {peer} carry X-Forwarded headers, which are ignored: if this is your reverse proxy, set \
             LOCKSTEP_TRUSTED_PROXIES={peer}"
        );
        let store = store.clone();
        drop(rt::task::spawn_blocking(move || {
            if let Err(error) = store.record_untrusted_forwarder(peer) {
                log::debug!("the untrusted proxy was not noted: {error}");
            }
        }));
    }
}
