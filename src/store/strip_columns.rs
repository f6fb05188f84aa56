//! Columns that are left out of a public catalog, taken out of the items that a run does not write.

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

/// How many items are rewritten at a time.
const PAGE_ITEMS: i64 = 1000;

/// An item that has a field which may not be in the catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemToStrip {
    /// Its number, in the order of which items are walked.
    pub id: i64,
    key: String,
    fields: String,
}

impl Store {
    /// The next items of the catalog, at most 1,000 behind `after`, that have a field called like one of `columns`.
    /// At most a hundred names can be asked for at once: SQLite refuses conditions of a thousand parts.
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

    /// Writes these items without the fields called like one of `columns`, and takes these out of what searches look
    /// at. Doing so twice changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is lost; otherwise when the database fails. Nothing is written then.
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

/// The item without the fields called like one of `columns`.
fn strip_item(item: &ItemToStrip, columns: &[String]) -> Result<ItemWrite, StoreError> {
    let fields = parse_fields(&item.fields).map_err(|error| StoreError::corrupt("items.fields")(&error))?;
    let (names, cells): (Vec<String>, Vec<String>) =
        fields.into_iter().filter(|(name, _)| !columns.contains(name)).unzip();
    let stripped = ColumnLayout::new(&names, 0).build_item(&cells);
    let (fields, hash) = (stripped.fields, stripped.hash);
    Ok(ItemWrite { key: item.key.clone(), fields, hash, search_text: search_text(&cells) })
}
