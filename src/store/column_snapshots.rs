//! Keeps the columns of a catalog from before a run changed them, so that an undo of the run restores them.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::{catalogs, column_snapshots};
use super::stored_values::{parse_json, to_json};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::sync_id::SyncId;

/// The columns of a catalog at some time.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ColumnSnapshot {
    /// The columns in the source's order.
    pub columns: Vec<String>,
    /// The type of each column.
    pub column_types: Vec<ColumnType>,
}

/// Keeps the current columns of a catalog if `run` is about to change them: to `columns`, or to types `types`, both as
/// JSON text. A run keeps them once, however often it changes them.
pub(super) fn keep_before_change(
    conn: &mut AnyConnection,
    source_id: i64,
    run: &str,
    columns: Option<&str>,
    types: Option<&str>,
) -> QueryResult<()> {
    let catalog = catalogs::table.find(source_id);
    let (old_columns, old_types): (String, String) =
        catalog.select((catalogs::column_names, catalogs::column_types)).first(conn)?;
    let is_same = |new: Option<&str>, old: &str| new.is_none_or(|new| new == old);
    if is_same(columns, &old_columns) && is_same(types, &old_types) {
        return Ok(());
    }
    diesel::update(catalogs::table.find(source_id)).set(catalogs::columns_by.eq(run)).execute(conn)?;
    if diesel::select(exists(column_snapshots::table.find(run))).get_result(conn)? {
        return Ok(());
    }
    diesel::insert_into(column_snapshots::table)
        .values((
            column_snapshots::sync_id.eq(run),
            column_snapshots::source_id.eq(source_id),
            column_snapshots::column_names.eq(old_columns),
            column_snapshots::column_types.eq(old_types),
        ))
        .execute(conn)
        .map(drop)
}

/// Returns whether a run is the last that changed the columns of its catalog.
pub(super) fn is_last_change(conn: &mut AnyConnection, run: &str) -> QueryResult<bool> {
    diesel::select(exists(catalogs::table.filter(catalogs::columns_by.eq(run)))).get_result(conn)
}

/// Removes the names in `names` from all kept columns of a source, so that no undo brings them back.
pub(super) fn strip_names(conn: &mut AnyConnection, source_id: i64, names: &[String]) -> Result<(), StoreError> {
    let of_source = column_snapshots::table.filter(column_snapshots::source_id.eq(source_id));
    let rows: Vec<(String, String, String)> = of_source
        .select((column_snapshots::sync_id, column_snapshots::column_names, column_snapshots::column_types))
        .load(conn)?;
    for (run, columns, types) in rows {
        let mut snapshot = parse_snapshot(&columns, &types)?;
        if !snapshot.columns.iter().any(|column| names.contains(column)) {
            continue;
        }
        snapshot.column_types.resize(snapshot.columns.len(), ColumnType::default());
        let kept = snapshot.columns.into_iter().zip(snapshot.column_types);
        let (columns, types): (Vec<String>, Vec<ColumnType>) =
            kept.filter(|(column, _)| !names.contains(column)).unzip();
        diesel::update(column_snapshots::table.find(run))
            .set((
                column_snapshots::column_names.eq(to_json("column_snapshots.columns", &columns)?),
                column_snapshots::column_types.eq(to_json("column_snapshots.column_types", &types)?),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn parse_snapshot(columns: &str, types: &str) -> Result<ColumnSnapshot, StoreError> {
    Ok(ColumnSnapshot {
        columns: parse_json("column_snapshots.columns", columns)?,
        column_types: parse_json("column_snapshots.column_types", types)?,
    })
}

impl Store {
    /// Returns the columns of a catalog from before a run changed them; `None` if another run changed them last, or if
    /// the run changed none.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn columns_before(&self, run: SyncId) -> Result<Option<ColumnSnapshot>, StoreError> {
        let run = run.to_string();
        self.read(|conn| {
            if !is_last_change(conn, &run)? {
                return Ok(None);
            }
            let row: Option<(String, String)> = column_snapshots::table
                .find(&run)
                .select((column_snapshots::column_names, column_snapshots::column_types))
                .first(conn)
                .optional()?;
            row.map(|(columns, types)| parse_snapshot(&columns, &types)).transpose()
        })
    }
}
