//! Looks at the database as a whole: what waits and runs in it, and whether it is well.

use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::SqliteConnection;
use diesel::prelude::*;

use super::active_statuses::ACTIVE_STATUSES;
use super::connection::{AnyConnection, DatabaseAddress, Store};
use super::connector::connect_postgres;
use super::database_facts::{BlockingSession, DatabaseFacts, MigrationDiff};
use super::dialect::{clock, migrations, probe};
use super::error::StoreError;
use super::records::is_latest;
use super::schema::{sources, sync_operations, sync_records};
use super::stored_values::parse_value;
use crate::domain::operation::{Stage, Status};
use crate::domain::source::Slug;
use crate::domain::sync_id::SyncId;

/// What waits and runs, on all servers of a database together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueCounts {
    /// Runs that workers have.
    pub running: u64,
    /// Runs that wait for a worker.
    pub waiting: u64,
    /// How long the oldest of these waits.
    pub oldest_waiting: Option<Duration>,
    /// Runs whose lease has run out and that nobody has taken over yet.
    pub expired: u64,
}

impl Store {
    /// What waits and runs.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn queue_counts(&self) -> Result<QueueCounts, StoreError> {
        self.read(|conn| {
            let now = clock::now(conn)?;
            // There is at most one a source.
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
                // A clock that was set back makes no run younger than new.
                oldest_waiting: oldest.map(|since| (now.naive_utc() - since).to_std().unwrap_or_default()),
            })
        })
    }
}

/// A run that waits, or whose worker is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftRun {
    /// The run.
    pub id: SyncId,
    /// The slug of its source.
    pub source: Slug,
    /// Who had it, where somebody had.
    pub worker: Option<String>,
    /// For how long it waits, or how long ago its lease ran out.
    pub since: Duration,
    /// Whether it came to its last transaction. On PostgreSQL that one may go on without a lease: nobody can renew it
    /// or take it over meanwhile.
    pub finalizing: bool,
}

/// A source whose latest run did not end well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailedSource {
    /// Its slug.
    pub source: Slug,
    /// The run.
    pub id: SyncId,
    /// What was said.
    pub message: String,
    /// When it ended.
    pub ended: DateTime<Utc>,
}

/// A connection of its own, whose statements wait for nobody for long.
pub struct DatabaseProbe {
    conn: AnyConnection,
}

impl DatabaseProbe {
    /// Connects. Neither a file nor a table is made.
    ///
    /// # Errors
    /// When there is no database, or it cannot be reached.
    pub fn open(address: &DatabaseAddress) -> Result<Self, StoreError> {
        let trouble = |reason: String| StoreError::Unreachable {
            address: address.for_people(),
            reason: address.without_password(&reason),
        };
        let mut conn = match address {
            DatabaseAddress::Sqlite(path) => {
                std::fs::metadata(path).map_err(|error| trouble(error.to_string()))?;
                let conn = SqliteConnection::establish(&path.display().to_string());
                AnyConnection::Sqlite(conn.map_err(|error| trouble(error.to_string()))?)
            }
            DatabaseAddress::Postgres(url) => {
                AnyConnection::Postgres(connect_postgres(url).map_err(|error| trouble(error.to_string()))?)
            }
        };
        probe::prepare_probe(&mut conn)?;
        Ok(Self { conn })
    }

    /// What the database says of itself.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn database_facts(&mut self) -> Result<DatabaseFacts, StoreError> {
        Ok(probe::database_facts(&mut self.conn)?)
    }

    /// How far the database's clock is ahead of this machine's, and how long its answer took. The one is known no
    /// better than the other.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn measure_clock(&mut self) -> Result<(TimeDelta, Duration), StoreError> {
        let (asked, begun) = (Utc::now(), Instant::now());
        let answer = clock::now(&mut self.conn)?;
        let took = begun.elapsed();
        Ok((answer - (asked + took / 2), took))
    }

    /// How the migrations of the database and of this program differ.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn compare_migrations(&mut self) -> Result<MigrationDiff, StoreError> {
        let known = migrations::known_migrations(&self.conn)?;
        let applied = probe::applied_migrations(&mut self.conn)?;
        let missing = known.iter().filter(|(version, _)| !applied.contains(version)).map(|(_, name)| name.clone());
        let is_known = |version: &&String| known.iter().any(|(known, _)| known == *version);
        Ok(MigrationDiff {
            missing: missing.collect(),
            unknown: applied.iter().filter(|version| !is_known(version)).cloned().collect(),
            applied: applied.len(),
        })
    }

    /// Whether a transaction that writes can begin within so many milliseconds.
    ///
    /// # Errors
    /// When it cannot for another reason than another one that writes.
    pub fn may_write(&mut self, most_millis: u32) -> Result<bool, StoreError> {
        probe::can_begin_write(&mut self.conn, most_millis)
    }

    /// The sessions that sit inside a transaction without doing anything, that wait for others and that are waited for.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn blocking_sessions(&mut self) -> Result<Vec<BlockingSession>, StoreError> {
        Ok(probe::blocking_sessions(&mut self.conn)?)
    }

    /// The runs whose lease ran out longer than `grace` ago, and those that wait longer than `patience` although nobody
    /// holds a lease on another run.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn stalled_runs(
        &mut self,
        grace: Duration,
        wait_limit: Duration,
    ) -> Result<(Vec<LeftRun>, Vec<LeftRun>), StoreError> {
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
        let (mut lost, mut waiting, mut alive) = (Vec::new(), Vec::new(), false);
        for (id, slug, worker, until, created_at, stage) in rows {
            let since = until.and_then(DateTime::from_timestamp_millis).unwrap_or(created_at.and_utc());
            alive |= until.is_some() && since > now;
            let since = (now - since).to_std().unwrap_or_default();
            let (id, source) = (parse_value("sync_operations.id", &id)?, parse_value("sources.slug", &slug)?);
            let finalizing = stage.is_some_and(|stage| stage == Stage::Finalizing.as_str());
            let run = LeftRun { id, source, worker, since, finalizing };
            match until {
                Some(_) if since > grace => lost.push(run),
                None if since > wait_limit => waiting.push(run),
                _ => {}
            }
        }
        if alive {
            // They wait for a worker that is busy.
            waiting.clear();
        }
        Ok((lost, waiting))
    }

    /// The sources whose latest run, previews aside, failed or was interrupted.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn failed_sources(&mut self) -> Result<Vec<FailedSource>, StoreError> {
        let bad = [Status::Failed.as_str(), Status::Interrupted.as_str()];
        let rows: Vec<(String, String, String, NaiveDateTime)> = sources::table
            .inner_join(sync_records::table.on(is_latest()))
            .filter(sync_records::status.eq_any(bad))
            .order(sources::slug)
            .select((sources::slug, sync_records::id, sync_records::message, sync_records::finished_at))
            .load(&mut self.conn)?;
        rows.into_iter()
            .map(|(slug, id, message, ended)| {
                let (source, id) = (parse_value("sources.slug", &slug)?, parse_value("sync_records.id", &id)?);
                Ok(FailedSource { source, id, message, ended: ended.and_utc() })
            })
            .collect()
    }
}
