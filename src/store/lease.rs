//! Leases: a worker's exclusive right to a run. A lease is taken when a run is claimed, renewed by a heartbeat, and
//! checked by every write of the run.

use std::time::Instant;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamp};

use super::connection::{AnyConnection, Store};
use super::dialect::{clock, lock};
use super::error::StoreError;
use super::operations::{self, OperationRow};
use super::run_times::time_of_run;
use super::schema::sync_operations;
use super::stored_values::to_json;
use crate::domain::operation::{Lease, Stage, Status, SyncOperation};
use crate::domain::progress::RunStats;
use crate::domain::run_clock::RunClock;
use crate::domain::run_text::run_progress::STARTING_MESSAGE;
use crate::domain::sync_id::SyncId;

/// The progress of a run, as stored in its row.
#[derive(Clone, PartialEq, Debug)]
pub struct RunProgress {
    /// The current stage.
    pub stage: Stage,
    /// The message for people, in one line.
    pub message: String,
    /// The percentage, at most 99.
    pub percent: u8,
    /// The counts.
    pub stats: RunStats,
}

/// The result of renewing or checking a lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaseRenewal {
    /// The lease is still held.
    Held {
        /// Whether a cancel was requested.
        cancel_requested: bool,
    },
    /// The lease was lost.
    Lost,
}

/// The result of beginning the final transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FinalizeOutcome {
    /// It has begun; a cancel is refused from here on.
    Begun,
    /// A cancel was requested before it began.
    CancelRequested,
}

/// The first statement of every write of a worker: renews the lease and stores the progress. If the lease is lost, no
/// row matches and nothing is written.
///
/// The percentage never decreases, whatever the order of writes, and the time of a stage is the time of its first
/// report. The times of the run are those of its own clock; those of the lease, and the returned time, are the
/// database's.
pub(super) fn fence_write(
    conn: &mut AnyConnection,
    lease: Lease,
    term: std::time::Duration,
    progress: &RunProgress,
) -> Result<DateTime<Utc>, StoreError> {
    let now = clock::now(conn)?;
    let stats = to_json("sync_operations.stats", &progress.stats)?;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let percent = i32::from(progress.percent.min(99));
    let run_time = time_of_run(lease, now);
    let reached_at = run_time.into_sql::<Nullable<Timestamp>>();
    let rows = diesel::update(leased_run(lease))
        .set((
            sync_operations::lease_until.eq(now.timestamp_millis() + to_millis(term)),
            sync_operations::last_update.eq(run_time),
            sync_operations::stage.eq(progress.stage.as_str()),
            (progress.stage == Stage::Processing).then(|| {
                sync_operations::processing_at.eq(case_when(sync_operations::processing_at.is_null(), reached_at)
                    .otherwise(sync_operations::processing_at))
            }),
            (progress.stage == Stage::Finalizing).then(|| {
                sync_operations::finalizing_at.eq(case_when(sync_operations::finalizing_at.is_null(), reached_at)
                    .otherwise(sync_operations::finalizing_at))
            }),
            sync_operations::message.eq(&progress.message),
            sync_operations::progress
                .eq(case_when(sync_operations::progress.gt(percent), sync_operations::progress).otherwise(percent)),
            sync_operations::items_processed.eq(count(progress.stats.items.processed)),
            sync_operations::items_total.eq(count(progress.stats.items.total)),
            sync_operations::stats.eq(stats),
        ))
        .execute(conn)?;
    if rows == 0 { Err(StoreError::Fenced) } else { Ok(now) }
}

pub(super) fn to_millis(term: std::time::Duration) -> i64 {
    i64::try_from(term.as_millis()).unwrap_or(i64::MAX)
}

impl Store {
    /// Claims the next pending run (or only `only`) for `worker` and leases it for `term`. `token` is the fencing
    /// token, a new random number for each claim.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn claim_run(
        &self,
        worker: &str,
        token: i64,
        term: std::time::Duration,
        only: Option<SyncId>,
    ) -> Result<Option<(SyncOperation, Lease)>, StoreError> {
        let only = only.map(|id| id.to_string());
        // Read before any lock is taken, so that idle workers do not queue among the writers.
        let waiting = self.read(|conn| {
            let pending = sync_operations::table.filter(sync_operations::status.eq(Status::Pending.as_str()));
            Ok(diesel::select(diesel::dsl::exists(pending)).get_result::<bool>(conn)?)
        })?;
        if !waiting {
            return Ok(None);
        }
        self.write(|conn| {
            let Some(id) = lock::next_pending(conn, only.as_deref())? else { return Ok(None) };
            let now = clock::now(conn)?;
            let read_at = Instant::now();
            let accepted_at = sync_operations::table.find(&id).select(sync_operations::created_at);
            // The clock may have been set back since the run was accepted.
            let began_at = now.max(accepted_at.first::<NaiveDateTime>(conn)?.and_utc());
            let rows = diesel::update(
                sync_operations::table.find(&id).filter(sync_operations::status.eq(Status::Pending.as_str())),
            )
            .set((
                sync_operations::status.eq(Status::Running.as_str()),
                sync_operations::stage.eq(Stage::Fetching.as_str()),
                // Replaces the message of the pending run until the run reports its own.
                sync_operations::message.eq(STARTING_MESSAGE),
                sync_operations::worker.eq(worker),
                sync_operations::token.eq(token),
                sync_operations::lease_until.eq(now.timestamp_millis() + to_millis(term)),
                sync_operations::started_at.eq(began_at.naive_utc()),
                sync_operations::last_update.eq(began_at.naive_utc()),
            ))
            .execute(conn)?;
            if rows == 0 {
                return Ok(None);
            }
            let row: OperationRow = operations::find_row(conn, &id)?.ok_or(StoreError::Fenced)?;
            let operation = row.to_operation()?;
            let lease = Lease { id: operation.id, token, clock: Some(RunClock::started(began_at, read_at)) };
            Ok(Some((operation, lease)))
        })
    }

    /// Renews the lease for `term` from now, and returns whether a cancel was requested.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement; the lease may
    /// have been renewed nevertheless.
    pub fn renew_lease(&self, lease: Lease, term: std::time::Duration) -> Result<LeaseRenewal, StoreError> {
        self.write(|conn| {
            lock::commit_without_waiting(conn)?;
            let now = clock::now(conn)?;
            let rows = diesel::update(leased_run(lease))
                .set((
                    sync_operations::lease_until.eq(now.timestamp_millis() + to_millis(term)),
                    sync_operations::last_update.eq(time_of_run(lease, now)),
                ))
                .execute(conn)?;
            if rows == 0 {
                return Ok(LeaseRenewal::Lost);
            }
            let cancel_requested =
                sync_operations::table.find(lease.id.to_string()).select(sync_operations::cancel_requested);
            Ok(LeaseRenewal::Held { cancel_requested: cancel_requested.first(conn)? })
        })
    }

    /// Returns whether the lease is still held and whether a cancel was requested. Writes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn check_lease(&self, lease: Lease) -> Result<LeaseRenewal, StoreError> {
        self.read(|conn| {
            let held: Option<bool> = sync_operations::table
                .find(lease.id.to_string())
                .filter(sync_operations::token.eq(lease.token))
                .filter(sync_operations::status.eq(Status::Running.as_str()))
                .select(sync_operations::cancel_requested)
                .first(conn)
                .optional()?;
            Ok(held.map_or(LeaseRenewal::Lost, |cancel_requested| LeaseRenewal::Held { cancel_requested }))
        })
    }

    /// Stores the progress of a run and renews its lease.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is lost; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement.
    pub fn save_progress(
        &self,
        lease: Lease,
        term: std::time::Duration,
        progress: &RunProgress,
    ) -> Result<(), StoreError> {
        self.write(|conn| {
            lock::commit_without_waiting(conn)?;
            fence_write(conn, lease, term, progress).map(drop)
        })
    }

    /// Marks the final transaction as begun, unless a cancel was requested before.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is lost; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement.
    pub fn begin_finalizing(
        &self,
        lease: Lease,
        term: std::time::Duration,
        progress: &RunProgress,
    ) -> Result<FinalizeOutcome, StoreError> {
        self.write(|conn| {
            // This update changes nothing but locks the row until the commit, so a cancel is recorded either before it
            // or after it.
            let held = diesel::update(leased_run(lease)).set(sync_operations::token.eq(lease.token)).execute(conn)?;
            if held == 0 {
                return Err(StoreError::Fenced);
            }
            let row = sync_operations::table.find(lease.id.to_string()).select(sync_operations::cancel_requested);
            if row.first(conn)? {
                return Ok(FinalizeOutcome::CancelRequested);
            }
            fence_write(conn, lease, term, progress)?;
            Ok(FinalizeOutcome::Begun)
        })
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn leased_run(lease: Lease) -> _ {
    let id: String = lease.id.to_string();
    let token: i64 = lease.token;
    let running: &'static str = Status::Running.as_str();
    sync_operations::table
        .filter(sync_operations::id.eq(id))
        .filter(sync_operations::token.eq(token))
        .filter(sync_operations::status.eq(running))
}
