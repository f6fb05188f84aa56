//! Keeps the columns of a catalog from before a run changed them, so that an undo of the run restores them.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::{catalogs, column_snapshots};
use super::stored_values::parse_json;
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
            let Some((columns, types)) = row else { return Ok(None) };
            Ok(Some(ColumnSnapshot {
                columns: parse_json("column_snapshots.columns", &columns)?,
                column_types: parse_json("column_snapshots.column_types", &types)?,
            }))
        })
    }
}
