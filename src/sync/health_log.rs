//! Looks from time to time whether the house is well and keeps what it sees in `health.jsonl`: at the start, every
//! minute, and when something changes, which the readable log is told, too.

use std::time::{Duration, Instant};

use log::Level;

use super::catch_panic::catch_panic;
use super::engine::SyncEngine;
use super::run_signal::ShutdownSignal;
use crate::domain::log_fields::HEALTH;
use crate::store::checkup::QueueCounts;

/// How often the database is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// Every so many looks the status store is tried as well.
const TRY_STATUS: u32 = 5;
/// How often a line is kept although nothing has changed.
const EVERY: Duration = Duration::from_secs(60);

/// Looks until it is told to stop.
pub(super) fn watch(engine: &SyncEngine, stop: &ShutdownSignal) {
    let mut health = HealthSnapshot::new();
    while !stop.asked() {
        if catch_panic("the health log", || health.look(engine)).is_none() {
            // What it was about to say is not known any more.
            health = HealthSnapshot::new();
        }
        stop.sleep(LOOK);
    }
    health.detail(engine, "stopped");
}

/// What was seen last.
struct HealthSnapshot {
    begun: Instant,
    looks: u32,
    said: Option<Instant>,
    database: ServiceState<QueueCounts>,
    status: ServiceState<()>,
}

/// Something that answers or does not.
struct ServiceState<T> {
    /// What it answered last.
    answer: Option<T>,
    took: Duration,
    away_since: Option<Instant>,
}

/// What a look found to be different.
enum HealthChange {
    Away(String),
    Back(u64),
}

impl<T> ServiceState<T> {
    const fn answers(&self) -> bool {
        self.away_since.is_none()
    }

    const fn unknown() -> Self {
        Self { answer: None, took: Duration::ZERO, away_since: None }
    }

    /// Asks; answers what is different from before.
    fn ask<E: std::fmt::Display>(&mut self, question: impl FnOnce() -> Result<T, E>) -> Option<HealthChange> {
        let asked = Instant::now();
        let answer = question();
        self.took = asked.elapsed();
        match answer {
            Ok(answer) => {
                self.answer = Some(answer);
                self.away_since.take().map(|since| HealthChange::Back(since.elapsed().as_secs()))
            }
            Err(error) => {
                self.answer = None;
                if self.away_since.is_some() {
                    return None;
                }
                self.away_since = Some(asked);
                Some(HealthChange::Away(error.to_string()))
            }
        }
    }
}

impl HealthSnapshot {
    fn new() -> Self {
        let (database, status) = (ServiceState::unknown(), ServiceState::unknown());
        Self { begun: Instant::now(), looks: 0, said: None, database, status }
    }

    fn look(&mut self, engine: &SyncEngine) {
        let database = self.database.ask(|| engine.store.queue());
        let status = (database.is_some() || self.looks.is_multiple_of(TRY_STATUS))
            .then(|| self.status.ask(|| engine.board.check()))
            .flatten();
        self.looks = self.looks.wrapping_add(1);
        let store = engine.board.primary_name();
        match status {
            Some(HealthChange::Away(error)) => {
                let said =
                    format!("the status store ({store}) does not answer: {error}; the database does in its place");
                self.line(engine, Level::Warn, "status_store_away", &said);
            }
            Some(HealthChange::Back(seconds)) => {
                let said = format!("the status store ({store}) answers again after {seconds} s");
                self.line(engine, Level::Info, "status_store_back", &said);
            }
            None => {}
        }
        match database {
            Some(HealthChange::Away(error)) => {
                let said = format!("the database does not answer: {error}");
                self.line(engine, Level::Warn, "database_away", &said);
            }
            Some(HealthChange::Back(seconds)) => {
                let said = format!("the database answers again after {seconds} s");
                self.line(engine, Level::Info, "database_back", &said);
            }
            None if self.said.is_none() => self.detail(engine, "started"),
            None if self.said.is_some_and(|said| said.elapsed() >= EVERY) => self.detail(engine, "minute"),
            None => {}
        }
    }

    /// Keeps a line that is for the file alone.
    fn detail(&mut self, engine: &SyncEngine, event: &str) {
        self.keep(engine, Level::Info, event, true, event);
    }

    /// Keeps a line of which people are told, too.
    fn line(&mut self, engine: &SyncEngine, level: Level, event: &str, said: &str) {
        self.keep(engine, level, event, false, said);
    }

    fn keep(&mut self, engine: &SyncEngine, level: Level, event: &str, detail: bool, said: &str) {
        self.said = Some(Instant::now());
        let (database, status) = (self.database.answers(), self.status.answers());
        let queue = self.database.answer.as_ref();
        log::log!(
            target: HEALTH, level,
            event, detail = detail.then_some(true), healthy = database && status,
            databaseAnswers = database, databaseMs = millis(self.database.took),
            running = queue.map(|queue| queue.running), waiting = queue.map(|queue| queue.waiting),
            oldestWaitingSeconds = queue.and_then(|queue| queue.oldest_waiting).map(|age| age.as_secs()),
            expiredLeases = queue.map(|queue| queue.expired),
            statusStore = engine.board.primary_name(), statusStoreAnswers = status,
            version = env!("CARGO_PKG_VERSION"), uptimeSeconds = self.begun.elapsed().as_secs();
            "{said}"
        );
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
