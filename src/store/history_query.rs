//! Selects the records that a list of the history shows, by source, kind, outcome, person and time.
//!
//! One filter alone uses the index of its column. Several filters together read one index that holds all of their
//! columns in the order of the list, so that a record is only read from the table when it is on the page, however many
//! records there are and however few of them match.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::helper_types::IntoBoxed;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Text};

use super::any_connection::MultiBackend;
use super::connection::{AnyConnection, Store};
use super::dialect::planner::has_statistics;
use super::error::StoreError;
use super::records::RecordRow;
use super::schema::{sources, sync_records};
use crate::domain::operation::{OperationKind, Status};
use crate::domain::record::SyncRecord;
use crate::domain::source::{Slug, SourceId};

/// The most names of people that are listed.
const MAX_REQUESTERS: usize = 200;

/// Selects the source whose runs are listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HistoryOf {
    /// The runs of this source, including those under earlier slugs.
    Source(SourceId),
    /// The runs of removed sources that had this slug.
    Removed(Slug),
}

/// Selects finished runs, and one page of them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct HistoryQuery {
    /// The source; `None` for all sources.
    pub of: Option<HistoryOf>,
    /// The kind; `None` for all.
    pub kind: Option<OperationKind>,
    /// The terminal status; `None` for all.
    pub status: Option<Status>,
    /// Who started the runs, as it is stored: a name, `schedule` or `command line`. `None` for everybody.
    pub requested_by: Option<String>,
    /// Only runs that ended at this time or later.
    pub ended_from: Option<DateTime<Utc>>,
    /// Only runs that ended before this time.
    pub ended_before: Option<DateTime<Utc>>,
    /// The number of the page, from 1.
    pub page: u64,
    /// The number of runs on a page.
    pub per_page: u64,
}

/// Returns the condition that the record belongs to a removed source that had this slug. The runs of a renamed source
/// are listed under its current slug.
#[diesel::dsl::auto_type]
pub(super) fn is_of_removed_source<'a>(slug: &'a str) -> _ {
    let source_removed = sync_records::source_id.ne_all(sources::table.select(sources::id));
    sync_records::source.eq(slug).and(source_removed)
}

/// How many records may be passed over by an index that has not all columns.
const MAX_SHORT_OFFSET: u64 = 1000;

/// The records that a query selects, on all pages.
pub(super) struct MatchingRecords<'q>(pub(super) &'q HistoryQuery);

impl<'q> MatchingRecords<'q> {
    /// The condition of a query, of which the first `offset` records are passed over.
    fn select(&self, conn: &AnyConnection, offset: u64) -> IntoBoxed<'q, sync_records::table, MultiBackend> {
        let Self(query) = *self;
        let mut matching = sync_records::table.into_boxed();
        let filters = [query.of.is_some(), query.kind.is_some(), query.status.is_some(), query.requested_by.is_some()];
        let is_only_filter = filters.iter().filter(|is_set| **is_set).count() == 1 && offset < MAX_SHORT_OFFSET;
        // Without statistics, an expression instead of the plain column keeps the planner from an index that has only
        // this column: it would read each of its records from the table to check the other filters.
        let has_statistics = has_statistics(conn);
        let names_columns = is_only_filter || has_statistics;
        match &query.of {
            Some(HistoryOf::Source(id)) if names_columns => {
                matching = matching.filter(sync_records::source_id.eq(id.0));
            }
            Some(HistoryOf::Source(id)) => {
                matching = matching.filter(sql::<Bool>("sync_records.source_id + 0 = ").bind::<BigInt, _>(id.0));
            }
            Some(HistoryOf::Removed(slug)) => matching = matching.filter(is_of_removed_source(slug.as_str())),
            None => {}
        }
        match query.status {
            Some(status) if names_columns => matching = matching.filter(sync_records::status.eq(status.as_str())),
            Some(status) => {
                matching =
                    matching.filter(sql::<Bool>("sync_records.status || '' = ").bind::<Text, _>(status.as_str()));
            }
            None => {}
        }
        if let Some(kind) = query.kind {
            matching = matching.filter(sync_records::kind.eq(kind.as_str()));
        }
        match &query.requested_by {
            Some(person) if has_statistics => matching = matching.filter(sync_records::requested_by.eq(person)),
            // Its own index is for the list of names alone.
            Some(person) => {
                matching = matching.filter(sql::<Bool>("sync_records.requested_by || '' = ").bind::<Text, _>(person));
            }
            None => {}
        }
        if let Some(from) = query.ended_from {
            matching = matching.filter(sync_records::finished_at.ge(from.naive_utc()));
        }
        if let Some(before) = query.ended_before {
            matching = matching.filter(sync_records::finished_at.lt(before.naive_utc()));
        }
        matching
    }

    /// How many there are.
    pub(super) fn count(&self, conn: &mut AnyConnection) -> QueryResult<u64> {
        Ok(u64::try_from(self.select(conn, 0).count().get_result::<i64>(conn)?).unwrap_or(0))
    }

    /// The ids of at most `limit` of them, newest first, after the first `offset`.
    pub(super) fn list_ids(&self, conn: &mut AnyConnection, limit: u64, offset: u64) -> QueryResult<Vec<String>> {
        self.select(conn, offset)
            .order((sync_records::finished_at.desc(), sync_records::id.desc()))
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .offset(i64::try_from(offset).unwrap_or(i64::MAX))
            .select(sync_records::id)
            .load(conn)
    }
}

/// Reads the records with these ids, in the order of the ids.
pub(super) fn load_records(conn: &mut AnyConnection, ids: &[String]) -> Result<Vec<SyncRecord>, StoreError> {
    let rows: Vec<RecordRow> =
        sync_records::table.filter(sync_records::id.eq_any(ids)).select(RecordRow::as_select()).load(conn)?;
    let mut records = HashMap::new();
    for row in rows {
        let record = SyncRecord::try_from(row)?;
        records.insert(record.summary.id.to_string(), record);
    }
    Ok(ids.iter().filter_map(|id| records.remove(id)).collect())
}

#[derive(QueryableByName)]
struct RequesterRow {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Store {
    /// Returns who started the finished runs, as it is stored, in alphabetical order. Each name is one look-up in an
    /// index, however many runs it has.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_requesters(&self) -> Result<Vec<String>, StoreError> {
        let query = format!(
            "WITH RECURSIVE requesters (name) AS (
                 SELECT MIN(requested_by) FROM sync_records
                 UNION ALL
                 SELECT (SELECT MIN(requested_by) FROM sync_records WHERE requested_by > requesters.name)
                 FROM requesters WHERE requesters.name IS NOT NULL
             )
             SELECT name FROM requesters WHERE name IS NOT NULL LIMIT {MAX_REQUESTERS}"
        );
        let rows: Vec<RequesterRow> = self.read(|conn| Ok(sql_query(query).load(conn)?))?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }
}
