//! Clears away what has been kept long enough, in small steps: each is a transaction of its own that is over in
//! milliseconds, so that no heartbeat waits for it however much there is to clear away.
//!
//! Times are the database's. What is chosen is locked, or passed over where another server has chosen it.

use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::active_statuses::ACTIVE_STATUSES;
use super::added_spans;
use super::connection::{AnyConnection, Store};
use super::dialect::{clock, expired_rows};
use super::error::StoreError;
use super::schema::{item_changes, sessions, sync_issues, sync_operations, sync_records};

/// The most operations or sessions that one step deletes.
const MAX_ROWS_PER_STEP: i64 = 500;
/// The most runs that one step looks after.
const MAX_RUNS_PER_STEP: i64 = 50;
/// The most changes, and as many issues, that one step deletes.
const MAX_DETAILS_PER_STEP: i64 = 2000;

impl Store {
    /// One step of clearing away the operations that ended longer than `age` ago and whose record is kept; answers
    /// how many rows it deleted. At 0 there is nothing left to do.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn clear_operations(&self, age: Duration) -> Result<usize, StoreError> {
        self.delete_step(age, expired_rows::lock_ended_operations, |conn, ids, _| {
            let ended = sync_operations::table.filter(sync_operations::id.eq_any(ids));
            Ok(diesel::delete(ended.filter(sync_operations::status.ne_all(ACTIVE_STATUSES))).execute(conn)?)
        })
    }

    /// One step of clearing away the records of runs that ended longer than `age` ago and whose operation is gone:
    /// first the changes and the issues, at last the record. Answers how many rows it deleted. At 0 there is nothing
    /// left to do.
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

    /// One step of clearing away the sessions that are over; answers how many rows it deleted. At 0 there is nothing
    /// left to do.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn clear_sessions(&self) -> Result<usize, StoreError> {
        self.delete_step(Duration::ZERO, expired_rows::lock_expired_sessions, |conn, ids, before| {
            let over = sessions::table.filter(sessions::token_hash.eq_any(ids)).filter(sessions::expires_at.lt(before));
            Ok(diesel::delete(over).execute(conn)?)
        })
    }

    /// Chooses rows that are older than `age` and deletes them, in one transaction.
    fn delete_step(
        &self,
        age: Duration,
        choose: impl Fn(&mut AnyConnection, NaiveDateTime, i64) -> QueryResult<Vec<String>>,
        delete: impl FnOnce(&mut AnyConnection, &[String], NaiveDateTime) -> Result<usize, StoreError>,
    ) -> Result<usize, StoreError> {
        let age = TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
        let before = |conn: &mut AnyConnection| -> QueryResult<Option<NaiveDateTime>> {
            Ok(clock::now(conn)?.naive_utc().checked_sub_signed(age))
        };
        // Nearly always there is nothing to do, and to find that out takes no turn to write.
        let some = self.read(|conn| {
            Ok(match before(conn)? {
                Some(before) => !choose(conn, before, 1)?.is_empty(),
                None => false,
            })
        })?;
        if !some {
            return Ok(0);
        }
        self.write(|conn| {
            let Some(before) = before(conn)? else { return Ok(0) };
            let ids = choose(conn, before, MAX_ROWS_PER_STEP)?;
            if ids.is_empty() { Ok(0) } else { delete(conn, &ids, before) }
        })
    }
}

/// Deletes some changes and issues of these runs, and the records of which there are none left.
fn clear_runs(conn: &mut AnyConnection, ids: &[String], _: NaiveDateTime) -> Result<usize, StoreError> {
    let changes = expired_rows::lock_changes(conn, ids, MAX_DETAILS_PER_STEP)?;
    let mut rows = diesel::delete(item_changes::table.filter(item_changes::id.eq_any(&changes))).execute(conn)?;
    let issues = expired_rows::lock_issues(conn, ids, MAX_DETAILS_PER_STEP)?;
    rows += diesel::delete(sync_issues::table.filter(sync_issues::id.eq_any(&issues))).execute(conn)?;
    let changes_left = item_changes::table.filter(item_changes::sync_id.eq(sync_records::id));
    let issues_left = sync_issues::table.filter(sync_issues::sync_id.eq(sync_records::id));
    let done: Vec<String> = sync_records::table
        .filter(sync_records::id.eq_any(ids))
        .filter(not(exists(changes_left)))
        .filter(not(exists(issues_left)))
        .select(sync_records::id)
        .load(conn)?;
    rows += added_spans::delete_spans(conn, &done)?;
    rows += diesel::delete(sync_records::table.filter(sync_records::id.eq_any(done))).execute(conn)?;
    Ok(rows)
}
