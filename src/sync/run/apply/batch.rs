//! Rows that were read and compared with the catalog, collected until they are written together.

use std::borrow::Cow;

use super::merge_stored::PendingItem;
use crate::domain::change_set::ChangeKind;
use crate::domain::item::ColumnLayout;
use crate::domain::progress::RunStats;
use crate::domain::rows::row::TextRow;
use crate::store::item_write::ItemWrite;
use crate::sync::run::key_index::{FoundRow, RowComparison};
use crate::sync::run::pending_cells::pending_cells;

/// A batch is written when it holds this many rows.
const MAX_BATCH_ROWS: usize = 1000;
/// A batch is also written when its fields have this many bytes: rows can be large, and memory must not grow with them.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// Rows to be written together.
pub(super) struct ApplyBatch {
    pub(super) new: Vec<ItemWrite>,
    pub(super) changed: Vec<PendingItem>,
    bytes: usize,
    pub(super) rows: usize,
    /// The counts of the run once this batch is written.
    pub(super) stats: RunStats,
}

impl ApplyBatch {
    /// Returns an empty batch; `stats` are the counts of the batches before it.
    pub(super) fn new(stats: RunStats) -> Self {
        Self { new: Vec::new(), changed: Vec::new(), bytes: 0, rows: 0, stats }
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows >= MAX_BATCH_ROWS || self.bytes >= MAX_BATCH_BYTES
    }

    /// Adds a row that has its key. `has_pending` says whether cells of the row have no value yet, `is_forced` whether
    /// unchanged items are written, too.
    pub(super) fn add_row(
        &mut self,
        layout: &ColumnLayout,
        found: FoundRow<'_>,
        row: &TextRow,
        has_pending: bool,
        is_forced: bool,
    ) {
        let pending_cells = if has_pending { pending_cells(row) } else { Vec::new() };
        let mut cells = Cow::Borrowed(&row.cells);
        if found.comparison == RowComparison::New {
            pending_cells.iter().for_each(|&position| cells.to_mut()[position].clear());
        }
        let item = layout.build_item(&cells);
        let kind = match found.comparison {
            RowComparison::Present(hash) if hash == item.hash && !is_forced => {
                self.stats.unchanged += 1;
                return;
            }
            RowComparison::Present(_) => ChangeKind::Updated,
            RowComparison::New | RowComparison::Returns => ChangeKind::Added,
        };
        match kind {
            ChangeKind::Updated => self.stats.updated += 1,
            _ => self.stats.added += 1,
        }
        self.bytes += item.fields.len() * 2;
        let key = found.stored_key.map_or(item.key, Cow::into_owned);
        let write = ItemWrite { key, fields: item.fields, hash: item.hash };
        if found.comparison == RowComparison::New {
            self.new.push(write);
        } else {
            let key_cell = Some(layout.key_cell(&cells)).filter(|cell| *cell != write.key).map(str::to_owned);
            self.changed.push(PendingItem { write, kind, key_cell, pending_cells });
        }
    }
}
