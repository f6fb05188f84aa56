//! Removes hidden columns of a public catalog from stored items that the run does not write otherwise.

use diesel::prelude::*;

use super::connection::Store;
use super::dialect::bulk;
use super::dialect::bulk::BatchStamp;
use super::dialect::search;
use super::error::StoreError;
use super::item_write::ItemWrite;
use super::lease::{RunProgress, fence_write};
use super::operations;
use super::schema::items;
use crate::domain::item::{ColumnLayout, parse_fields, search_text};
use crate::domain::operation::Lease;
use crate::domain::source::SourceId;

/// The number of items that are rewritten at a time.
const PAGE_ITEMS: i64 = 1000;

/// An item that has a field to be removed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemToStrip {
    /// The database id; items are processed in this order.
    pub id: i64,
    key: String,
    fields: String,
}

impl Store {
    /// Returns the next items of the catalog with ids above `after`, up to 1,000, that have a field named in `columns`.
    /// `columns` may have up to a hundred names, because SQLite refuses conditions with a thousand parts.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn items_to_strip(
        &self,
        source: SourceId,
        columns: &[String],
        after: i64,
    ) -> Result<Vec<ItemToStrip>, StoreError> {
        let rows: Vec<(i64, String, String)> = self.read(|conn| {
            let page = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::removed_at.is_null())
                .filter(items::id.gt(after))
                .filter(search::has_any_field(conn, columns))
                .order(items::id)
                .limit(PAGE_ITEMS)
                .select((items::id, items::key, items::fields));
            Ok(page.load(conn)?)
        })?;
        Ok(rows.into_iter().map(|(id, key, fields)| ItemToStrip { id, key, fields }).collect())
    }

    /// Removes the fields named in `columns` from these items and from their search text. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is lost; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement. Nothing is written then.
    pub fn strip_items(
        &self,
        lease: Lease,
        term: std::time::Duration,
        page: &[ItemToStrip],
        columns: &[String],
        progress: &RunProgress,
    ) -> Result<(), StoreError> {
        let stripped: Vec<ItemWrite> =
            page.iter().map(|item| strip_item(item, columns)).collect::<Result<_, StoreError>>()?;
        self.write(|conn| {
            let now = fence_write(conn, lease, term, progress)?;
            let id = lease.id.to_string();
            let row = operations::find_row(conn, &id)?.ok_or(StoreError::Fenced)?;
            let stamp = BatchStamp { source_id: row.source_id, sync_id: &id, now: now.naive_utc() };
            bulk::rewrite_items(conn, stamp, &stripped)?;
            Ok(())
        })
    }
}

/// Returns the item without the fields named in `columns`.
fn strip_item(item: &ItemToStrip, columns: &[String]) -> Result<ItemWrite, StoreError> {
    let fields = parse_fields(&item.fields).map_err(|error| StoreError::corrupt_value("items.fields")(&error))?;
    let (names, cells): (Vec<String>, Vec<String>) =
        fields.into_iter().filter(|(name, _)| !columns.contains(name)).unzip();
    let stripped = ColumnLayout::new(&names, 0).build_item(&cells);
    let (fields, hash) = (stripped.fields, stripped.hash);
    Ok(ItemWrite { key: item.key.clone(), fields, hash, search_text: search_text(&cells) })
}
