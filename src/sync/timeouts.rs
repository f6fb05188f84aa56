//! The intervals and time limits of the engine.

use std::time::Duration;

use crate::domain::defaults;

/// The intervals and time limits of the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// How long a worker's lease on a run lasts without renewal.
    pub lease: Duration,
    /// How often a lease is renewed.
    pub renewal_interval: Duration,
    /// How long one fetch may take.
    pub fetch: Duration,
    /// How long one run may take.
    pub sync: Duration,
    /// How long a person waits before the same run can be started again.
    pub cooldown: Duration,
    /// The pause before the first automatic retry of a scheduled sync; zero switches retries off.
    pub retry_pause: Duration,
    /// The shortest time between two progress reports to the primary status store. A change of stage is reported at
    /// once. `Duration::MAX` turns the reports off.
    pub primary_interval: Duration,
    /// The longest time between two progress reports to the database while a run progresses. `Duration::MAX` turns the
    /// reports off.
    pub database_interval: Duration,
    /// How long the primary status store keeps a report.
    pub status_retention: Duration,
    /// How long operations are kept after their end.
    pub operation_retention: Duration,
    /// How long records are kept, with the changes and issues of their runs.
    pub record_retention: Duration,
}

impl Timeouts {
    /// The values without settings.
    pub const DEFAULT: Self = Self {
        lease: defaults::LEASE_DURATION,
        renewal_interval: defaults::LEASE_RENEWAL_INTERVAL,
        fetch: defaults::FETCH_TIMEOUT,
        sync: defaults::SYNC_TIMEOUT,
        cooldown: defaults::SYNC_COOLDOWN,
        retry_pause: defaults::RETRY_PAUSE,
        primary_interval: defaults::PRIMARY_REPORT_INTERVAL,
        database_interval: defaults::DATABASE_REPORT_INTERVAL,
        status_retention: defaults::STATUS_RETENTION,
        operation_retention: defaults::OPERATION_RETENTION,
        record_retention: defaults::RECORD_RETENTION,
    };
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::DEFAULT
    }
}
