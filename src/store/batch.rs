//! Writes one batch of items, in a transaction that begins with the check of the lease.

use std::time::Duration;

use diesel::prelude::*;

use super::batch_writer::BatchWriter;
use super::column_snapshots::ColumnSnapshot;
use super::connection::Store;
use super::error::StoreError;
use super::item_write::ItemWrite;
use super::lease::{RunProgress, fence_write};
use super::schema::sync_operations;
use super::{added_spans, catalogs, operations};
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::operation::Lease;

/// The items and changes of one batch.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ItemBatch {
    /// The number of the batch in its run, from 1. A batch with a number that was already written is skipped.
    pub number: i64,
    /// Items with new keys. No change is stored for them: the item itself is the change.
    pub new: Vec<ItemWrite>,
    /// Stored items whose fields differ; soft-deleted items among them are restored.
    pub changed: Vec<ItemWrite>,
    /// Stored items that are rewritten although their fields are the same. They keep the time and the run of their last
    /// change.
    pub refreshed: Vec<ItemWrite>,
    /// The keys of items to remove.
    pub removed: Vec<String>,
    /// The changes, one for each item of `changed` and of `removed`.
    pub changes: Vec<Change>,
    /// The columns in the source's order with their types; set in the first batch of a run.
    pub columns: Option<ColumnSnapshot>,
}

impl Store {
    /// Writes a batch and the run's progress in one transaction. If the connection breaks during the commit, the
    /// outcome is unknown; the same batch may then be passed again and is written once.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is lost; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement. Nothing is written then.
    pub fn write_batch(
        &self,
        lease: Lease,
        term: Duration,
        batch: &ItemBatch,
        progress: &RunProgress,
    ) -> Result<(), StoreError> {
        self.write_items(|conn| {
            let now = fence_write(conn, lease, term, progress)?;
            let id = lease.id.to_string();
            // The check of the lease has locked the row, so an earlier commit of this run that was still in progress is
            // now complete.
            let row = operations::find_row(conn, &id)?.ok_or(StoreError::Fenced)?;
            if row.batches >= batch.number {
                return Ok(());
            }
            let operation = diesel::update(sync_operations::table.find(&id));
            operation.set(sync_operations::batches.eq(batch.number)).execute(conn)?;
            let mut writer = BatchWriter::begin(conn, row.source_id, &id, now.naive_utc())?;
            if !batch.new.is_empty() {
                let ids = writer.insert_items(conn, &batch.new)?;
                added_spans::record_added_items(conn, &id, ids, i64::try_from(batch.new.len()).unwrap_or(i64::MAX))?;
            }
            writer.rewrite_items(conn, &batch.changed)?;
            writer.refresh_items(conn, &batch.refreshed)?;
            let removed = writer.remove_items(conn, &batch.removed)?;
            writer.insert_changes(conn, &batch.changes)?;
            if let Some(columns) = &batch.columns {
                catalogs::begin_writing(conn, row.source_id, &id, columns)?;
            }
            let returned = batch.changes.iter().filter(|change| change.kind == ChangeKind::Added).count();
            let added = i64::try_from(batch.new.len() + returned).unwrap_or(i64::MAX);
            let removed = i64::try_from(removed).unwrap_or(i64::MAX);
            Ok(catalogs::adjust_item_count(conn, row.source_id, added - removed)?)
        })
    }
}
