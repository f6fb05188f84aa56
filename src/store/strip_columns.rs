//! Removes hidden columns of a public catalog from stored items that the run does not write otherwise, and from the
//! stored changes of all runs: they are shown, searched, and restored by an undo.

use diesel::prelude::*;

use super::change_parts::{CHANGE_COLUMNS, ChangeRow, change_from_row};
use super::connection::Store;
use super::dialect::bulk;
use super::dialect::bulk::BatchStamp;
use super::dialect::search;
use super::error::StoreError;
use super::item_write::ItemWrite;
use super::lease::{RunProgress, fence_write};
use super::operations;
use super::schema::{item_changes, items};
use crate::domain::change_set::Change;
use crate::domain::item::{ColumnLayout, ItemDraft, parse_fields, search_text};
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

/// A stored change that has a field to be removed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeToStrip {
    /// The database id; changes are processed in this order.
    pub id: i64,
    change: Change,
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

    /// Returns the next changes of the catalog's items with ids above `after`, up to 1,000, that have a field named in
    /// `columns` on either side. `columns` may have up to a hundred names, as for [`Store::items_to_strip`].
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn changes_to_strip(
        &self,
        source: SourceId,
        columns: &[String],
        after: i64,
    ) -> Result<Vec<ChangeToStrip>, StoreError> {
        let rows: Vec<ChangeRow> = self.read(|conn| {
            let page = item_changes::table
                .filter(item_changes::source_id.eq(source.0))
                .filter(item_changes::id.gt(after))
                .filter(search::change_has_any_field(conn, columns))
                .order(item_changes::id)
                .limit(PAGE_ITEMS)
                .select(CHANGE_COLUMNS);
            Ok(page.load(conn)?)
        })?;
        rows.into_iter().map(|row| Ok(ChangeToStrip { id: row.0, change: change_from_row(row)? })).collect()
    }

    /// Removes the fields named in `columns` from these changes and from their search text. Repeating it changes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is lost; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement. Nothing is written then.
    pub fn strip_changes(
        &self,
        lease: Lease,
        term: std::time::Duration,
        page: &[ChangeToStrip],
        columns: &[String],
        progress: &RunProgress,
    ) -> Result<(), StoreError> {
        let stripped: Vec<(i64, Change)> = page
            .iter()
            .map(|stored| Ok((stored.id, strip_change(stored, columns)?)))
            .collect::<Result<_, StoreError>>()?;
        self.write(|conn| {
            fence_write(conn, lease, term, progress)?;
            for (id, change) in &stripped {
                diesel::update(item_changes::table.find(id))
                    .set((
                        item_changes::before.eq(change.before.as_deref()),
                        item_changes::after.eq(change.after.as_deref()),
                        item_changes::search_text.eq(change.search_text()),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        })
    }
}

/// Returns the item without the fields named in `columns`.
fn strip_item(item: &ItemToStrip, columns: &[String]) -> Result<ItemWrite, StoreError> {
    let (ItemDraft { fields, hash, .. }, cells) = strip_fields("items.fields", &item.fields, columns)?;
    Ok(ItemWrite { key: item.key.clone(), fields, hash, search_text: search_text(&cells) })
}

/// Returns the change without the fields named in `columns`.
fn strip_change(stored: &ChangeToStrip, columns: &[String]) -> Result<Change, StoreError> {
    let strip = |side: &Option<String>| {
        let stripped = side.as_deref().map(|fields| strip_fields("item_changes", fields, columns)).transpose();
        stripped.map(|side| side.map(|(draft, _)| draft.fields))
    };
    let change = &stored.change;
    Ok(Change { before: strip(&change.before)?, after: strip(&change.after)?, ..change.clone() })
}

/// Returns the stored text without the fields named in `columns`, with its digest, and the remaining cells.
fn strip_fields(place: &'static str, stored: &str, columns: &[String]) -> Result<(ItemDraft, Vec<String>), StoreError> {
    let fields = parse_fields(stored).map_err(|error| StoreError::corrupt_value(place)(&error))?;
    let (names, cells): (Vec<String>, Vec<String>) =
        fields.into_iter().filter(|(name, _)| !columns.contains(name)).unzip();
    Ok((ColumnLayout::new(&names, 0).build_item(&cells), cells))
}
