//! Checks the database and the status store and logs their health to `health.jsonl`: at the start, every minute, and
//! when it changes. Changes are also logged on standard error.

use std::fmt::Display;
use std::time::{Duration, Instant};

use log::Level;

use super::catch_panic::catch_panic;
use super::engine::SyncEngine;
use super::shutdown_signal::ShutdownSignal;
use crate::domain::log_fields::HEALTH_TARGET;
use crate::store::diagnostics::QueueCounts;

/// How often the database is checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// The status store is checked once for this number of checks of the database.
const DATABASE_CHECKS_PER_STATUS_CHECK: u32 = 5;
/// How often a line is written even if nothing changed.
const LINE_INTERVAL: Duration = Duration::from_secs(60);

/// Logs health until the process shuts down.
pub(super) fn log_health(engine: &SyncEngine, shutdown: &ShutdownSignal) {
    let mut monitor = HealthMonitor::new();
    while !shutdown.is_requested() {
        if catch_panic("the health log", || monitor.check(engine)).is_none() {
            // The state may be inconsistent after a panic.
            monitor = HealthMonitor::new();
        }
        shutdown.sleep(CHECK_INTERVAL);
    }
    monitor.log_event(engine, "stopped");
}

/// The health at the last check.
struct HealthMonitor {
    started_at: Instant,
    checks: u32,
    last_line_at: Option<Instant>,
    database: ServiceState<QueueCounts>,
    status_store: ServiceState<()>,
}

/// Whether a service responded to the last check.
struct ServiceState<T> {
    /// Its last response; `None` while it does not respond.
    response: Option<T>,
    response_time: Duration,
    unavailable_since: Option<Instant>,
}

/// How a service changed since the previous check.
enum HealthChange {
    Unavailable(String),
    AvailableAgain { after_seconds: u64 },
}

impl<T> ServiceState<T> {
    /// The state before the first check: available until a check fails.
    const fn unchecked() -> Self {
        Self { response: None, response_time: Duration::ZERO, unavailable_since: None }
    }

    const fn is_available(&self) -> bool {
        self.unavailable_since.is_none()
    }

    /// Sends a request. Returns the change, if there is one.
    fn check<E: Display>(&mut self, request: impl FnOnce() -> Result<T, E>) -> Option<HealthChange> {
        let started = Instant::now();
        let result = request();
        self.response_time = started.elapsed();
        match result {
            Ok(response) => {
                self.response = Some(response);
                let since = self.unavailable_since.take()?;
                Some(HealthChange::AvailableAgain { after_seconds: since.elapsed().as_secs() })
            }
            Err(error) => {
                self.response = None;
                if self.unavailable_since.is_some() {
                    return None;
                }
                self.unavailable_since = Some(started);
                Some(HealthChange::Unavailable(error.to_string()))
            }
        }
    }
}

impl HealthMonitor {
    fn new() -> Self {
        Self {
            started_at: Instant::now(),
            checks: 0,
            last_line_at: None,
            database: ServiceState::unchecked(),
            status_store: ServiceState::unchecked(),
        }
    }

    fn check(&mut self, engine: &SyncEngine) {
        let database = self.database.check(|| engine.store.queue_counts());
        let is_status_check = database.is_some() || self.checks.is_multiple_of(DATABASE_CHECKS_PER_STATUS_CHECK);
        self.checks = self.checks.wrapping_add(1);
        if is_status_check && let Some(change) = self.status_store.check(|| engine.status_board.check_primary()) {
            self.log_status_store(engine, &change);
        }
        match database {
            Some(change) => self.log_database(engine, &change),
            None => match self.last_line_at {
                None => self.log_event(engine, "started"),
                Some(at) if at.elapsed() >= LINE_INTERVAL => self.log_event(engine, "minute"),
                Some(_) => {}
            },
        }
    }

    fn log_status_store(&mut self, engine: &SyncEngine, change: &HealthChange) {
        let store = engine.status_board.primary_name();
        match change {
            HealthChange::Unavailable(error) => {
                let message =
                    format!("the status store ({store}) is unavailable: {error}; the database is used instead");
                self.log_change(engine, Level::Warn, "status_store_away", &message);
            }
            HealthChange::AvailableAgain { after_seconds } => {
                let message = format!("the status store ({store}) is available again after {after_seconds} s");
                self.log_change(engine, Level::Info, "status_store_back", &message);
            }
        }
    }

    fn log_database(&mut self, engine: &SyncEngine, change: &HealthChange) {
        match change {
            HealthChange::Unavailable(error) => {
                let message = format!("the database is unavailable: {error}");
                self.log_change(engine, Level::Warn, "database_away", &message);
            }
            HealthChange::AvailableAgain { after_seconds } => {
                let message = format!("the database is available again after {after_seconds} s");
                self.log_change(engine, Level::Info, "database_back", &message);
            }
        }
    }

    /// Writes a line to the file only.
    fn log_event(&mut self, engine: &SyncEngine, event: &str) {
        self.write_line(engine, Level::Info, event, true, event);
    }

    /// Writes a line to the file and to standard error.
    fn log_change(&mut self, engine: &SyncEngine, level: Level, event: &str, message: &str) {
        self.write_line(engine, level, event, false, message);
    }

    fn write_line(&mut self, engine: &SyncEngine, level: Level, event: &str, is_detail: bool, message: &str) {
        self.last_line_at = Some(Instant::now());
        let (database, status_store) = (self.database.is_available(), self.status_store.is_available());
        let queue = self.database.response.as_ref();
        log::log!(
            target: HEALTH_TARGET, level,
            event, detail = is_detail.then_some(true), healthy = database && status_store,
            databaseAnswers = database, databaseMs = millis(self.database.response_time),
            running = queue.map(|queue| queue.running), waiting = queue.map(|queue| queue.waiting),
            oldestWaitingSeconds = queue.and_then(|queue| queue.oldest_waiting).map(|age| age.as_secs()),
            expiredLeases = queue.map(|queue| queue.expired),
            statusStore = engine.status_board.primary_name(), statusStoreAnswers = status_store,
            version = env!("CARGO_PKG_VERSION"), uptimeSeconds = self.started_at.elapsed().as_secs();
            "{message}"
        );
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
