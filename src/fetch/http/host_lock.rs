//! Allows one request at a time per host and port, in the whole process and for every kind of source.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::sync::{LazyLock, PoisonError};
use std::time::Instant;

use url::Url;

use super::cancel_token::{CancelToken, FetchEnd, POLL_INTERVAL};
use super::web_address::host_key;

static BUSY_HOSTS: LazyLock<(Mutex<HashSet<String>>, Condvar)> = LazyLock::new(Default::default);

/// The exclusive right to send requests to one host and port. Released on drop.
#[derive(Debug)]
pub(super) struct HostLock {
    key: String,
}

impl HostLock {
    /// Waits until no other fetch uses the host and port of `url`, and takes the lock. The wait does not count towards
    /// the time limit, because a slow fetch must not make the waiting fetches fail.
    ///
    /// # Errors
    /// Why the fetch must end before the lock is free.
    pub(super) fn take(url: &Url, cancel: &CancelToken) -> Result<Self, FetchEnd> {
        let key = host_key(url);
        let started = Instant::now();
        let mut busy = lock();
        while busy.contains(&key) {
            cancel.check_while_queued()?;
            busy = BUSY_HOSTS.1.wait_timeout(busy, POLL_INTERVAL).unwrap_or_else(PoisonError::into_inner).0;
        }
        busy.insert(key.clone());
        cancel.extend_deadline(started.elapsed());
        Ok(Self { key })
    }
}

impl Drop for HostLock {
    fn drop(&mut self) {
        lock().remove(&self.key);
        BUSY_HOSTS.1.notify_all();
    }
}

fn lock() -> MutexGuard<'static, HashSet<String>> {
    // The set is consistent even if a holder panicked.
    BUSY_HOSTS.0.lock().unwrap_or_else(PoisonError::into_inner)
}
