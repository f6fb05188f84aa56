//! Pauses and resumes the schedules of sources.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::audit_log::AuditSubject;
use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::error::StoreError;
use super::retries;
use super::schema::sources;
use crate::domain::audit::AuditAction;
use crate::domain::schedule::StoredSchedule;
use crate::domain::source::SourceId;

/// Pauses the schedule of a source, if it has one that is not paused yet. Returns whether it had.
pub(super) fn pause(conn: &mut AnyConnection, source_id: i64) -> QueryResult<bool> {
    let now = clock::now(conn)?.naive_utc();
    let scheduled =
        sources::table.find(source_id).filter(sources::schedule.is_not_null()).filter(sources::paused_at.is_null());
    let paused = diesel::update(scheduled)
        // Without a next time, servers of the previous version start nothing either.
        .set((sources::paused_at.eq(now), sources::next_run_at.eq(None::<NaiveDateTime>)))
        .execute(conn)?;
    retries::clear_retry(conn, source_id)?;
    Ok(paused > 0)
}

/// Resumes the schedule of a source, if it was paused at `since` or later. Returns whether it was.
pub(super) fn resume(
    conn: &mut AnyConnection,
    source_id: i64,
    since: Option<NaiveDateTime>,
) -> Result<bool, StoreError> {
    let row = sources::table.find(source_id).select((sources::schedule, sources::schedule_zone, sources::paused_at));
    let row: Option<(Option<String>, Option<String>, Option<NaiveDateTime>)> = row.first(conn).optional()?;
    let Some((cron, zone, Some(paused_at))) = row else { return Ok(false) };
    if since.is_some_and(|since| paused_at < since) {
        return Ok(false);
    }
    let now = clock::now(conn)?;
    // A schedule that cannot be read starts nothing.
    let schedule = cron.and_then(|cron| StoredSchedule { cron, zone }.parse().ok());
    let next = schedule.and_then(|schedule| schedule.next_after(now)).map(|time| time.naive_utc());
    let paused = sources::table.find(source_id).filter(sources::paused_at.eq(paused_at));
    let resumed = (
        sources::paused_at.eq(None::<NaiveDateTime>),
        sources::next_run_at.eq(next),
        // Scheduled times during the pause were not missed.
        sources::schedule_since.eq(now.naive_utc()),
    );
    Ok(diesel::update(paused).set(resumed).execute(conn)? > 0)
}

impl Store {
    /// Records that a schedule was paused or resumed, if it was.
    pub(super) fn record_pause(
        &self,
        conn: &mut AnyConnection,
        action: AuditAction,
        source: i64,
        has_changed: bool,
    ) -> Result<(), StoreError> {
        if !has_changed {
            return Ok(());
        }
        self.record_action(conn, action, AuditSubject::Source(source), None, None)
    }

    /// Pauses the schedule of a source. Returns whether it had one that was not paused.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn pause_schedule(&self, source: SourceId) -> Result<bool, StoreError> {
        self.write(|conn| {
            let paused = pause(conn, source.0)?;
            self.record_pause(conn, AuditAction::SchedulePaused, source.0, paused)?;
            Ok(paused)
        })
    }

    /// Resumes the schedule of a source: its next sync starts at the next scheduled time. Returns whether it was
    /// paused.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn resume_schedule(&self, source: SourceId) -> Result<bool, StoreError> {
        self.write(|conn| {
            let resumed = resume(conn, source.0, None)?;
            self.record_pause(conn, AuditAction::ScheduleResumed, source.0, resumed)?;
            Ok(resumed)
        })
    }
}
