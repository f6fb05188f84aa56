//! What every part of the engine room works with.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::defaults;
use crate::fetch::SourceKinds;
use crate::status::StatusBoard;
use crate::store::Store;

/// How long things may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// How long a worker's right to a run lasts without renewal.
    pub lease: Duration,
    /// How often it is renewed.
    pub renewal: Duration,
    /// How long one fetch may take.
    pub fetch: Duration,
    /// How long one run may take.
    pub sync: Duration,
    /// How soon the same may be started again by hand.
    pub cooldown: Duration,
    /// How often the primary status store is told of progress at most; at a change of stage it is told at once.
    /// `Duration::MAX` is never.
    pub primary_every: Duration,
    /// How often the database is told of progress at least, while there is any. `Duration::MAX` is never.
    pub database_every: Duration,
    /// How long the primary status store keeps what it was told.
    pub status_kept: Duration,
    /// How long operations are kept after their end.
    pub operations_kept: Duration,
    /// How long records are kept, with the changes and issues of their runs.
    pub records_kept: Duration,
}

impl Timeouts {
    /// The values that hold without settings.
    pub const DEFAULT: Self = Self {
        lease: defaults::LEASE_DURATION,
        renewal: defaults::LEASE_RENEWAL_INTERVAL,
        fetch: defaults::FETCH_TIMEOUT,
        sync: defaults::SYNC_TIMEOUT,
        cooldown: defaults::COOLDOWN,
        primary_every: defaults::PRIMARY_REPORT_INTERVAL,
        database_every: defaults::DATABASE_REPORT_INTERVAL,
        status_kept: defaults::STATUS_RETENTION,
        operations_kept: defaults::OPERATION_RETENTION,
        records_kept: defaults::RECORD_RETENTION,
    };
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The engine: the database, the notice board, the ways to fetch, and how long things may take.
#[derive(Clone)]
pub struct SyncEngine {
    /// The cellar.
    pub store: Store,
    /// The notice board.
    pub board: Arc<StatusBoard>,
    /// The kinds of sources.
    pub kinds: Arc<SourceKinds>,
    /// How long things may take.
    pub terms: Timeouts,
    /// Rings when a run was queued in this process.
    pub bell: Arc<WakeSignal>,
}

/// A wake-up for idle workers. It is only a hint: they look at the queue from time to time anyway, because a run may
/// be queued by another process.
#[derive(Default)]
pub struct WakeSignal {
    rings: Mutex<u64>,
    changed: Condvar,
}

impl WakeSignal {
    /// Wakes whoever waits.
    pub fn ring(&self) {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// How often it has rung: ask before looking at the queue and hand the answer to [`WakeSignal::wait`], so that a ring
    /// between the look and the wait is not missed.
    #[must_use]
    pub fn rung(&self) -> u64 {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has rung more often than `heard`, at most for `most`.
    pub fn wait(&self, heard: u64, most: Duration) {
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        // Why it ended does not matter: the caller looks at the queue in any case.
        drop(self.changed.wait_timeout_while(rings, most, |rings| *rings == heard));
    }
}
