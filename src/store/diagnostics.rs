//! Inspects the database: the queue of runs, and the health of the database.

use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::SqliteConnection;
use diesel::prelude::*;

use super::active_statuses::ACTIVE_STATUSES;
use super::compaction::{self, ConversionState};
use super::connection::{AnyConnection, DatabaseAddress, Store};
use super::connector::connect_postgres;
use super::database_facts::{BlockingSession, DatabaseFacts, MigrationDiff};
use super::dialect::{clock, migrations, probe};
use super::error::StoreError;
use super::records::is_latest;
use super::schema::{sources, sync_operations, sync_records};
use super::sealed_rows::{SecretStorage, secret_storage, unreadable_secrets};
use super::stored_values::parse_value;
use super::untrusted_forwarder::{UntrustedForwarder, find_untrusted_forwarder};
use crate::domain::operation::{Stage, Status};
use crate::domain::secret_key::SecretKey;
use crate::domain::source::Slug;
use crate::domain::sync_id::SyncId;

/// The queue of runs, on all servers of a database together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueCounts {
    /// The number of running runs.
    pub running: u64,
    /// The number of runs that wait for a worker.
    pub waiting: u64,
    /// The wait of the oldest waiting run.
    pub oldest_waiting: Option<Duration>,
    /// The number of runs whose lease has expired and that no server has taken over yet.
    pub expired: u64,
}

impl Store {
    /// Counts the waiting, running and expired runs.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn queue_counts(&self) -> Result<QueueCounts, StoreError> {
        self.read(|conn| {
            let now = clock::now(conn)?;
            // At most one row for each source.
            let rows: Vec<(String, NaiveDateTime, Option<i64>)> = sync_operations::table
                .filter(sync_operations::status.eq_any(ACTIVE_STATUSES))
                .select((sync_operations::status, sync_operations::created_at, sync_operations::lease_until))
                .load(conn)?;
            let (waiting, running): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|(status, ..)| status == Status::Pending.as_str());
            let oldest = waiting.iter().map(|(_, since, _)| *since).min();
            let expired =
                running.iter().filter(|(.., until)| until.is_some_and(|until| until < now.timestamp_millis()));
            Ok(QueueCounts {
                expired: expired.count() as u64,
                running: running.len() as u64,
                waiting: waiting.len() as u64,
                // If the clock was set back, the wait is zero.
                oldest_waiting: oldest.map(|since| (now.naive_utc() - since).to_std().unwrap_or_default()),
            })
        })
    }
}

/// A run that waits for a worker, or whose lease has expired.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StalledRun {
    /// The id of the run.
    pub id: SyncId,
    /// The slug of its source.
    pub source: Slug,
    /// The worker that held its lease, if any.
    pub worker: Option<String>,
    /// The time it has waited, or the time since its lease expired.
    pub stalled_for: Duration,
    /// Whether its final transaction has begun. On PostgreSQL that transaction may continue without a lease: the locked
    /// row can be neither renewed nor taken over.
    pub finalizing: bool,
}

/// A source whose latest run failed or was interrupted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailedSource {
    /// Its slug.
    pub source: Slug,
    /// The id of the run.
    pub id: SyncId,
    /// The message of the run.
    pub message: String,
    /// The time at which it ended.
    pub ended_at: DateTime<Utc>,
}

/// A separate connection for diagnostics, whose statements have short timeouts.
pub struct DatabaseProbe {
    conn: AnyConnection,
}

impl DatabaseProbe {
    /// Connects to an existing database. Creates neither a file nor a table.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when the file does not exist or the server cannot be reached.
    pub fn open(address: &DatabaseAddress) -> Result<Self, StoreError> {
        let unreachable = |reason: String| StoreError::Unreachable {
            address: address.for_people(),
            reason: address.without_password(&reason),
        };
        let mut conn = match address {
            DatabaseAddress::Sqlite(path) => {
                std::fs::metadata(path).map_err(|error| unreachable(error.to_string()))?;
                let conn = SqliteConnection::establish(&path.display().to_string());
                AnyConnection::Sqlite(conn.map_err(|error| unreachable(error.to_string()))?)
            }
            DatabaseAddress::Postgres(url) => {
                AnyConnection::Postgres(connect_postgres(url).map_err(|error| unreachable(error.to_string()))?)
            }
        };
        probe::prepare_probe(&mut conn)?;
        Ok(Self { conn })
    }

    /// Returns the version, the size and the limits of the database.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn database_facts(&mut self) -> Result<DatabaseFacts, StoreError> {
        Ok(probe::database_facts(&mut self.conn)?)
    }

    /// Returns how far the conversion of rows that earlier versions wrote is. The database must be migrated.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn conversion_state(&mut self) -> Result<ConversionState, StoreError> {
        compaction::conversion_state(&mut self.conn)
    }

    /// Returns how the secrets of sources are stored. The database must be migrated.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn secret_storage(&mut self) -> Result<SecretStorage, StoreError> {
        secret_storage(&mut self.conn)
    }

    /// Returns the slugs of the sources whose stored secrets cannot be decrypted with `key`. The database must be
    /// migrated.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn unreadable_secrets(&mut self, key: &SecretKey) -> Result<Vec<String>, StoreError> {
        unreadable_secrets(&mut self.conn, key)
    }

    /// Returns how far the database's clock is ahead of this machine's clock, and the time of the round trip, which
    /// limits the precision.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn measure_clock(&mut self) -> Result<(TimeDelta, Duration), StoreError> {
        let (sent_at, started) = (Utc::now(), Instant::now());
        let answer = clock::now(&mut self.conn)?;
        let round_trip = started.elapsed();
        Ok((answer - (sent_at + round_trip / 2), round_trip))
    }

    /// Returns how the migrations of the database and of this program differ.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn compare_migrations(&mut self) -> Result<MigrationDiff, StoreError> {
        compare_migrations(&mut self.conn)
    }

    /// Returns whether a write transaction can begin within `max_millis` milliseconds.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot begin for a reason other than a concurrent write.
    pub fn can_write(&mut self, max_millis: u32) -> Result<bool, StoreError> {
        probe::can_begin_write(&mut self.conn, max_millis)
    }

    /// Returns the sessions that are idle inside a transaction, that wait for others, or that block others.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn blocking_sessions(&mut self) -> Result<Vec<BlockingSession>, StoreError> {
        Ok(probe::blocking_sessions(&mut self.conn)?)
    }

    /// Returns the runs whose lease expired longer than `grace` ago, and the runs that have waited longer than
    /// `wait_limit` although no run has a valid lease.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn stalled_runs(
        &mut self,
        grace: Duration,
        wait_limit: Duration,
    ) -> Result<(Vec<StalledRun>, Vec<StalledRun>), StoreError> {
        let now = clock::now(&mut self.conn)?;
        type QueueRow = (String, String, Option<String>, Option<i64>, NaiveDateTime, Option<String>);
        let rows: Vec<QueueRow> = sync_operations::table
            .inner_join(sources::table)
            .filter(sync_operations::status.eq_any(ACTIVE_STATUSES))
            .order(sync_operations::created_at)
            .select((
                sync_operations::id,
                sources::slug,
                sync_operations::worker,
                sync_operations::lease_until,
                sync_operations::created_at,
                sync_operations::stage,
            ))
            .load(&mut self.conn)?;
        let (mut lost, mut waiting, mut any_alive) = (Vec::new(), Vec::new(), false);
        for (id, slug, worker, until, created_at, stage) in rows {
            let since = until.and_then(DateTime::from_timestamp_millis).unwrap_or(created_at.and_utc());
            any_alive |= until.is_some() && since > now;
            // Zero for a lease that has not expired yet.
            let stalled_for = (now - since).to_std().unwrap_or_default();
            let (id, source) = (parse_value("sync_operations.id", &id)?, parse_value("sources.slug", &slug)?);
            let finalizing = stage.is_some_and(|stage| stage == Stage::Finalizing.as_str());
            let run = StalledRun { id, source, worker, stalled_for, finalizing };
            match until {
                Some(_) if stalled_for > grace => lost.push(run),
                None if stalled_for > wait_limit => waiting.push(run),
                _ => {}
            }
        }
        if any_alive {
            // The waiting runs wait for a busy worker.
            waiting.clear();
        }
        Ok((lost, waiting))
    }

    /// Returns the last peer whose forwarded headers were not believed. The database must be migrated.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn untrusted_forwarder(&mut self) -> Result<Option<UntrustedForwarder>, StoreError> {
        find_untrusted_forwarder(&mut self.conn)
    }

    /// Returns the sources whose latest run failed or was interrupted. Previews do not count.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn failed_sources(&mut self) -> Result<Vec<FailedSource>, StoreError> {
        failed_sources(&mut self.conn)
    }
}

pub(super) fn compare_migrations(conn: &mut AnyConnection) -> Result<MigrationDiff, StoreError> {
    let known = migrations::known_migrations(conn)?;
    let applied = probe::applied_migrations(conn)?;
    let missing = known.iter().filter(|(version, _)| !applied.contains(version)).map(|(_, name)| name.clone());
    let is_known = |version: &&String| known.iter().any(|(known, _)| known == *version);
    Ok(MigrationDiff {
        missing: missing.collect(),
        unknown: applied.iter().filter(|version| !is_known(version)).cloned().collect(),
        applied: applied.len(),
    })
}

pub(super) fn failed_sources(conn: &mut AnyConnection) -> Result<Vec<FailedSource>, StoreError> {
    let failed_statuses = [Status::Failed.as_str(), Status::Interrupted.as_str()];
    let rows: Vec<(String, String, String, NaiveDateTime)> = sources::table
        .inner_join(sync_records::table.on(is_latest()))
        .filter(sync_records::status.eq_any(failed_statuses))
        .order(sources::slug)
        .select((sources::slug, sync_records::id, sync_records::message, sync_records::finished_at))
        .load(conn)?;
    rows.into_iter()
        .map(|(slug, id, message, ended)| {
            let (source, id) = (parse_value("sources.slug", &slug)?, parse_value("sync_records.id", &id)?);
            Ok(FailedSource { source, id, message, ended_at: ended.and_utc() })
        })
        .collect()
}
