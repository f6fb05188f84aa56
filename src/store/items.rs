//! Reads catalogs: pages of items for people, and keys and hashes for the comparison of a run.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::column_layouts::LayoutsByNumber;
use super::connection::{AnyConnection, Store};
use super::dialect::bulk;
use super::error::StoreError;
use super::item_time::ItemTime;
use super::schema::items;
use crate::domain::change_set::KnownItem;
use crate::domain::source::SourceId;

/// The number of ids in one statement.
const MAX_IDS_PER_STATEMENT: usize = 1000;

/// An item of a catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// An opaque id that stays the same while the item exists, also when it is removed and restored.
    pub id: String,
    /// The key, unique in the catalog.
    pub key: String,
    /// Names and values of the fields in column order.
    pub fields: Vec<(String, String)>,
    /// The time at which the item was added.
    pub added_at: DateTime<Utc>,
    /// The time at which its fields last changed.
    pub changed_at: DateTime<Utc>,
}

type ItemRow = (i64, String, String, ItemTime, ItemTime);

/// Returns the items of these rows, in their order.
fn items_from_rows(conn: &mut AnyConnection, rows: Vec<ItemRow>) -> Result<Vec<Item>, StoreError> {
    let layouts = LayoutsByNumber::load(conn, rows.iter().map(|(_, _, fields, ..)| fields.as_str()))?;
    let item = |(id, key, fields, added, changed): ItemRow| {
        let fields = layouts.parse("items.fields", &fields)?.into_iter();
        Ok(Item {
            id: id.to_string(),
            key,
            fields: fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
            added_at: added.to_utc(),
            changed_at: changed.to_utc(),
        })
    };
    rows.into_iter().map(item).collect()
}

/// Returns the keys and fields of the items with these keys, soft-deleted ones included, in no particular order. Each
/// name is beside its value.
pub(super) fn fields_by_key(
    conn: &mut AnyConnection,
    source_id: i64,
    keys: &[&str],
) -> Result<Vec<(String, String)>, StoreError> {
    let rows = bulk::load_fields(conn, source_id, keys)?;
    let layouts = LayoutsByNumber::load(conn, rows.iter().map(|(_, fields)| fields.as_str()))?;
    rows.into_iter().map(|(key, fields)| Ok((key, layouts.to_named("items.fields", fields)?))).collect()
}

const ITEM_COLUMNS: (items::id, items::key, items::fields, items::added_at, items::changed_at) =
    (items::id, items::key, items::fields, items::added_at, items::changed_at);

impl Store {
    /// Returns one page of the items of a catalog, in the order in which they were added. `page` counts from 1; a page
    /// has up to `per_page` items. `total` is the number of items in the catalog, as far as the caller knows it.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_items(&self, source: SourceId, page: u64, per_page: u64, total: u64) -> Result<Vec<Item>, StoreError> {
        let [offset, limit, total] = [page.saturating_sub(1).saturating_mul(per_page), per_page, total]
            .map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        // Pages in the second half are counted from the end, so that the last one costs as little as the first.
        let is_reversed = offset > total / 2 && offset < total;
        let (offset, limit) =
            if is_reversed { ((total - offset - limit).max(0), limit.min(total - offset)) } else { (offset, limit) };
        self.read(|conn| {
            let live = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::removed_at.is_null())
                // True for all items. Without a bound and without statistics, which is when a large sheet has just been
                // loaded, PostgreSQL sorts all items instead of reading the index of live ones.
                .filter(items::id.gt(0))
                .select(ITEM_COLUMNS)
                .offset(offset)
                .limit(limit)
                .into_boxed();
            // Ordered like that index.
            let live = if is_reversed {
                live.order((items::source_id.desc(), items::id.desc()))
            } else {
                live.order((items::source_id, items::id))
            };
            let mut rows: Vec<ItemRow> = live.load(conn)?;
            if is_reversed {
                rows.reverse();
            }
            items_from_rows(conn, rows)
        })
    }

    /// Returns the items of a catalog with these ids, in the order of the ids; those that were removed are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn items_by_id(&self, source: SourceId, ids: &[i64]) -> Result<Vec<(i64, Item)>, StoreError> {
        let mut live: Vec<ItemRow> = Vec::with_capacity(ids.len());
        let found = self.read(|conn| {
            for ids in ids.chunks(MAX_IDS_PER_STATEMENT) {
                // `removed_at` is selected and not a condition: see `Store::live_item_ids`.
                let rows: Vec<(ItemRow, i64, bool)> = items::table
                    .filter(items::id.eq_any(ids))
                    .select((ITEM_COLUMNS, items::source_id, items::removed_at.is_null()))
                    .load(conn)?;
                let rows = rows.into_iter().filter(|(_, owner, is_live)| *owner == source.0 && *is_live);
                live.extend(rows.map(|(row, ..)| row));
            }
            let found: Vec<i64> = live.iter().map(|row| row.0).collect();
            Ok(found.into_iter().zip(items_from_rows(conn, live)?).collect::<Vec<_>>())
        })?;
        let mut found: HashMap<i64, Item> = found.into_iter().collect();
        Ok(ids.iter().filter_map(|id| found.remove_entry(id)).collect())
    }

    /// Returns an item by its id, if it is in this catalog and not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_item(&self, source: SourceId, id: &str) -> Result<Option<Item>, StoreError> {
        let Ok(id) = id.parse::<i64>() else { return Ok(None) };
        self.read(|conn| {
            let row = items::table
                .find(id)
                .filter(items::source_id.eq(source.0))
                .filter(items::removed_at.is_null())
                .select(ITEM_COLUMNS);
            let row = row.first::<ItemRow>(conn).optional()?;
            Ok(items_from_rows(conn, row.into_iter().collect())?.pop())
        })
    }

    /// Returns up to 10,000 items of a source, soft-deleted ones included, in the order of their keys, starting after
    /// the key `after`. Start with the empty text; an empty page is the end. Paging keeps memory constant and no
    /// transaction open.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn known_items(&self, source: SourceId, after: &str) -> Result<Vec<(String, KnownItem)>, StoreError> {
        const PAGE: i64 = 10_000;
        let rows: Vec<(String, Vec<u8>, Option<NaiveDateTime>, ItemTime)> = self.read(|conn| {
            // Sorted by key because the index has this order, so the items of other sources are not scanned.
            let page = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::key.gt(after))
                .order(items::key)
                .limit(PAGE)
                .select((items::key, items::hash, items::removed_at, items::changed_at));
            Ok(page.load(conn)?)
        })?;
        rows.into_iter()
            .map(|(key, hash, removed_at, changed_at)| {
                let hash = hash[..].try_into().map_err(|error| StoreError::corrupt_value("items.hash")(&error))?;
                Ok((key, KnownItem { hash, live: removed_at.is_none(), changed_at: changed_at.to_utc() }))
            })
            .collect()
    }

    /// Returns the fields of the items with these keys, as JSON text with each name beside its value.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn stored_fields(&self, source: SourceId, keys: &[&str]) -> Result<HashMap<String, String>, StoreError> {
        self.read(|conn| Ok(fields_by_key(conn, source.0, keys)?.into_iter().collect()))
    }
}
