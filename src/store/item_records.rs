//! Reads very many items of a catalog, for exports and for its index, in pages of about the same size.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::column_layouts::LayoutsByNumber;
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::item_time::ItemTime;
use super::schema::items;
use crate::domain::item::BorrowedFields;
use crate::domain::source::SourceId;

/// The size of the fields of a page, in bytes. Items vary, so it is only approached.
const PAGE_BYTES: usize = 512 << 10;
/// The fewest and the most items of a page.
const MIN_PAGE_ITEMS: usize = 20;
const MAX_PAGE_ITEMS: usize = 2000;
/// The number of ids in one statement.
const MAX_IDS_PER_STATEMENT: usize = 1000;

/// An item as it is stored.
#[derive(Clone, Debug)]
pub struct ItemRecord {
    /// The database id.
    pub id: i64,
    /// The key, unique in the catalog.
    pub key: String,
    /// The fields as they are stored, and the layouts that they need.
    fields: String,
    layouts: Arc<LayoutsByNumber>,
    /// The time at which the fields last changed.
    pub changed_at: DateTime<Utc>,
}

impl ItemRecord {
    /// Returns the names and values of the fields in the order in which they are stored.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the stored fields cannot be parsed.
    pub fn parse_fields(&self) -> Result<BorrowedFields<'_>, StoreError> {
        self.layouts.parse("items.fields", &self.fields)
    }
}

/// The number of items in the next page, chosen by the size of the items in the last one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordPageSize(usize);

impl Default for RecordPageSize {
    fn default() -> Self {
        Self(MIN_PAGE_ITEMS)
    }
}

impl RecordPageSize {
    /// Returns the number of items.
    #[must_use]
    pub const fn items(self) -> usize {
        self.0
    }

    /// Returns the size of the page after `page`.
    #[must_use]
    pub fn after(page: &[ItemRecord]) -> Self {
        let bytes: usize = page.iter().map(|record| record.fields.len()).sum();
        Self((page.len() * PAGE_BYTES / bytes.max(1)).clamp(MIN_PAGE_ITEMS, MAX_PAGE_ITEMS))
    }
}

/// Reads all items of a catalog in the order in which they were added, page by page. No transaction is open between two
/// pages: each page has the items as they are when it is read.
#[derive(Clone, Debug)]
pub struct RecordPages {
    source: SourceId,
    /// The id of the last item that was read.
    after: i64,
    size: RecordPageSize,
}

impl RecordPages {
    /// Begins with the first item.
    #[must_use]
    pub fn new(source: SourceId) -> Self {
        Self { source, after: 0, size: RecordPageSize::default() }
    }

    /// Returns the next items; none at the end.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn next_page(&mut self, store: &Store) -> Result<Vec<ItemRecord>, StoreError> {
        let page = store.item_records_after(self.source, self.after, self.size.items())?;
        if let Some(last) = page.last() {
            self.after = last.id;
            self.size = RecordPageSize::after(&page);
        }
        Ok(page)
    }
}

type ItemRecordRow = (i64, String, String, ItemTime);

const RECORD_COLUMNS: (items::id, items::key, items::fields, items::changed_at) =
    (items::id, items::key, items::fields, items::changed_at);

fn records_from_rows(conn: &mut AnyConnection, rows: Vec<ItemRecordRow>) -> Result<Vec<ItemRecord>, StoreError> {
    let layouts = Arc::new(LayoutsByNumber::load(conn, rows.iter().map(|(_, _, fields, _)| fields.as_str()))?);
    let record = |(id, key, fields, changed): ItemRecordRow| {
        let (layouts, changed_at) = (Arc::clone(&layouts), changed.to_utc());
        ItemRecord { id, key, fields, layouts, changed_at }
    };
    Ok(rows.into_iter().map(record).collect())
}

impl Store {
    /// Returns up to `limit` items of a catalog with ids above `after`, in the order of their ids.
    fn item_records_after(&self, source: SourceId, after: i64, limit: usize) -> Result<Vec<ItemRecord>, StoreError> {
        self.read(|conn| {
            let live = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::removed_at.is_null())
                .filter(items::id.gt(after))
                .order((items::source_id, items::id))
                .limit(i64::try_from(limit).unwrap_or(i64::MAX))
                .select(RECORD_COLUMNS);
            let rows = live.load::<ItemRecordRow>(conn)?;
            records_from_rows(conn, rows)
        })
    }

    /// Returns the items of a catalog with these ids, in the order of the ids; those that were removed are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn item_records(&self, source: SourceId, ids: &[i64]) -> Result<Vec<ItemRecord>, StoreError> {
        let mut live: Vec<ItemRecordRow> = Vec::with_capacity(ids.len());
        let found = self.read(|conn| {
            for ids in ids.chunks(MAX_IDS_PER_STATEMENT) {
                // `removed_at` is selected and not a condition: see `Store::live_item_ids`.
                let rows: Vec<(ItemRecordRow, i64, bool)> = items::table
                    .filter(items::id.eq_any(ids))
                    .select((RECORD_COLUMNS, items::source_id, items::removed_at.is_null()))
                    .load(conn)?;
                let rows = rows.into_iter().filter(|(_, owner, is_live)| *owner == source.0 && *is_live);
                live.extend(rows.map(|(row, ..)| row));
            }
            records_from_rows(conn, live)
        })?;
        let mut found: HashMap<i64, ItemRecord> = found.into_iter().map(|record| (record.id, record)).collect();
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }
}
