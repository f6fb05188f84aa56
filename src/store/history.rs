//! Which runs there were, newest first.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::active_statuses::ACTIVE_STATUSES;
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::operations::OperationRow;
use super::records::RecordRow;
use super::schema::{sources, sync_operations, sync_records};
use crate::domain::operation::Status;
use crate::domain::record::{ActiveRun, HistoryRun, SyncRecord};
use crate::domain::source::{Slug, SourceId};
use crate::domain::sync_id::SyncId;

/// Selects whose runs are listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HistoryOf {
    /// Those of this source, whatever it was called then.
    Source(SourceId),
    /// Those of sources that were called so and are no more.
    Removed(Slug),
}

/// Which past runs, and which page of them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct HistoryQuery {
    /// Whose; `None` is everybody's.
    pub of: Option<HistoryOf>,
    /// Those that ended so; `None` is all.
    pub status: Option<Status>,
    /// From 1.
    pub page: u64,
    /// Runs a page.
    pub per: u64,
}

/// One page of past runs.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryPage {
    /// The runs on it, newest first.
    pub records: Vec<SyncRecord>,
    /// How many there are on all pages.
    pub total: u64,
}

fn find_run(conn: &mut AnyConnection, id: SyncId) -> Result<Option<HistoryRun>, StoreError> {
    let id = id.to_string();
    // The row first: a run that ends between the two looks has its record by the second.
    let going_on: Option<(OperationRow, String)> = sync_operations::table
        .inner_join(sources::table)
        .filter(sync_operations::id.eq(&id))
        .filter(sync_operations::status.eq_any(ACTIVE_STATUSES))
        .select((OperationRow::as_select(), sources::slug))
        .first(conn)
        .optional()?;
    if let Some((row, slug)) = going_on {
        return row.active_run(&slug).map(|run| Some(HistoryRun::Active(run)));
    }
    let ended = sync_records::table.find(&id).select(RecordRow::as_select()).first(conn).optional()?;
    ended.map(|row| SyncRecord::try_from(row).map(HistoryRun::Ended)).transpose()
}

/// Of the records those of sources that were called so and are gone: a source that was only renamed has its runs under
/// its name of today.
#[diesel::dsl::auto_type]
fn is_of_removed_source<'a>(slug: &'a str) -> _ {
    let gone = sync_records::source_id.ne_all(sources::table.select(sources::id));
    sync_records::source.eq(slug).and(gone)
}

impl Store {
    /// A run, active or past; `None` when it is not known, or no longer.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_run(&self, id: SyncId) -> Result<Option<HistoryRun>, StoreError> {
        self.read(|conn| find_run(conn, id))
    }

    /// The active runs in the order in which they were accepted.
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

    /// Whose history is asked for with this slug; `None` when no source is called so and none that is gone left
    /// records under it.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_history(&self, slug: &Slug) -> Result<Option<HistoryOf>, StoreError> {
        self.read(|conn| {
            let of = sources::table.filter(sources::slug.eq(slug.as_str())).select(sources::id);
            if let Some(id) = of.first(conn).optional()? {
                return Ok(Some(HistoryOf::Source(SourceId(id))));
            }
            let left: bool = diesel::select(exists(sync_records::table.filter(is_of_removed_source(slug.as_str()))))
                .get_result(conn)?;
            Ok(left.then(|| HistoryOf::Removed(slug.clone())))
        })
    }

    /// One page of past runs, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_history(&self, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        let wanted = || {
            let mut wanted = sync_records::table.into_boxed();
            match &query.of {
                Some(HistoryOf::Source(id)) => wanted = wanted.filter(sync_records::source_id.eq(id.0)),
                Some(HistoryOf::Removed(slug)) => wanted = wanted.filter(is_of_removed_source(slug.as_str())),
                None => {}
            }
            if let Some(status) = query.status {
                wanted = wanted.filter(sync_records::status.eq(status.as_str()));
            }
            wanted
        };
        let offset = query.page.saturating_sub(1).saturating_mul(query.per);
        self.read(|conn| {
            let total = u64::try_from(wanted().count().get_result::<i64>(conn)?).unwrap_or(0);
            let rows = wanted()
                .order((sync_records::finished_at.desc(), sync_records::id.desc()))
                .limit(i64::try_from(query.per).unwrap_or(i64::MAX))
                .offset(i64::try_from(offset).unwrap_or(i64::MAX))
                .select(RecordRow::as_select())
                .load(conn)?;
            let records = rows.into_iter().map(SyncRecord::try_from).collect::<Result<_, _>>()?;
            Ok(HistoryPage { records, total })
        })
    }
}
