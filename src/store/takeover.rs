//! Takes over runs whose lease has expired: ends them as interrupted and queues them again.

use std::time::Duration;

use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::dialect::{clock, lock};
use super::error::StoreError;
use super::finish::{ClosePrecondition, RequeuePolicy, RunEnding, close_run};
use super::lease::to_millis;
use super::operations;
use super::schema::sync_operations;
use super::stored_values::{parse_json, parse_value};
use crate::domain::operation::{Lease, OperationKind, StartOptions, Status};
use crate::domain::run_text::stopped_run::{interrupted_message, restarted_message, worker_died_message};
use crate::domain::sync_id::SyncId;

/// A run that was ended because its lease expired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TakenOver {
    /// The run.
    pub id: SyncId,
    /// The run that continues it, if it was queued again.
    pub successor: Option<SyncId>,
}

/// The maximum number of attempts. After a first crash a run is queued again; after a second crash a person must start
/// it.
const MAX_ATTEMPTS: i32 = 2;

/// Returns the error code and message of every interrupted run.
#[must_use]
pub fn interrupted_error(kind: OperationKind) -> (String, String) {
    ("interrupted".to_owned(), interrupted_message(kind))
}

/// The running runs whose lease has expired at `now`. A lease that ends later than in two terms was renewed before the
/// clock of the database was set back, which on SQLite is the clock of the machine: a live worker renews it by the new
/// clock, and the lease of a dead one must not last until the clock has caught up. Two terms, because a lease may be
/// renewed while a transaction that has read the clock waits for its row.
#[diesel::dsl::auto_type(no_type_alias)]
fn expired_runs(now: i64, term: i64) -> _ {
    let running: &'static str = Status::Running.as_str();
    let latest_end: i64 = now.saturating_add(term.saturating_mul(2));
    sync_operations::table
        .filter(sync_operations::status.eq(running))
        .filter(sync_operations::lease_until.lt(now).or(sync_operations::lease_until.gt(latest_end)))
}

/// Locks the row of a run if its lease has expired, and returns whether it has; the lease stays expired until the
/// transaction ends. `term` is the duration of a lease in milliseconds.
fn lock_if_expired(conn: &mut AnyConnection, lease: Lease, term: i64) -> Result<bool, StoreError> {
    lock::limit_lock_wait(conn)?;
    let now = clock::now(conn)?.timestamp_millis();
    let expired = expired_runs(now, term)
        .filter(sync_operations::id.eq(lease.id.to_string()))
        .filter(sync_operations::token.eq(lease.token));
    // This update only locks the row.
    let rows =
        diesel::update(expired).set(sync_operations::lease_until.eq(sync_operations::lease_until)).execute(conn)?;
    Ok(rows > 0)
}

impl Store {
    /// Returns whether a lease has expired. This is checked inside a write transaction: if this transaction gets the
    /// write lock, a live worker could have got it too and renewed its lease.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, the write lock is not available in time, or the row of the run
    /// is locked.
    pub fn has_expired(&self, lease: Lease) -> Result<bool, StoreError> {
        let term = to_millis(self.lease_term());
        self.write(|conn| lock_if_expired(conn, lease, term))
    }

    /// Ends the database sessions of frozen processes that have held rows for longer than `term`, which no timeout of
    /// PostgreSQL ends. Returns their number.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable or refuses to end another session.
    pub fn end_frozen_sessions(&self, term: Duration) -> Result<usize, StoreError> {
        self.read(|conn| Ok(lock::end_frozen_sessions(conn, term)?))
    }

    /// Returns the expired leases of running runs.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn expired_leases(&self) -> Result<Vec<Lease>, StoreError> {
        let term = to_millis(self.lease_term());
        self.read(|conn| {
            let now = clock::now(conn)?.timestamp_millis();
            let rows: Vec<(String, Option<i64>)> =
                expired_runs(now, term).select((sync_operations::id, sync_operations::token)).load(conn)?;
            rows.into_iter()
                .map(|(id, token)| {
                    let id = parse_value("sync_operations.id", &id)?;
                    Ok(Lease { id, token: token.unwrap_or_default(), clock: None })
                })
                .collect()
        })
    }

    /// Ends a run with an expired lease as *interrupted*, and queues it again after a first crash, unless a cancel was
    /// requested, the run is an undo, or it applies a preview. Returns `None` if its worker has renewed the lease or
    /// another server has taken it over.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, or the row of the run stays locked.
    pub fn take_over(&self, lease: Lease) -> Result<Option<TakenOver>, StoreError> {
        let term = to_millis(self.lease_term());
        let ended = self.write(|conn| {
            if !lock_if_expired(conn, lease, term)? {
                return Ok(None);
            }
            let Some(row) = operations::find_row(conn, &lease.id.to_string())? else { return Ok(None) };
            // A run whose kind this version does not know is treated as a sync.
            let kind: OperationKind = row.kind.parse().unwrap_or(OperationKind::Sync);
            // Options that cannot be read do not keep a dead run active; its successor fails with the reason.
            let options: StartOptions = parse_json("sync_operations.options", &row.options).unwrap_or_default();
            let requeue = row.attempt < MAX_ATTEMPTS && !row.cancel_requested && options.allow_restart(kind);
            let percent = u8::try_from(row.progress).unwrap_or(0);
            let message = if requeue { restarted_message(percent) } else { worker_died_message(kind, percent) };
            let ending = RunEnding {
                error: Some(interrupted_error(kind)),
                requeue: if requeue { RequeuePolicy::NextAttempt } else { RequeuePolicy::No },
                ..RunEnding::new(Status::Interrupted, message)
            };
            close_run(conn, &self.sealer, ClosePrecondition::Expired(lease), &ending)
                .map(|successor| Some(TakenOver { id: lease.id, successor }))
        });
        match ended {
            Err(StoreError::Fenced) => Ok(None),
            other => other,
        }
    }
}
