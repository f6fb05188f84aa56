//! Pauses and resumes the schedules of sources.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::error::StoreError;
use super::retries;
use super::schema::sources;
use crate::domain::source::SourceId;

/// Pauses the schedule of a source, if it has one that is not paused yet.
pub(super) fn pause(conn: &mut AnyConnection, source_id: i64) -> QueryResult<()> {
    let now = clock::now(conn)?.naive_utc();
    let scheduled =
        sources::table.find(source_id).filter(sources::schedule.is_not_null()).filter(sources::paused_at.is_null());
    diesel::update(scheduled)
        // Without a next time, servers of the previous version start nothing either.
        .set((sources::paused_at.eq(now), sources::next_run_at.eq(None::<NaiveDateTime>)))
        .execute(conn)?;
    retries::clear_retry(conn, source_id)
}

impl Store {
    /// Pauses the schedule of a source. A source without a schedule and a paused one stay as they are.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn pause_schedule(&self, source: SourceId) -> Result<(), StoreError> {
        self.write(|conn| Ok(pause(conn, source.0)?))
    }

    /// Resumes the schedule of a source. `next_run_at` is its next scheduled start. Returns whether it was paused.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn resume_schedule(&self, source: SourceId, next_run_at: Option<NaiveDateTime>) -> Result<bool, StoreError> {
        self.write(|conn| {
            let paused = sources::table.find(source.0).filter(sources::paused_at.is_not_null());
            let resumed = (
                sources::paused_at.eq(None::<NaiveDateTime>),
                sources::next_run_at.eq(next_run_at),
                // Scheduled times during the pause were not missed.
                sources::schedule_since.eq(clock::now(conn)?.naive_utc()),
            );
            Ok(diesel::update(paused).set(resumed).execute(conn)? > 0)
        })
    }
}
