//! Reads `sync_operations`, the rows of active and recent runs.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::active_statuses::ACTIVE_STATUSES;
use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::error::StoreError;
use super::run_columns::RunColumns;
use super::schema::{sources, sync_operations, sync_records};
use super::stored_values::{parse_json, parse_value};
use crate::domain::operation::{OperationKind, RunPriority, StartOptions, Status, SyncOperation};
use crate::domain::record::{ActiveRun, RunTimestamps};
use crate::domain::run_summary::RunSummary;
use crate::domain::source::SourceId;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;

/// Values of an operation's row that the status report does not have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperationNote {
    /// The user, command or schedule that started the run.
    pub requested_by: String,
    /// Whether a cancel was requested.
    pub cancel_requested: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sync_operations)]
pub(super) struct OperationRow {
    pub(super) id: String,
    pub(super) source_id: i64,
    pub(super) kind: String,
    pub(super) mode: String,
    pub(super) options: String,
    pub(super) priority: i32,
    pub(super) status: String,
    pub(super) stage: Option<String>,
    pub(super) message: String,
    pub(super) progress: i32,
    pub(super) stats: String,
    pub(super) batches: i64,
    pub(super) error: Option<String>,
    pub(super) code: Option<String>,
    pub(super) requested_by: String,
    pub(super) attempt: i32,
    pub(super) retry_of: Option<String>,
    pub(super) cancel_requested: bool,
    pub(super) created_at: NaiveDateTime,
    pub(super) started_at: Option<NaiveDateTime>,
    pub(super) processing_at: Option<NaiveDateTime>,
    pub(super) finalizing_at: Option<NaiveDateTime>,
    pub(super) last_update: NaiveDateTime,
}

impl OperationRow {
    pub(super) fn to_operation(&self) -> Result<SyncOperation, StoreError> {
        Ok(SyncOperation {
            id: parse_value("sync_operations.id", &self.id)?,
            source_id: SourceId(self.source_id),
            kind: parse_value("sync_operations.kind", &self.kind)?,
            mode: parse_value("sync_operations.mode", &self.mode)?,
            options: parse_json::<StartOptions>("sync_operations.options", &self.options)?,
            priority: RunPriority::from_number(self.priority),
            attempt: self.attempt,
            retry_of: self.retry_of.as_deref().map(|id| parse_value("sync_operations.retry_of", id)).transpose()?,
            requested_by: self.requested_by.clone(),
            created_at: self.created_at.and_utc(),
        })
    }

    /// Returns the row as a summary. `slug` is the slug of its source.
    fn to_summary(&self, slug: &str, successor: Option<&str>) -> Result<RunSummary, StoreError> {
        let columns = RunColumns {
            id: &self.id,
            source: slug,
            kind: &self.kind,
            status: &self.status,
            progress: self.progress,
            stage: self.stage.as_deref(),
            message: self.message.clone(),
            stats: &self.stats,
            error: self.error.clone(),
            code: self.code.clone(),
            attempt: self.attempt,
            retry_of: self.retry_of.as_deref(),
            successor,
        };
        columns.into_summary()
    }

    fn status_report(&self, slug: &str, successor: Option<&str>) -> Result<StatusReport, StoreError> {
        let elapsed = self.started_at.map(|start| self.last_update - start).unwrap_or_default();
        let (start_time, last_update) = (self.created_at.and_utc(), self.last_update.and_utc());
        Ok(StatusReport::new(self.to_summary(slug, successor)?, start_time, last_update, elapsed))
    }

    /// Returns the row of an active run, as the history shows it. `slug` is the slug of its source.
    pub(super) fn active_run(&self, slug: &str) -> Result<ActiveRun, StoreError> {
        Ok(ActiveRun {
            summary: self.to_summary(slug, None)?,
            source_id: SourceId(self.source_id),
            mode: parse_value("sync_operations.mode", &self.mode)?,
            timestamps: RunTimestamps {
                created_at: self.created_at.and_utc(),
                started_at: self.started_at.map(|time| time.and_utc()),
                processing_at: self.processing_at.map(|time| time.and_utc()),
                finalizing_at: self.finalizing_at.map(|time| time.and_utc()),
            },
            requested_by: self.requested_by.clone(),
            retries_before: parse_json::<StartOptions>("sync_operations.options", &self.options)?.retries_before,
        })
    }
}

pub(super) fn find_row(conn: &mut AnyConnection, id: &str) -> Result<Option<OperationRow>, StoreError> {
    Ok(sync_operations::table.find(id).select(OperationRow::as_select()).first(conn).optional()?)
}

/// Returns the id of the run that continues `id`. It is read from the record, because the successor's own row may be
/// deleted first.
fn successor_of(conn: &mut AnyConnection, id: &str) -> QueryResult<Option<String>> {
    let kept: Option<Option<String>> =
        sync_records::table.find(id).select(sync_records::successor).first(conn).optional()?;
    Ok(kept.flatten())
}

/// Returns the id of the active run of a source.
pub(super) fn active_run_of(conn: &mut AnyConnection, source_id: i64) -> Result<Option<SyncId>, StoreError> {
    let id: Option<String> = sync_operations::table
        .filter(sync_operations::source_id.eq(source_id))
        .filter(sync_operations::status.eq_any(ACTIVE_STATUSES))
        .select(sync_operations::id)
        .first(conn)
        .optional()?;
    id.map(|id| parse_value("sync_operations.id", &id)).transpose()
}

impl Store {
    /// Returns the status of a run from its row; `None` if there is no such row.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn operation_status(&self, id: SyncId) -> Result<Option<StatusReport>, StoreError> {
        self.read(|conn| {
            let found: Option<(OperationRow, String)> = sync_operations::table
                .inner_join(sources::table)
                .filter(sync_operations::id.eq(id.to_string()))
                .select((OperationRow::as_select(), sources::slug))
                .first(conn)
                .optional()?;
            let Some((row, slug)) = found else { return Ok(None) };
            // An interrupted run is continued; one that did not apply an outdated preview is followed by a new preview.
            let may_have_successor = [Status::Interrupted.as_str(), Status::Failed.as_str()].contains(&&*row.status);
            let successor = if may_have_successor { successor_of(conn, &row.id)? } else { None };
            row.status_report(&slug, successor.as_deref()).map(Some)
        })
    }

    /// Returns what the row of a run contains beyond its status.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn operation_note(&self, id: SyncId) -> Result<Option<OperationNote>, StoreError> {
        self.read(|conn| {
            let found = sync_operations::table
                .find(id.to_string())
                .select((sync_operations::requested_by, sync_operations::cancel_requested));
            let found: Option<(String, bool)> = found.first(conn).optional()?;
            Ok(found.map(|(requested_by, cancel_requested)| OperationNote { requested_by, cancel_requested }))
        })
    }

    /// Returns the source of a run, active or finished; the source may have been removed. The slug does not identify
    /// it: the source may have another slug now, and another source may have this one.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn source_of_run(&self, id: SyncId) -> Result<Option<SourceId>, StoreError> {
        let id = id.to_string();
        self.read(|conn| {
            let operation = sync_operations::table.find(&id).select(sync_operations::source_id);
            let found: Option<i64> = match operation.first(conn).optional()? {
                Some(source) => Some(source),
                None => sync_records::table.find(&id).select(sync_records::source_id).first(conn).optional()?,
            };
            Ok(found.map(SourceId))
        })
    }

    /// Returns which of these runs the history still has.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn known_runs(&self, ids: &[SyncId]) -> Result<HashSet<SyncId>, StoreError> {
        let ids: Vec<String> = ids.iter().map(SyncId::to_string).collect();
        let known: Vec<String> = self.read(|conn| {
            let operations = sync_operations::table.filter(sync_operations::id.eq_any(&ids));
            let records = sync_records::table.filter(sync_records::id.eq_any(&ids));
            let mut known: Vec<String> = operations.select(sync_operations::id).load(conn)?;
            known.extend(records.select(sync_records::id).load::<String>(conn)?);
            Ok(known)
        })?;
        known.iter().map(|id| parse_value("sync_records.id", id)).collect()
    }

    /// Returns the active run of a source.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn active_run(&self, source: SourceId) -> Result<Option<SyncId>, StoreError> {
        self.read(|conn| active_run_of(conn, source.0))
    }

    /// Returns the ids of all active runs, each with its source.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn active_run_ids(&self) -> Result<Vec<(SyncId, SourceId)>, StoreError> {
        self.read(|conn| {
            let rows: Vec<(String, i64)> = sync_operations::table
                .filter(sync_operations::status.eq_any(ACTIVE_STATUSES))
                .order(sync_operations::created_at)
                .select((sync_operations::id, sync_operations::source_id))
                .load(conn)?;
            rows.into_iter()
                .map(|(id, source)| Ok((parse_value("sync_operations.id", &id)?, SourceId(source))))
                .collect()
        })
    }

    /// Returns the newest run of a source, active or not, except those of the kind `hidden`. The row of an operation is
    /// deleted after a day, its record after months.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn latest_run(&self, source: SourceId, hidden: Option<OperationKind>) -> Result<Option<SyncId>, StoreError> {
        // No run has an empty kind.
        let hidden = hidden.map_or("", OperationKind::as_str);
        self.read(|conn| {
            let active_or_recent: Option<String> = sync_operations::table
                .filter(sync_operations::source_id.eq(source.0))
                .filter(sync_operations::kind.ne(hidden))
                .order((sync_operations::created_at.desc(), sync_operations::id.desc()))
                .select(sync_operations::id)
                .first(conn)
                .optional()?;
            let id: Option<String> = match active_or_recent {
                Some(id) => Some(id),
                None => sync_records::table
                    .filter(sync_records::source_id.eq(source.0))
                    .filter(sync_records::kind.ne(hidden))
                    .order((sync_records::finished_at.desc(), sync_records::id.desc()))
                    .select(sync_records::id)
                    .first(conn)
                    .optional()?,
            };
            id.map(|id| parse_value("id of a run", &id)).transpose()
        })
    }

    /// Returns the current time of the database.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.read(|conn| Ok(clock::now(conn)?))
    }
}
