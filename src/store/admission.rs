//! Admission: at most one active run per source, decided in one transaction that locks the source's row.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::result::Error;

use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::dialect::lock::{SourceLock, lock_source};
use super::error::StoreError;
use super::operations::{active_of, to_json};
use super::schema::sync_operations;
use crate::domain::operation::{Priority, StartRequest, Status};
use crate::domain::source::SourceId;
use crate::domain::sync_id::SyncId;

/// What became of a wish to start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// The run exists and waits for a worker.
    Accepted(SyncId),
    /// Another run of this source is active; this one.
    AlreadyRunning(SyncId),
    /// The same was done so recently that this looks like a slip; ask again after so long.
    CoolingDown(Duration),
    /// There is no such source.
    NoSuchSource,
}

/// How long a start that lost the lock looks for the winner's run, which it cannot see before the winner commits.
const LOOK: Duration = Duration::from_millis(500);

enum Attempt {
    Decided(Admission),
    Lost(Error),
}

impl Store {
    /// Decides about a start. `message` is what the waiting run says; a `cooldown` of zero is none.
    ///
    /// # Errors
    /// When the database fails, or somebody else holds the source's row for long without starting a run.
    pub fn admit(
        &self,
        source: SourceId,
        request: &StartRequest,
        message: &str,
        cooldown: Duration,
    ) -> Result<Admission, StoreError> {
        let options = to_json("sync_operations.options", &request.options)?;
        let mut last_chance = false;
        loop {
            let id = SyncId::new();
            let attempt = self.write(|conn| match lock_source(conn, source.0)? {
                SourceLock::Held => decide(conn, source, id, request, &options, message, cooldown),
                SourceLock::Gone => Ok(Admission::NoSuchSource),
                SourceLock::Busy(error) => Err(StoreError::Statement(error)),
            });
            let lost = match self.sort_out(attempt)? {
                Attempt::Decided(admission) => return Ok(admission),
                Attempt::Lost(error) => error,
            };
            let deadline = Instant::now() + LOOK;
            loop {
                if let Some(winner) = self.active_run(source)? {
                    return Ok(Admission::AlreadyRunning(winner));
                }
                if Instant::now() >= deadline {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            if last_chance {
                return Err(StoreError::Statement(lost));
            }
            last_chance = true;
        }
    }

    /// Tells a decision from a lost race (the lock, or the unique index behind it) and from a failure.
    fn sort_out(&self, attempt: Result<Admission, StoreError>) -> Result<Attempt, StoreError> {
        use diesel::result::DatabaseErrorKind::{UniqueViolation, Unknown};
        match attempt {
            Ok(admission) => Ok(Attempt::Decided(admission)),
            Err(StoreError::Statement(error @ Error::DatabaseError(UniqueViolation, _))) => Ok(Attempt::Lost(error)),
            Err(StoreError::Statement(error @ Error::DatabaseError(Unknown, _))) if !self.is_sqlite() => {
                Ok(Attempt::Lost(error))
            }
            Err(error) => Err(error),
        }
    }
}

fn decide(
    conn: &mut AnyConnection,
    source: SourceId,
    id: SyncId,
    request: &StartRequest,
    options: &str,
    message: &str,
    cooldown: Duration,
) -> Result<Admission, StoreError> {
    // 409 beats 429: a run that goes on is the better answer.
    if let Some(active) = active_of(conn, source.0)? {
        return Ok(Admission::AlreadyRunning(active));
    }
    let now = clock::now(conn)?;
    if request.priority == Priority::Manual
        && let Some(left) = cooling_down(conn, source, request, now, cooldown)?
    {
        return Ok(Admission::CoolingDown(left));
    }
    diesel::insert_into(sync_operations::table)
        .values((
            sync_operations::id.eq(id.to_string()),
            sync_operations::source_id.eq(source.0),
            sync_operations::kind.eq(request.kind.as_str()),
            sync_operations::mode.eq(request.mode.as_str()),
            sync_operations::options.eq(options),
            sync_operations::priority.eq(request.priority.number()),
            sync_operations::status.eq(Status::Pending.as_str()),
            sync_operations::message.eq(message),
            sync_operations::requested_by.eq(&request.requested_by),
            sync_operations::created_at.eq(now.naive_utc()),
            sync_operations::last_update.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    Ok(Admission::Accepted(id))
}

/// What is left of the cooldown since the last run of the same kind by hand ended.
fn cooling_down(
    conn: &mut AnyConnection,
    source: SourceId,
    request: &StartRequest,
    now: DateTime<Utc>,
    cooldown: Duration,
) -> Result<Option<Duration>, StoreError> {
    let ended: Option<Option<chrono::NaiveDateTime>> = sync_operations::table
        .filter(sync_operations::source_id.eq(source.0))
        .filter(sync_operations::kind.eq(request.kind.as_str()))
        .filter(sync_operations::priority.eq(Priority::Manual.number()))
        .filter(sync_operations::finished_at.is_not_null())
        .order(sync_operations::finished_at.desc())
        .select(sync_operations::finished_at)
        .first(conn)
        .optional()?;
    let Some(ended) = ended.flatten() else { return Ok(None) };
    let cooldown = TimeDelta::from_std(cooldown).unwrap_or(TimeDelta::MAX);
    let left = cooldown - (now - ended.and_utc());
    Ok(left.to_std().ok().filter(|left| !left.is_zero()))
}
