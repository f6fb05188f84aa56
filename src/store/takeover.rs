//! Takes over runs whose lease has expired: ends them as interrupted and queues them again.

use std::time::Duration;

use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::dialect::{clock, lock};
use super::error::StoreError;
use super::finish::{ClosePrecondition, RequeuePolicy, RunEnding, close_run};
use super::operations;
use super::schema::sync_operations;
use super::stored_values::parse_value;
use crate::domain::operation::{Lease, OperationKind, Status};
use crate::domain::run_text::stopped_run::{restarted_message, worker_died_message};
use crate::domain::sync_id::SyncId;

/// A run whose lease ran out and which was ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TakenOver {
    /// The run.
    pub id: SyncId,
    /// The run that continues it.
    pub successor: Option<SyncId>,
}

/// The most attempts a run gets: after one crash it is queued again, after a second it waits for a person.
const MAX_ATTEMPTS: i32 = 2;

/// The word and the sentence of every interrupted run.
#[must_use]
pub fn interrupted_error() -> (String, String) {
    let message = "The server that ran this sync stopped. Nothing is lost: what was written is kept.";
    ("interrupted".to_owned(), message.to_owned())
}

/// Locks the row of a run, if its lease has run out; answers when that was looked at, in epoch milliseconds. What is
/// read next holds until the end.
fn lock_if_expired(conn: &mut AnyConnection, lease: Lease) -> Result<Option<i64>, StoreError> {
    lock::limit_lock_wait(conn)?;
    let now = clock::now(conn)?.timestamp_millis();
    let expired = sync_operations::table
        .filter(sync_operations::id.eq(lease.id.to_string()))
        .filter(sync_operations::token.eq(lease.token))
        .filter(sync_operations::status.eq(Status::Running.as_str()))
        .filter(sync_operations::lease_until.lt(now));
    // Changes nothing.
    let rows =
        diesel::update(expired).set(sync_operations::lease_until.eq(sync_operations::lease_until)).execute(conn)?;
    Ok((rows > 0).then_some(now))
}

impl Store {
    /// Whether a lease has expired. It asks inside of a write transaction: where this one gets its turn, a live worker
    /// would have got one to renew the lease.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, gives no turn to write, or the row of the run is locked.
    pub fn has_expired(&self, lease: Lease) -> Result<bool, StoreError> {
        self.write(|conn| Ok(lock_if_expired(conn, lease)?.is_some()))
    }

    /// Ends sessions that a frozen process holds rows with, longer than `term`, which no timeout of PostgreSQL's ends.
    /// Answers how many.
    ///
    /// # Errors
    /// When the database fails, or does not let us.
    pub fn end_frozen_sessions(&self, term: Duration) -> Result<usize, StoreError> {
        self.read(|conn| Ok(lock::end_frozen_sessions(conn, term)?))
    }

    /// The runs whose lease has run out.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn expired_leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.read(|conn| {
            let now = clock::now(conn)?.timestamp_millis();
            let rows: Vec<(String, Option<i64>)> = sync_operations::table
                .filter(sync_operations::status.eq(Status::Running.as_str()))
                .filter(sync_operations::lease_until.lt(now))
                .select((sync_operations::id, sync_operations::token))
                .load(conn)?;
            rows.into_iter()
                .map(|(id, token)| {
                    Ok(Lease { id: parse_value("sync_operations.id", &id)?, token: token.unwrap_or_default() })
                })
                .collect()
        })
    }

    /// Ends a run whose lease has run out as *interrupted* and queues it again where that is right: after a first
    /// crash, unless someone wanted it ended, and never for an undo. `None` when its worker renewed the lease in the
    /// meantime or somebody else was faster.
    ///
    /// # Errors
    /// When the database fails, or somebody holds the row of the run.
    pub fn take_over(&self, lease: Lease) -> Result<Option<TakenOver>, StoreError> {
        let ended = self.write(|conn| {
            let Some(now) = lock_if_expired(conn, lease)? else { return Ok(None) };
            let Some(row) = operations::find_row(conn, &lease.id.to_string())? else { return Ok(None) };
            let is_restarted_kind = row.kind.parse().map_or(true, OperationKind::is_restarted);
            let again = row.attempt < MAX_ATTEMPTS && !row.cancel_requested && is_restarted_kind;
            let percent = u8::try_from(row.progress).unwrap_or(0);
            let message = if again { restarted_message(percent) } else { worker_died_message(percent) };
            let ending = RunEnding {
                error: Some(interrupted_error()),
                requeue: if again { RequeuePolicy::NextAttempt } else { RequeuePolicy::No },
                ..RunEnding::new(Status::Interrupted, message)
            };
            close_run(conn, ClosePrecondition::Expired(lease, now), &ending)
                .map(|successor| Some(TakenOver { id: lease.id, successor }))
        });
        match ended {
            Err(StoreError::Fenced) => Ok(None),
            other => other,
        }
    }
}
