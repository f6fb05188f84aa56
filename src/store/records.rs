//! Reads `sync_records`, the results of finished runs.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::active_statuses::ACTIVE_STATUSES;
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::run_columns::RunColumns;
use super::schema::{sources, sync_operations, sync_records};
use super::stored_values::{parse_json, parse_value};
use crate::domain::operation::{OperationKind, StartOptions, Status};
use crate::domain::progress::RunStats;
use crate::domain::record::{RunTimestamps, SyncRecord};
use crate::domain::source::SourceId;
use crate::domain::sync_id::SyncId;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sync_records)]
pub(super) struct RecordRow {
    id: String,
    source_id: i64,
    source: String,
    kind: String,
    mode: String,
    status: String,
    message: String,
    progress: i32,
    created_at: NaiveDateTime,
    started_at: Option<NaiveDateTime>,
    processing_at: Option<NaiveDateTime>,
    finalizing_at: Option<NaiveDateTime>,
    finished_at: NaiveDateTime,
    stats: String,
    error: Option<String>,
    code: Option<String>,
    requested_by: String,
    attempt: i32,
    retry_of: Option<String>,
    successor: Option<String>,
    issues: i64,
    withheld_removals: i64,
    stage: Option<String>,
    target: Option<String>,
    changes_digest: Option<String>,
    review: Option<String>,
    retries_before: Option<i32>,
    retry_at: Option<NaiveDateTime>,
    options: Option<String>,
}

impl TryFrom<RecordRow> for SyncRecord {
    type Error = StoreError;

    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        let columns = RunColumns {
            id: &row.id,
            source: &row.source,
            kind: &row.kind,
            status: &row.status,
            progress: row.progress,
            stage: row.stage.as_deref(),
            message: row.message,
            stats: &row.stats,
            error: row.error,
            code: row.code,
            attempt: row.attempt,
            retry_of: row.retry_of.as_deref(),
            successor: row.successor.as_deref(),
        };
        Ok(Self {
            summary: columns.into_summary()?,
            source_id: SourceId(row.source_id),
            mode: parse_value("sync_records.mode", &row.mode)?,
            timestamps: RunTimestamps {
                created_at: row.created_at.and_utc(),
                started_at: row.started_at.map(|time| time.and_utc()),
                processing_at: row.processing_at.map(|time| time.and_utc()),
                finalizing_at: row.finalizing_at.map(|time| time.and_utc()),
            },
            finished_at: row.finished_at.and_utc(),
            requested_by: row.requested_by,
            issues: u64::try_from(row.issues).unwrap_or(0),
            withheld_removals: u64::try_from(row.withheld_removals).unwrap_or(0),
            target: row.target.map(|id| parse_value("sync_records.target", &id)).transpose()?,
            review: row.review.map(|id| parse_value("sync_records.review", &id)).transpose()?,
            retries_before: row.retries_before.and_then(|number| u8::try_from(number).ok()),
            retry_at: row.retry_at.map(|time| time.and_utc()),
            changes_digest: row.changes_digest,
            options: row
                .options
                .map_or_else(|| Ok(StartOptions::default()), |text| parse_json("sync_records.options", &text))?,
        })
    }
}

/// Returns the condition that the record, joined with its source, is the source's latest finished run that was not a
/// preview. For each source this is one look-up in the index over (source_id, finished_at).
pub(super) fn is_latest() -> SqlLiteral<Bool> {
    sql("sync_records.id = (SELECT latest.id FROM sync_records AS latest WHERE latest.source_id = sources.id \
         AND latest.kind <> 'preview' ORDER BY latest.finished_at DESC, latest.id DESC LIMIT 1)")
}

/// The result of a source's latest finished run that was not a preview.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LatestResult {
    /// The id of the source.
    pub source_id: SourceId,
    /// What the run did.
    pub kind: OperationKind,
    /// The terminal status.
    pub status: Status,
    /// The counts.
    pub stats: RunStats,
}

/// Returns the run of a source that ended last.
pub(super) fn last_ended_run(conn: &mut AnyConnection, source: SourceId) -> Result<Option<SyncId>, StoreError> {
    let id: Option<String> = sync_records::table
        .filter(sync_records::source_id.eq(source.0))
        .order((sync_records::finished_at.desc(), sync_records::id.desc()))
        .select(sync_records::id)
        .first(conn)
        .optional()?;
    id.map(|id| parse_value("sync_records.id", &id)).transpose()
}

impl Store {
    /// Returns the run of a source that ended last; `None` if none is kept.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn last_ended_run(&self, source: SourceId) -> Result<Option<SyncId>, StoreError> {
        self.read(|conn| last_ended_run(conn, source))
    }

    /// Returns the latest result of every source that has one, in one query.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn latest_results(&self) -> Result<Vec<LatestResult>, StoreError> {
        self.latest_results_of(None)
    }

    /// Returns the latest result of a source; `None` if only previews have ended.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn latest_result(&self, source: SourceId) -> Result<Option<LatestResult>, StoreError> {
        Ok(self.latest_results_of(Some(source))?.pop())
    }

    fn latest_results_of(&self, only: Option<SourceId>) -> Result<Vec<LatestResult>, StoreError> {
        self.read(|conn| {
            let mut query = sources::table
                .inner_join(sync_records::table.on(is_latest()))
                .select((sources::id, sync_records::kind, sync_records::status, sync_records::stats))
                .into_boxed();
            if let Some(only) = only {
                query = query.filter(sources::id.eq(only.0));
            }
            let rows: Vec<(i64, String, String, String)> = query.load(conn)?;
            rows.into_iter()
                .map(|(source, kind, status, stats)| {
                    Ok(LatestResult {
                        source_id: SourceId(source),
                        kind: parse_value("sync_records.kind", &kind)?,
                        status: parse_value("sync_records.status", &status)?,
                        stats: parse_json("sync_records.stats", &stats)?,
                    })
                })
                .collect()
        })
    }

    /// Returns the record of a run; `None` while it is active, or if it is unknown.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_record(&self, id: SyncId) -> Result<Option<SyncRecord>, StoreError> {
        self.read(|conn| {
            let row = sync_records::table.find(id.to_string()).select(RecordRow::as_select());
            row.first(conn).optional()?.map(SyncRecord::try_from).transpose()
        })
    }

    /// Returns whether any run is active or ended after `since`, by one look-up in each of two indexes.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn recent_activity(&self, since: DateTime<Utc>) -> Result<bool, StoreError> {
        let active = sync_operations::table.filter(sync_operations::status.eq_any(ACTIVE_STATUSES));
        let ended = sync_records::table.filter(sync_records::finished_at.gt(since.naive_utc()));
        self.read(|conn| Ok(diesel::select(exists(active).or(exists(ended))).get_result(conn)?))
    }

    /// Returns the newest records of one source or of all, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn recent_records(&self, source: Option<SourceId>, limit: u32) -> Result<Vec<SyncRecord>, StoreError> {
        self.read(|conn| {
            let mut query = sync_records::table.select(RecordRow::as_select()).into_boxed();
            if let Some(source) = source {
                query = query.filter(sync_records::source_id.eq(source.0));
            }
            let rows = query
                .order((sync_records::finished_at.desc(), sync_records::id.desc()))
                .limit(i64::from(limit))
                .load::<RecordRow>(conn)?;
            rows.into_iter().map(SyncRecord::try_from).collect()
        })
    }

    /// Returns the completed runs of a source that are about its earlier run `target`: that undid it, or applied its
    /// list or its preview. The newest comes first, and at most `limit` are returned.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn records_about(&self, source: SourceId, target: SyncId, limit: u32) -> Result<Vec<SyncRecord>, StoreError> {
        self.read(|conn| {
            let rows = sync_records::table
                .filter(sync_records::source_id.eq(source.0))
                .filter(sync_records::target.eq(target.to_string()))
                .filter(sync_records::status.eq(Status::Completed.as_str()))
                .order((sync_records::finished_at.desc(), sync_records::id.desc()))
                .limit(i64::from(limit))
                .select(RecordRow::as_select())
                .load::<RecordRow>(conn)?;
            rows.into_iter().map(SyncRecord::try_from).collect()
        })
    }
}
