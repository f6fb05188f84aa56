//! Looks at the database as a whole: what waits and runs in it, and whether it is well.

use std::time::Duration;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::Store;
use super::dialect::clock;
use super::error::StoreError;
use super::operations::ACTIVE;
use super::schema::sync_operations;
use crate::domain::operation::Status;

/// What waits and runs, on all servers of a database together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Queue {
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
    /// When the database fails.
    pub fn queue(&self) -> Result<Queue, StoreError> {
        self.read(|conn| {
            let now = clock::now(conn)?;
            // There is at most one a source.
            let rows: Vec<(String, NaiveDateTime, Option<i64>)> = sync_operations::table
                .filter(sync_operations::status.eq_any(ACTIVE))
                .select((sync_operations::status, sync_operations::created_at, sync_operations::lease_until))
                .load(conn)?;
            let (waiting, running): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|(status, ..)| status == Status::Pending.as_str());
            let oldest = waiting.iter().map(|(_, since, _)| *since).min();
            let expired =
                running.iter().filter(|(.., until)| until.is_some_and(|until| until < now.timestamp_millis()));
            Ok(Queue {
                expired: expired.count() as u64,
                running: running.len() as u64,
                waiting: waiting.len() as u64,
                // A clock that was set back makes no run younger than new.
                oldest_waiting: oldest.map(|since| (now.naive_utc() - since).to_std().unwrap_or_default()),
            })
        })
    }
}
