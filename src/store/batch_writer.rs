//! Writes the items and changes of a batch in the form in which rows are written now.

use chrono::NaiveDateTime;
use diesel::QueryResult;

use super::any_connection::AnyConnection;
use super::column_layouts::LayoutWriter;
use super::dialect::bulk::{self, IdRange};
use super::error::StoreError;
use super::item_time::ItemTime;
use super::item_write::ItemWrite;
use super::rollback_period::form_at;
use super::row_form::RowForm;
use super::run_numbers::number_of_run;
use super::stored_rows::{RowStamp, StoredChange, StoredItem};
use crate::domain::change_set::Change;

/// Writes rows of one run in one transaction.
pub(super) struct BatchWriter {
    /// The id of the source.
    pub(super) source_id: i64,
    /// The id of the run.
    pub(super) sync_id: String,
    /// The time of the rows.
    pub(super) now: NaiveDateTime,
    form: RowForm,
    /// The run as items name it; `None` until it is needed.
    run: Option<String>,
    layouts: LayoutWriter,
}

impl BatchWriter {
    /// Creates the writer of the rows that a run writes at `now`, in the current transaction.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable or refuses the statement.
    pub(super) fn begin(
        conn: &mut AnyConnection,
        source_id: i64,
        sync_id: &str,
        now: NaiveDateTime,
    ) -> Result<Self, StoreError> {
        let form = form_at(conn, now.and_utc())?;
        let layouts = LayoutWriter::new(source_id);
        Ok(Self { source_id, sync_id: sync_id.to_owned(), now, form, run: None, layouts })
    }

    /// Adds items with new keys, at least one, and returns the range of their ids.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable or refuses the statement, or when a layout of columns cannot be
    /// parsed.
    pub(super) fn insert_items(&mut self, conn: &mut AnyConnection, new: &[ItemWrite]) -> Result<IdRange, StoreError> {
        let rows = self.stored_items(conn, new)?;
        let stamp = self.row_stamp(conn)?;
        Ok(bulk::insert_items(conn, stamp, &rows)?)
    }

    /// Updates stored items with new fields and restores soft-deleted ones.
    ///
    /// # Errors
    /// Like [`BatchWriter::insert_items`].
    pub(super) fn rewrite_items(&mut self, conn: &mut AnyConnection, changed: &[ItemWrite]) -> Result<(), StoreError> {
        if changed.is_empty() {
            return Ok(());
        }
        let rows = self.stored_items(conn, changed)?;
        let stamp = self.row_stamp(conn)?;
        Ok(bulk::rewrite_items(conn, stamp, &rows)?)
    }

    /// Rewrites the fields of stored items that did not change. They keep the time and the run of their last change.
    ///
    /// # Errors
    /// Like [`BatchWriter::insert_items`].
    pub(super) fn refresh_items(
        &mut self,
        conn: &mut AnyConnection,
        unchanged: &[ItemWrite],
    ) -> Result<(), StoreError> {
        if unchanged.is_empty() {
            return Ok(());
        }
        let rows = self.stored_items(conn, unchanged)?;
        Ok(bulk::refresh_items(conn, self.source_id, &rows)?)
    }

    /// Soft-deletes items and returns how many were not deleted before.
    ///
    /// # Errors
    /// When the database is unavailable or refuses the statement.
    pub(super) fn remove_items(&mut self, conn: &mut AnyConnection, keys: &[String]) -> QueryResult<usize> {
        if keys.is_empty() {
            return Ok(0);
        }
        let stamp = self.row_stamp(conn)?;
        bulk::remove_items(conn, stamp, keys)
    }

    /// Stores the changes of the run.
    ///
    /// # Errors
    /// Like [`BatchWriter::insert_items`].
    pub(super) fn insert_changes(&mut self, conn: &mut AnyConnection, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let rows: Vec<StoredChange<'_>> =
            changes.iter().map(|change| self.stored_change(conn, change)).collect::<Result<_, _>>()?;
        Ok(bulk::insert_changes(conn, &self.sync_id, self.source_id, &rows)?)
    }

    /// Returns a change as it is stored.
    ///
    /// # Errors
    /// Like [`BatchWriter::insert_items`].
    pub(super) fn stored_change<'a>(
        &mut self,
        conn: &mut AnyConnection,
        change: &'a Change,
    ) -> Result<StoredChange<'a>, StoreError> {
        let (key, kind) = (change.key.as_str(), change.kind.as_str());
        if self.form == RowForm::Named {
            let (before, after) = (change.before.clone(), change.after.clone());
            return Ok(StoredChange { key, kind, before, after, search_text: Some(change.search_text()) });
        }
        let (before, after) = self.layouts.encode_sides(conn, change.before.as_deref(), change.after.as_deref())?;
        Ok(StoredChange { key, kind, before, after, search_text: None })
    }

    fn stored_items<'a>(
        &mut self,
        conn: &mut AnyConnection,
        items: &'a [ItemWrite],
    ) -> Result<Vec<StoredItem<'a>>, StoreError> {
        let mut stored = Vec::with_capacity(items.len());
        for item in items {
            let (fields, search_text) = match self.form {
                RowForm::Named => (item.fields.clone(), item.search_text()),
                RowForm::Compact => (self.layouts.encode(conn, &item.fields)?, String::new()),
            };
            stored.push(StoredItem { key: &item.key, fields, hash: &item.hash, search_text });
        }
        Ok(stored)
    }

    /// Returns what all items of the batch share. A run gets its number when it first writes items.
    fn row_stamp(&mut self, conn: &mut AnyConnection) -> QueryResult<RowStamp<'_>> {
        let run = match (self.run.take(), self.form) {
            (Some(run), _) => run,
            (None, RowForm::Named) => self.sync_id.clone(),
            (None, RowForm::Compact) => number_of_run(conn, &self.sync_id, self.source_id)?,
        };
        let item_time = ItemTime::new(self.now, self.form);
        Ok(RowStamp { source_id: self.source_id, run: self.run.insert(run), now: self.now, item_time })
    }
}
