//! Stores automatic retries. A retry waits as a time and not as a pending run, so that a person can start a sync
//! meanwhile, which replaces it.

use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta};
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::{catalogs, sources};
use super::stored_values::parse_value;
use crate::domain::automatic_retry::{PlannedRetry, WaitingRetry};
use crate::domain::source::SourceId;

type RetryRow = (Option<NaiveDateTime>, Option<i32>, Option<String>);

const RETRY_COLUMNS: (catalogs::retry_at, catalogs::retry_number, catalogs::retry_run) =
    (catalogs::retry_at, catalogs::retry_number, catalogs::retry_run);

/// Stores the retry of a run that failed, unless the schedule starts a sync sooner or is paused. Returns its time.
pub(super) fn store_retry(
    conn: &mut AnyConnection,
    source_id: i64,
    run: &str,
    retry: PlannedRetry,
    now: NaiveDateTime,
) -> QueryResult<Option<NaiveDateTime>> {
    let pause = TimeDelta::from_std(retry.pause).unwrap_or(TimeDelta::MAX);
    // Whole seconds, which both databases store exactly: servers compare the time to start the retry once.
    let Some(at) = now.checked_add_signed(pause).map(|at| at.trunc_subsecs(0)) else { return Ok(None) };
    let next_start: Option<NaiveDateTime> = sources::table.find(source_id).select(sources::next_run_at).first(conn)?;
    if next_start.is_none_or(|next| next <= at) {
        return Ok(None);
    }
    diesel::update(catalogs::table.find(source_id))
        .set((
            catalogs::retry_at.eq(Some(at)),
            catalogs::retry_number.eq(Some(i32::from(retry.number))),
            catalogs::retry_run.eq(Some(run)),
        ))
        .execute(conn)?;
    Ok(Some(at))
}

/// Deletes the retry of a source that waits, if there is one.
pub(super) fn clear_retry(conn: &mut AnyConnection, source_id: i64) -> QueryResult<()> {
    let waiting = catalogs::table.find(source_id).filter(catalogs::retry_at.is_not_null());
    diesel::update(waiting).set(catalogs::retry_at.eq(None::<NaiveDateTime>)).execute(conn).map(drop)
}

/// Deletes a retry that is due, if it still waits for this time; of several servers only one updates the row.
pub(super) fn take_due_retry(conn: &mut AnyConnection, source_id: i64, at: DateTime<chrono::Utc>) -> QueryResult<bool> {
    let expected = catalogs::table.find(source_id).filter(catalogs::retry_at.eq(at.naive_utc()));
    Ok(diesel::update(expected).set(catalogs::retry_at.eq(None::<NaiveDateTime>)).execute(conn)? == 1)
}

fn retry_from_row((at, number, run): RetryRow) -> Result<Option<WaitingRetry>, StoreError> {
    let (Some(at), Some(number), Some(run)) = (at, number, run) else { return Ok(None) };
    Ok(Some(WaitingRetry {
        at: at.and_utc(),
        number: u8::try_from(number).map_err(|error| StoreError::corrupt_value("catalogs.retry_number")(&error))?,
        failed_run: parse_value("catalogs.retry_run", &run)?,
    }))
}

impl Store {
    /// Returns the retries whose time has come, each with its source.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn due_retries(&self) -> Result<Vec<(SourceId, WaitingRetry)>, StoreError> {
        self.read(|conn| {
            let now = super::dialect::clock::now(conn)?.naive_utc();
            let due = catalogs::table.filter(catalogs::retry_at.le(now)).select((catalogs::source_id, RETRY_COLUMNS));
            let rows: Vec<(i64, RetryRow)> = due.load(conn)?;
            let retries = rows.into_iter().map(|(id, row)| Ok(retry_from_row(row)?.map(|retry| (SourceId(id), retry))));
            retries.filter_map(Result::transpose).collect()
        })
    }

    /// Returns the retry of a source that waits for its time.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn waiting_retry(&self, source: SourceId) -> Result<Option<WaitingRetry>, StoreError> {
        self.read(|conn| {
            let row = catalogs::table.find(source.0).select(RETRY_COLUMNS).first(conn).optional()?;
            row.map_or(Ok(None), retry_from_row)
        })
    }
}
