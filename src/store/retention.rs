//! Deletes old operations, records and sessions in small steps. Each step is a transaction of a few milliseconds, so
//! that heartbeats do not wait, however much there is to delete.
//!
//! Ages are measured by the database's clock. Rows that another server is deleting are skipped.

use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::active_statuses::ACTIVE_STATUSES;
use super::added_spans;
use super::catalog_version;
use super::connection::{AnyConnection, Store};
use super::dialect::{clock, expired_rows};
use super::error::StoreError;
use super::schema::{
    column_snapshots, item_changes, sessions, settled_changes, sync_issues, sync_operations, sync_records,
    withheld_items,
};

/// The maximum number of operations or sessions that one step deletes.
const MAX_ROWS_PER_STEP: i64 = 500;
/// The maximum number of runs whose details one step deletes.
const MAX_RUNS_PER_STEP: i64 = 50;
/// The maximum number of changes, and of issues, that one step deletes.
const MAX_DETAILS_PER_STEP: i64 = 2000;

impl Store {
    /// Deletes a batch of the operations that ended longer than `age` ago and have a record. Returns the number of
    /// deleted rows; 0 means that nothing is left.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn clear_operations(&self, age: Duration) -> Result<usize, StoreError> {
        self.delete_step(age, expired_rows::lock_ended_operations, |conn, ids, _| {
            let ended = sync_operations::table.filter(sync_operations::id.eq_any(ids));
            Ok(diesel::delete(ended.filter(sync_operations::status.ne_all(ACTIVE_STATUSES))).execute(conn)?)
        })
    }

    /// Deletes a batch of the records of runs that ended longer than `age` ago and whose operation was deleted: first
    /// their changes, issues and lists, then the records. Returns the number of deleted rows; 0 means that nothing is
    /// left.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn clear_records(&self, age: Duration) -> Result<usize, StoreError> {
        self.delete_step(
            age,
            |conn, before, _| expired_rows::lock_ended_records(conn, before, MAX_RUNS_PER_STEP),
            clear_runs,
        )
    }

    /// Deletes a batch of the expired sessions. Returns the number of deleted rows; 0 means that nothing is left.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn clear_sessions(&self) -> Result<usize, StoreError> {
        self.delete_step(Duration::ZERO, expired_rows::lock_expired_sessions, |conn, ids, before| {
            let expired =
                sessions::table.filter(sessions::token_hash.eq_any(ids)).filter(sessions::expires_at.lt(before));
            Ok(diesel::delete(expired).execute(conn)?)
        })
    }

    /// Selects rows older than `age` and deletes them, in one transaction.
    fn delete_step(
        &self,
        age: Duration,
        choose: impl Fn(&mut AnyConnection, NaiveDateTime, i64) -> QueryResult<Vec<String>>,
        delete: impl Fn(&mut AnyConnection, &[String], NaiveDateTime) -> Result<usize, StoreError>,
    ) -> Result<usize, StoreError> {
        let age = TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
        let before = |conn: &mut AnyConnection| -> QueryResult<Option<NaiveDateTime>> {
            Ok(clock::now(conn)?.naive_utc().checked_sub_signed(age))
        };
        // Usually there is nothing to delete, and this check needs no write lock.
        let has_rows = self.read(|conn| {
            Ok(match before(conn)? {
                Some(before) => !choose(conn, before, 1)?.is_empty(),
                None => false,
            })
        })?;
        if !has_rows {
            return Ok(0);
        }
        self.write(|conn| {
            let Some(before) = before(conn)? else { return Ok(0) };
            let ids = choose(conn, before, MAX_ROWS_PER_STEP)?;
            if ids.is_empty() { Ok(0) } else { delete(conn, &ids, before) }
        })
    }
}

/// Deletes a batch of changes, issues and listed items of these runs, and the records that have none left.
fn clear_runs(conn: &mut AnyConnection, ids: &[String], _: NaiveDateTime) -> Result<usize, StoreError> {
    let changes = expired_rows::lock_changes(conn, ids, MAX_DETAILS_PER_STEP)?;
    catalog_version::note_deleted_changes(conn, &changes)?;
    let mut rows = diesel::delete(item_changes::table.filter(item_changes::id.eq_any(&changes))).execute(conn)?;
    let issues = expired_rows::lock_issues(conn, ids, MAX_DETAILS_PER_STEP)?;
    rows += diesel::delete(sync_issues::table.filter(sync_issues::id.eq_any(&issues))).execute(conn)?;
    let listed = expired_rows::lock_withheld_items(conn, ids, MAX_DETAILS_PER_STEP)?;
    for (id, keys) in &listed {
        let of_run = withheld_items::table.filter(withheld_items::sync_id.eq(id));
        rows += diesel::delete(of_run.filter(withheld_items::key.eq_any(keys))).execute(conn)?;
    }
    let listed_left = withheld_items::table.filter(withheld_items::sync_id.eq(sync_records::id));
    let changes_left = item_changes::table.filter(item_changes::sync_id.eq(sync_records::id));
    let issues_left = sync_issues::table.filter(sync_issues::sync_id.eq(sync_records::id));
    let done: Vec<String> = sync_records::table
        .filter(sync_records::id.eq_any(ids))
        .filter(not(exists(changes_left)))
        .filter(not(exists(issues_left)))
        .filter(not(exists(listed_left)))
        .select(sync_records::id)
        .load(conn)?;
    rows += added_spans::delete_spans(conn, &done)?;
    rows += diesel::delete(column_snapshots::table.filter(column_snapshots::sync_id.eq_any(&done))).execute(conn)?;
    rows += diesel::delete(settled_changes::table.filter(settled_changes::sync_id.eq_any(&done))).execute(conn)?;
    rows += diesel::delete(sync_records::table.filter(sync_records::id.eq_any(done))).execute(conn)?;
    Ok(rows)
}
