//! Finds layouts of columns and numbers of runs that no item has any more, and deletes them when nobody reads them.

use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::column_layouts::load_layouts;
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::{column_layouts, item_changes, items, run_numbers};

/// Marks the layouts of a source that have one of these columns and that neither an item nor a change has.
///
/// # Errors
/// [`StoreError`] when the database is unavailable or a layout cannot be parsed.
pub(super) fn mark_unused_layouts(
    conn: &mut AnyConnection,
    source_id: i64,
    columns: &[String],
    now: NaiveDateTime,
) -> Result<(), StoreError> {
    for layout in load_layouts(conn, source_id)? {
        if !layout.column_names().iter().any(|name| columns.contains(name)) {
            continue;
        }
        let beginning = format!("{}[%", layout.number());
        let items = items::table.filter(items::source_id.eq(source_id)).filter(items::fields.like(&beginning));
        let changes = item_changes::table
            .filter(item_changes::source_id.eq(source_id))
            .filter(item_changes::before.like(&beginning).or(item_changes::after.like(&beginning)));
        let is_used = diesel::select(exists(items)).get_result::<bool>(conn)?
            || diesel::select(exists(changes)).get_result::<bool>(conn)?;
        if !is_used {
            let unused = diesel::update(column_layouts::table.find(layout.number()));
            unused.set(column_layouts::unused_at.eq(now)).execute(conn)?;
        }
    }
    Ok(())
}

/// Marks the layouts of a source, whose items and changes are deleted, and the numbers of its runs.
pub(super) fn mark_source_removed(conn: &mut AnyConnection, source_id: i64, now: NaiveDateTime) -> QueryResult<()> {
    let layouts = column_layouts::table.filter(column_layouts::source_id.eq(source_id));
    diesel::update(layouts).set(column_layouts::unused_at.eq(now)).execute(conn)?;
    let numbers = run_numbers::table.filter(run_numbers::source_id.eq(source_id));
    diesel::update(numbers).set(run_numbers::unused_at.eq(now)).execute(conn).map(drop)
}

impl Store {
    /// Deletes layouts of columns and numbers of runs that nothing has had for longer than `age`. Returns the number of
    /// deleted rows.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn clear_unused_layouts(&self, age: Duration) -> Result<usize, StoreError> {
        let age = TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
        let before = self.now()?.naive_utc().checked_sub_signed(age).unwrap_or(NaiveDateTime::MIN);
        // Usually there is nothing to delete, and this check needs no write lock.
        let has_unused = self.read(|conn| {
            let layouts = column_layouts::table.filter(column_layouts::unused_at.le(before));
            let numbers = run_numbers::table.filter(run_numbers::unused_at.le(before));
            Ok(diesel::select(exists(layouts)).get_result::<bool>(conn)?
                || diesel::select(exists(numbers)).get_result::<bool>(conn)?)
        })?;
        if !has_unused {
            return Ok(0);
        }
        self.write(|conn| {
            let layouts = column_layouts::table.filter(column_layouts::unused_at.le(before));
            let numbers = run_numbers::table.filter(run_numbers::unused_at.le(before));
            Ok(diesel::delete(layouts).execute(conn)? + diesel::delete(numbers).execute(conn)?)
        })
    }
}
