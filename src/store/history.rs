//! Lists runs, newest first.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::active_statuses::ACTIVE_STATUSES;
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::history_query::{HistoryOf, HistoryQuery, MatchingRecords, is_of_removed_source, load_records};
use super::operations::OperationRow;
use super::records::RecordRow;
use super::schema::{sources, sync_operations, sync_records};
use crate::domain::record::{ActiveRun, HistoryRun, SyncRecord};
use crate::domain::source::{Slug, SourceId};
use crate::domain::sync_id::SyncId;

/// One page of finished runs.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryPage {
    /// The runs on this page, newest first.
    pub records: Vec<SyncRecord>,
    /// The number of runs on all pages.
    pub total: u64,
}

fn find_run(conn: &mut AnyConnection, id: SyncId) -> Result<Option<HistoryRun>, StoreError> {
    let id = id.to_string();
    // The operation is read first: a run that ends between the two queries has a record by the second one.
    let active: Option<(OperationRow, String)> = sync_operations::table
        .inner_join(sources::table)
        .filter(sync_operations::id.eq(&id))
        .filter(sync_operations::status.eq_any(ACTIVE_STATUSES))
        .select((OperationRow::as_select(), sources::slug))
        .first(conn)
        .optional()?;
    if let Some((row, slug)) = active {
        return row.active_run(&slug).map(|run| Some(HistoryRun::Active(run)));
    }
    let ended = sync_records::table.find(&id).select(RecordRow::as_select()).first(conn).optional()?;
    ended.map(|row| SyncRecord::try_from(row).map(HistoryRun::Ended)).transpose()
}

impl Store {
    /// Returns an active or finished run; `None` if it is unknown or was deleted.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_run(&self, id: SyncId) -> Result<Option<HistoryRun>, StoreError> {
        self.read(|conn| find_run(conn, id))
    }

    /// Returns the active runs in the order in which they were accepted.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_active_runs(&self) -> Result<Vec<ActiveRun>, StoreError> {
        self.read(|conn| {
            let rows: Vec<(OperationRow, String)> = sync_operations::table
                .inner_join(sources::table)
                .filter(sync_operations::status.eq_any(ACTIVE_STATUSES))
                .order((sync_operations::created_at, sync_operations::id))
                .select((OperationRow::as_select(), sources::slug))
                .load(conn)?;
            rows.into_iter().map(|(row, slug)| row.active_run(&slug)).collect()
        })
    }

    /// Returns the source, or the removed sources, that this slug stands for; `None` if no source has it and no removed
    /// source left records under it.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_history(&self, slug: &Slug) -> Result<Option<HistoryOf>, StoreError> {
        self.read(|conn| {
            let of = sources::table.filter(sources::slug.eq(slug.as_str())).select(sources::id);
            if let Some(id) = of.first(conn).optional()? {
                return Ok(Some(HistoryOf::Source(SourceId(id))));
            }
            let has_records: bool =
                diesel::select(exists(sync_records::table.filter(is_of_removed_source(slug.as_str()))))
                    .get_result(conn)?;
            Ok(has_records.then(|| HistoryOf::Removed(slug.clone())))
        })
    }

    /// Returns one page of finished runs, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_history(&self, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        let offset = query.page.saturating_sub(1).saturating_mul(query.per_page);
        self.read(|conn| {
            let ids = MatchingRecords(query).list_ids(conn, query.per_page, offset)?;
            // A page that is not full is the last one, unless it lies behind the last.
            let is_last = (ids.len() as u64) < query.per_page && (offset == 0 || !ids.is_empty());
            let total = if is_last { offset + ids.len() as u64 } else { MatchingRecords(query).count(conn)? };
            Ok(HistoryPage { records: load_records(conn, &ids)?, total })
        })
    }

    /// Returns the newest of the finished runs that `query` selects, without counting all of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn newest_history(&self, query: &HistoryQuery, limit: u64) -> Result<Vec<SyncRecord>, StoreError> {
        self.read(|conn| {
            let ids = MatchingRecords(query).list_ids(conn, limit, 0)?;
            load_records(conn, &ids)
        })
    }
}
