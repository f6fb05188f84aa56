//! Finds the automatic retries of a failed run, and the failed runs that a retry repeats.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::records::RecordRow;
use super::schema::sync_records;
use crate::domain::automatic_retry::MAX_AUTOMATIC_RETRIES;
use crate::domain::record::SyncRecord;

/// A retry ends within this time after it was planned; later runs are not looked at.
const MAX_RETRY_TIME: TimeDelta = TimeDelta::days(1);

/// The failed run that `retry` repeats: the newest run before it that planned a retry.
fn find_failed_run(conn: &mut AnyConnection, retry: &SyncRecord) -> Result<Option<SyncRecord>, StoreError> {
    let Some(number) = retry.retries_before.filter(|number| *number > 0) else { return Ok(None) };
    let created = retry.timestamps.created_at.naive_utc();
    let row: Option<RecordRow> = sync_records::table
        .filter(sync_records::source_id.eq(retry.source_id.0))
        .filter(sync_records::finished_at.between(earlier(created), created))
        .filter(sync_records::retry_at.le(created))
        .order((sync_records::finished_at.desc(), sync_records::id.desc()))
        .select(RecordRow::as_select())
        .first(conn)
        .optional()?;
    let failed = row.map(SyncRecord::try_from).transpose()?;
    Ok(failed.filter(|failed| failed.retries_before == Some(number - 1)))
}

/// The retry that `failed` planned, if it has ended: the next run that the schedule started.
fn find_retry(conn: &mut AnyConnection, failed: &SyncRecord) -> Result<Option<SyncRecord>, StoreError> {
    let (Some(at), Some(number)) = (failed.retry_at, failed.retries_before) else { return Ok(None) };
    let finished = failed.finished_at.naive_utc();
    let row: Option<RecordRow> = sync_records::table
        .filter(sync_records::source_id.eq(failed.source_id.0))
        .filter(sync_records::finished_at.gt(finished))
        .filter(sync_records::finished_at.le((at + MAX_RETRY_TIME).naive_utc()))
        .filter(sync_records::retries_before.is_not_null())
        .order((sync_records::finished_at, sync_records::id))
        .select(RecordRow::as_select())
        .first(conn)
        .optional()?;
    let next = row.map(SyncRecord::try_from).transpose()?;
    Ok(next.filter(|next| next.retries_before == Some(number + 1) && next.timestamps.created_at >= at))
}

fn earlier(time: NaiveDateTime) -> NaiveDateTime {
    time.checked_sub_signed(MAX_RETRY_TIME).unwrap_or(NaiveDateTime::MIN)
}

impl Store {
    /// Returns the finished runs before and after `of` that failed and were retried automatically, or that are retries,
    /// oldest first and without `of`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_retries(&self, of: &SyncRecord) -> Result<(Vec<SyncRecord>, Vec<SyncRecord>), StoreError> {
        self.read(|conn| {
            let (mut before, mut after) = (Vec::new(), Vec::new());
            while before.len() <= usize::from(MAX_AUTOMATIC_RETRIES)
                && let Some(failed) = find_failed_run(conn, before.last().unwrap_or(of))?
            {
                before.push(failed);
            }
            while after.len() <= usize::from(MAX_AUTOMATIC_RETRIES)
                && let Some(retry) = find_retry(conn, after.last().unwrap_or(of))?
            {
                after.push(retry);
            }
            before.reverse();
            Ok((before, after))
        })
    }
}
