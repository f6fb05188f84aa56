//! Admission: at most one active run per source, decided in one transaction that locks the source's row.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::result::Error;

use super::audit_log::AuditSubject;
use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::dialect::lock::{SourceLock, lock_source};
use super::error::StoreError;
use super::operations::active_run_of;
use super::retries;
use super::schedules;
use super::schema::{sources, sync_operations};
use super::start_condition::StartCondition;
use super::stored_values::to_json;
use crate::domain::audit::AuditAction;
use crate::domain::operation::{OperationKind, RunPriority, StartRequest, Status};
use crate::domain::schedule::StoredSchedule;
use crate::domain::source::SourceId;
use crate::domain::sync_id::SyncId;

/// The result of a request to start a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartOutcome {
    /// The run was created and waits for a worker.
    Accepted(SyncId),
    /// Another run of the source, with this id, is active.
    AlreadyRunning(SyncId),
    /// A run of the same kind ended too recently; it may be started again after this time.
    CoolingDown(Duration),
    /// The source does not exist.
    NoSuchSource,
    /// Another server already made this scheduled start, or the schedule was changed.
    NotDue,
    /// The condition of the request does not hold any more.
    Outdated,
}

/// A request to start a run.
#[derive(Clone, Debug)]
pub struct AdmissionRequest<'a> {
    /// The source to run.
    pub source: SourceId,
    /// The kind of run and its options.
    pub request: &'a StartRequest,
    /// The message of the run while it waits.
    pub message: &'a str,
    /// The minimum time between two manual runs of the same kind; zero disables the check.
    pub cooldown: Duration,
    /// The scheduled start that this request makes, if any.
    pub due: Option<ScheduledStart>,
    /// What must still be so, if a person decided on it.
    pub condition: Option<StartCondition>,
}

/// A source whose schedule is due: its id, the time, the cron expression and its time zone.
type DueRow = (i64, Option<chrono::NaiveDateTime>, Option<String>, Option<String>);

/// A scheduled start, and the one after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScheduledStart {
    /// The time at which it was due.
    pub at: DateTime<Utc>,
    /// The time of the next scheduled start; `None` if there is none.
    pub next: Option<DateTime<Utc>>,
    /// Whether it is the retry of a scheduled sync that failed; it leaves the schedule as it is.
    pub is_retry: bool,
}

/// How long a start that did not get the lock waits for the other start's run, which becomes visible when that
/// transaction commits.
const OTHER_START_TIMEOUT: Duration = Duration::from_millis(500);

enum AdmissionAttempt {
    Decided(StartOutcome),
    LostRace(Error),
}

impl Store {
    /// Accepts a run and queues it, or returns why it cannot start.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable or refuses the statement; [`StoreError::Busy`] when another
    /// transaction keeps the source's row locked without starting a run.
    pub fn admit_run(&self, admission: &AdmissionRequest<'_>) -> Result<StartOutcome, StoreError> {
        let mut last_chance = false;
        loop {
            let attempt = self.write(|conn| match lock_source(conn, admission.source.0)? {
                SourceLock::Held => {
                    let outcome = decide_start(conn, admission)?;
                    if let StartOutcome::Accepted(id) = outcome {
                        if admission.request.kind == OperationKind::Undo {
                            // A scheduled sync would bring back what the undo reverts.
                            let paused = schedules::pause(conn, admission.source.0)?;
                            self.record_pause(conn, AuditAction::SchedulePaused, admission.source.0, paused)?;
                        }
                        let action = AuditAction::starting(admission.request.kind);
                        let source = AuditSubject::Source(admission.source.0);
                        let decision = admission.request.options.describe_decision();
                        self.record_action(conn, action, source, decision, Some(&id.to_string()))?;
                    }
                    Ok(outcome)
                }
                SourceLock::NoSuchSource => Ok(StartOutcome::NoSuchSource),
                SourceLock::Busy(error) => Err(StoreError::Statement(error)),
            });
            let lost = match self.classify_attempt(attempt)? {
                AdmissionAttempt::Decided(outcome) => return Ok(outcome),
                AdmissionAttempt::LostRace(error) => error,
            };
            let deadline = Instant::now() + OTHER_START_TIMEOUT;
            loop {
                if let Some(winner) = self.active_run(admission.source)? {
                    return Ok(StartOutcome::AlreadyRunning(winner));
                }
                if Instant::now() >= deadline {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            if last_chance {
                log::warn!("the row of source {} stays locked: {lost}", admission.source.0);
                return Err(StoreError::Busy);
            }
            last_chance = true;
        }
    }

    /// Distinguishes a decision, a lost race (for the lock, or against the unique index) and a failure.
    fn classify_attempt(&self, attempt: Result<StartOutcome, StoreError>) -> Result<AdmissionAttempt, StoreError> {
        use diesel::result::DatabaseErrorKind::{UniqueViolation, Unknown};
        match attempt {
            Ok(outcome) => Ok(AdmissionAttempt::Decided(outcome)),
            Err(error) if error.is_disk_full() => Err(error),
            Err(StoreError::Statement(error @ Error::DatabaseError(UniqueViolation, _))) => {
                Ok(AdmissionAttempt::LostRace(error))
            }
            Err(StoreError::Statement(error @ Error::DatabaseError(Unknown, _))) if !self.is_sqlite() => {
                Ok(AdmissionAttempt::LostRace(error))
            }
            Err(error) => Err(error),
        }
    }
}

fn decide_start(conn: &mut AnyConnection, admission: &AdmissionRequest<'_>) -> Result<StartOutcome, StoreError> {
    let AdmissionRequest { source, request, .. } = *admission;
    if admission.due.is_some_and(|due| due.is_retry)
        && let Some(active) = active_run_of(conn, source.0)?
    {
        // The retry goes on waiting: the active run may be a preview.
        return Ok(StartOutcome::AlreadyRunning(active));
    }
    if let Some(due) = admission.due
        && !take_due_start(conn, source, due)?
    {
        return Ok(StartOutcome::NotDue);
    }
    // The active run is reported before the cooldown: its id is more useful than a wait.
    if let Some(active) = active_run_of(conn, source.0)? {
        return Ok(StartOutcome::AlreadyRunning(active));
    }
    if let Some(condition) = admission.condition
        && !condition.holds(conn, source)?
    {
        return Ok(StartOutcome::Outdated);
    }
    let now = clock::now(conn)?;
    if request.priority == RunPriority::Manual
        && let Some(left) = remaining_cooldown(conn, source, request.kind, now, admission.cooldown)?
    {
        return Ok(StartOutcome::CoolingDown(left));
    }
    let id = SyncId::new();
    diesel::insert_into(sync_operations::table)
        .values((
            sync_operations::id.eq(id.to_string()),
            sync_operations::source_id.eq(source.0),
            sync_operations::kind.eq(request.kind.as_str()),
            sync_operations::mode.eq(request.mode.as_str()),
            sync_operations::options.eq(to_json("sync_operations.options", &request.options)?),
            sync_operations::priority.eq(request.priority.as_number()),
            sync_operations::status.eq(Status::Pending.as_str()),
            sync_operations::message.eq(admission.message),
            sync_operations::requested_by.eq(&request.requested_by),
            sync_operations::created_at.eq(now.naive_utc()),
            sync_operations::last_update.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    if request.kind != OperationKind::Preview {
        // A run that changes the catalog replaces a retry that waits.
        retries::clear_retry(conn, source.0)?;
    }
    Ok(StartOutcome::Accepted(id))
}

/// Takes a start that is due. Returns false if another server took it, or if the schedule or the retry was changed.
fn take_due_start(conn: &mut AnyConnection, source: SourceId, due: ScheduledStart) -> QueryResult<bool> {
    if due.is_retry { retries::take_due_retry(conn, source.0, due.at) } else { advance_schedule(conn, source, due) }
}

/// Advances a source's schedule if it still has the expected time; of several servers only one updates the row. This
/// comes before the check for an active run, so that a start which is due during a run is skipped.
fn advance_schedule(conn: &mut AnyConnection, source: SourceId, due: ScheduledStart) -> QueryResult<bool> {
    let expected = sources::table.find(source.0).filter(sources::next_run_at.eq(due.at.naive_utc()));
    let next = due.next.map(|time| time.naive_utc());
    Ok(diesel::update(expected).set(sources::next_run_at.eq(next)).execute(conn)? == 1)
}

/// Returns the remaining cooldown since the last manual run of the same kind ended.
fn remaining_cooldown(
    conn: &mut AnyConnection,
    source: SourceId,
    kind: OperationKind,
    now: DateTime<Utc>,
    cooldown: Duration,
) -> Result<Option<Duration>, StoreError> {
    let ended: Option<Option<chrono::NaiveDateTime>> = sync_operations::table
        .filter(sync_operations::source_id.eq(source.0))
        .filter(sync_operations::kind.eq(kind.as_str()))
        .filter(sync_operations::priority.eq(RunPriority::Manual.as_number()))
        .filter(sync_operations::finished_at.is_not_null())
        .order(sync_operations::finished_at.desc())
        .select(sync_operations::finished_at)
        .first(conn)
        .optional()?;
    let Some(ended) = ended.flatten() else { return Ok(None) };
    let cooldown = TimeDelta::from_std(cooldown).unwrap_or(TimeDelta::MAX);
    // If the clock was set back, the wait must not become longer than the cooldown.
    let passed = (now - ended.and_utc()).max(TimeDelta::zero());
    // A cooldown that is over has a negative rest, which is no `Duration`.
    Ok((cooldown - passed).to_std().ok().filter(|left| !left.is_zero()))
}

impl Store {
    /// Returns the remaining cooldown of a kind of run; zero when it may be started manually again. Used for the
    /// countdown on the button; the decision is made when a run is started.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn cooldown_left(
        &self,
        source: SourceId,
        kind: OperationKind,
        cooldown: Duration,
    ) -> Result<Duration, StoreError> {
        self.read(|conn| {
            let now = clock::now(conn)?;
            Ok(remaining_cooldown(conn, source, kind, now, cooldown)?.unwrap_or_default())
        })
    }

    /// Returns the sources whose schedule is due, each with the time at which it was due and the schedule.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn due_sources(&self) -> Result<Vec<(SourceId, DateTime<Utc>, StoredSchedule)>, StoreError> {
        self.read(|conn| {
            let now = clock::now(conn)?.naive_utc();
            let rows: Vec<DueRow> = sources::table
                .filter(sources::next_run_at.le(now))
                .filter(sources::schedule.is_not_null())
                .filter(sources::paused_at.is_null())
                .select((sources::id, sources::next_run_at, sources::schedule, sources::schedule_zone))
                .load(conn)?;
            let due = |(id, at, cron, zone): DueRow| {
                Some((SourceId(id), at?.and_utc(), StoredSchedule { cron: cron?, zone }))
            };
            Ok(rows.into_iter().filter_map(due).collect())
        })
    }
}
