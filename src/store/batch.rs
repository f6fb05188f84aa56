//! One batch of items, in a transaction that begins with the fence.

use std::time::Duration;

use diesel::prelude::*;

use super::connection::Store;
use super::dialect::bulk::{self, BatchStamp};
use super::error::StoreError;
use super::item_write::ItemWrite;
use super::lease::{RunProgress, fence_write};
use super::schema::sync_operations;
use super::{added_spans, catalogs, operations};
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::operation::Lease;

/// What one batch writes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ItemBatch {
    /// Which batch of its run this is, from 1. One that is there already is not written again.
    pub number: i64,
    /// Items whose keys the database never saw. What they are now is their change, so none is kept beside them.
    pub new: Vec<ItemWrite>,
    /// Known items with other fields than stored; soft-deleted ones among them return.
    pub changed: Vec<ItemWrite>,
    /// One for each of `changed`.
    pub changes: Vec<Change>,
    /// The columns in the source's order, with the first batch of a run.
    pub columns: Option<Vec<String>>,
}

impl Store {
    /// Writes a batch and the progress that it makes, all or nothing. Where a connection broke during the commit nobody
    /// knows what became of it; so the same batch may be handed over again, and is written once.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is lost; otherwise when the database fails. Nothing is written then.
    pub fn write_batch(
        &self,
        lease: Lease,
        term: Duration,
        batch: &ItemBatch,
        progress: &RunProgress,
    ) -> Result<(), StoreError> {
        self.write(|conn| {
            let now = fence_write(conn, lease, term, progress)?;
            let id = lease.id.to_string();
            // The fence has locked the row: a commit of ours that was still under way is over by now.
            let row = operations::find_row(conn, &id)?.ok_or(StoreError::Fenced)?;
            if row.batches >= batch.number {
                return Ok(());
            }
            let written = diesel::update(sync_operations::table.find(&id));
            written.set(sync_operations::batches.eq(batch.number)).execute(conn)?;
            let stamp = BatchStamp { source_id: row.source_id, sync_id: &id, now: now.naive_utc() };
            if !batch.new.is_empty() {
                let ids = bulk::insert_items(conn, stamp, &batch.new)?;
                added_spans::record_added_items(conn, &id, ids, i64::try_from(batch.new.len()).unwrap_or(i64::MAX))?;
            }
            if !batch.changed.is_empty() {
                bulk::rewrite_items(conn, stamp, &batch.changed)?;
                bulk::insert_changes(conn, &id, row.source_id, &batch.changes)?;
            }
            if let Some(columns) = &batch.columns {
                catalogs::begin_writing(conn, row.source_id, columns)?;
            }
            let returned = batch.changes.iter().filter(|change| change.kind == ChangeKind::Added).count();
            let more = i64::try_from(batch.new.len() + returned).unwrap_or(i64::MAX);
            Ok(catalogs::adjust_item_count(conn, row.source_id, more)?)
        })
    }
}
