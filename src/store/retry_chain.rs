//! Finds the automatic retries of a failed run, and the failed runs that a retry repeats.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::active_statuses::ACTIVE_STATUSES;
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::operations::OperationRow;
use super::records::RecordRow;
use super::schema::{sources, sync_operations, sync_records};
use crate::domain::automatic_retry::MAX_AUTOMATIC_RETRIES;
use crate::domain::record::{ActiveRun, HistoryRun, SyncRecord};
use crate::domain::source::SourceId;

/// A retry ends within this time after it was planned; later runs are not looked at.
const MAX_RETRY_TIME: TimeDelta = TimeDelta::days(1);

/// The scheduled sync with its retries around one run, oldest first and without it.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct RetryChain {
    /// The failed runs that the run repeats.
    pub before: Vec<SyncRecord>,
    /// The retries after the run. Only the last one may be active.
    pub after: Vec<HistoryRun>,
}

/// The failed run that a retry repeats: the newest run of its source before it that planned a retry.
fn find_failed_run(
    conn: &mut AnyConnection,
    source_id: SourceId,
    created_at: DateTime<Utc>,
    retries_before: Option<u8>,
) -> Result<Option<SyncRecord>, StoreError> {
    let Some(number) = retries_before.filter(|number| *number > 0) else { return Ok(None) };
    let created = created_at.naive_utc();
    let row: Option<RecordRow> = sync_records::table
        .filter(sync_records::source_id.eq(source_id.0))
        .filter(sync_records::finished_at.between(earlier(created), created))
        .filter(sync_records::retry_at.le(created))
        .order((sync_records::finished_at.desc(), sync_records::id.desc()))
        .select(RecordRow::as_select())
        .first(conn)
        .optional()?;
    let failed = row.map(SyncRecord::try_from).transpose()?;
    Ok(failed.filter(|failed| failed.retries_before == Some(number - 1)))
}

/// The retry that `failed` planned: the next run that the schedule started.
fn find_retry(conn: &mut AnyConnection, failed: &SyncRecord) -> Result<Option<HistoryRun>, StoreError> {
    let (Some(at), Some(number)) = (failed.retry_at, failed.retries_before) else { return Ok(None) };
    let finished = failed.finished_at.naive_utc();
    // The active run is read first: a run that ends between the two queries has a record by the second one.
    let active = find_active_run(conn, failed.source_id)?;
    let row: Option<RecordRow> = sync_records::table
        .filter(sync_records::source_id.eq(failed.source_id.0))
        .filter(sync_records::finished_at.gt(finished))
        .filter(sync_records::finished_at.le((at + MAX_RETRY_TIME).naive_utc()))
        .filter(sync_records::retries_before.is_not_null())
        .order((sync_records::finished_at, sync_records::id))
        .select(RecordRow::as_select())
        .first(conn)
        .optional()?;
    let ended = row.map(SyncRecord::try_from).transpose()?.map(HistoryRun::Ended);
    let next = ended.or_else(|| active.map(HistoryRun::Active));
    Ok(next.filter(|next| next.retries_before() == Some(number + 1) && next.timestamps().created_at >= at))
}

fn find_active_run(conn: &mut AnyConnection, source_id: SourceId) -> Result<Option<ActiveRun>, StoreError> {
    let found: Option<(OperationRow, String)> = sync_operations::table
        .inner_join(sources::table)
        .filter(sync_operations::source_id.eq(source_id.0))
        .filter(sync_operations::status.eq_any(ACTIVE_STATUSES))
        .select((OperationRow::as_select(), sources::slug))
        .first(conn)
        .optional()?;
    found.map(|(row, slug)| row.active_run(&slug)).transpose()
}

fn earlier(time: NaiveDateTime) -> NaiveDateTime {
    time.checked_sub_signed(MAX_RETRY_TIME).unwrap_or(NaiveDateTime::MIN)
}

impl Store {
    /// Returns the runs before and after `of` that failed and were retried automatically, or that are retries.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_retries(&self, of: &HistoryRun) -> Result<RetryChain, StoreError> {
        self.read(|conn| {
            let mut chain = RetryChain::default();
            let (mut created_at, mut retries_before) = (of.timestamps().created_at, of.retries_before());
            while chain.before.len() <= usize::from(MAX_AUTOMATIC_RETRIES)
                && let Some(failed) = find_failed_run(conn, of.source_id(), created_at, retries_before)?
            {
                (created_at, retries_before) = (failed.timestamps.created_at, failed.retries_before);
                chain.before.push(failed);
            }
            while chain.after.len() <= usize::from(MAX_AUTOMATIC_RETRIES)
                && let HistoryRun::Ended(failed) = chain.after.last().unwrap_or(of)
                && let Some(retry) = find_retry(conn, failed)?
            {
                chain.after.push(retry);
            }
            chain.before.reverse();
            Ok(chain)
        })
    }
}
