//! Removes hidden columns of a public catalog from stored items that the run does not write otherwise, from the stored
//! changes of all runs, and from the columns that an undo restores.

use diesel::prelude::*;

use super::batch_writer::BatchWriter;
use super::catalogs;
use super::change_rows::{CHANGE_COLUMNS, ChangeRow, changes_from_rows};
use super::column_layouts::{LayoutsByNumber, load_layouts};
use super::column_snapshots::{self, ColumnSnapshot};
use super::connection::Store;
use super::dialect::field_names;
use super::error::StoreError;
use super::item_write::ItemWrite;
use super::lease::{RunProgress, fence_write};
use super::operations;
use super::schema::{item_changes, items};
use super::unused_layouts;
use crate::domain::change_set::Change;
use crate::domain::item::{ColumnLayout, ItemDraft, parse_fields};
use crate::domain::operation::Lease;
use crate::domain::source::SourceId;

/// The number of items that are rewritten at a time.
const PAGE_ITEMS: i64 = 1000;

/// An item that has a field to be removed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemToStrip {
    /// The key; items are processed in this order.
    pub key: String,
    fields: String,
    is_live: bool,
}

/// A stored change that has a field to be removed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeToStrip {
    /// The database id; changes are processed in this order.
    pub id: i64,
    change: Change,
}

impl Store {
    /// Returns the next items of a source, soft-deleted ones included, that have a field named in `columns`: up to
    /// 1,000, in the order of their keys, starting after the key `after`. Start with the empty text. `columns` may have
    /// up to a hundred names, because SQLite refuses conditions with a thousand parts.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn items_to_strip(
        &self,
        source: SourceId,
        columns: &[String],
        after: &str,
    ) -> Result<Vec<ItemToStrip>, StoreError> {
        self.read(|conn| {
            let layouts = load_layouts(conn, source.0)?;
            // In the order of the index that contains soft-deleted items too.
            let page = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::key.gt(after))
                .filter(field_names::has_any_field(conn, columns, &layouts))
                .order(items::key)
                .limit(PAGE_ITEMS)
                .select((items::key, items::fields, items::removed_at.is_null()));
            let rows: Vec<(String, String, bool)> = page.load(conn)?;
            let layouts = LayoutsByNumber::load(conn, rows.iter().map(|(_, fields, _)| fields.as_str()))?;
            let item = |(key, fields, is_live)| {
                Ok(ItemToStrip { key, fields: layouts.to_named("items.fields", fields)?, is_live })
            };
            rows.into_iter().map(item).collect()
        })
    }

    /// Removes the fields named in `columns` from these items. An item that is soft-deleted
    /// stays so, and keeps the time and the run of its removal. Repeating it changes nothing.
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
        let (live, removed): (Vec<&ItemToStrip>, Vec<&ItemToStrip>) = page.iter().partition(|item| item.is_live);
        let [live, removed] = [live, removed].map(|items| {
            items.into_iter().map(|item| strip_item(item, columns)).collect::<Result<Vec<ItemWrite>, StoreError>>()
        });
        let (live, removed) = (live?, removed?);
        self.write_items(|conn| {
            let now = fence_write(conn, lease, term, progress)?;
            let id = lease.id.to_string();
            let row = operations::find_row(conn, &id)?.ok_or(StoreError::Fenced)?;
            let mut writer = BatchWriter::begin(conn, row.source_id, &id, now.naive_utc())?;
            writer.rewrite_items(conn, &live)?;
            writer.refresh_items(conn, &removed)?;
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
        self.read(|conn| {
            let layouts = load_layouts(conn, source.0)?;
            let page = item_changes::table
                .filter(item_changes::source_id.eq(source.0))
                .filter(item_changes::id.gt(after))
                .filter(field_names::change_has_any_field(conn, columns, &layouts))
                .order(item_changes::id)
                .limit(PAGE_ITEMS)
                .select(CHANGE_COLUMNS);
            let rows: Vec<ChangeRow> = page.load(conn)?;
            let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
            let changes = changes_from_rows(conn, rows)?;
            Ok(ids.into_iter().zip(changes).map(|(id, change)| ChangeToStrip { id, change }).collect())
        })
    }

    /// Removes the fields named in `columns` from these changes. Repeating it changes nothing.
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
        self.write_items(|conn| {
            let now = fence_write(conn, lease, term, progress)?;
            let id = lease.id.to_string();
            let row = operations::find_row(conn, &id)?.ok_or(StoreError::Fenced)?;
            let mut writer = BatchWriter::begin(conn, row.source_id, &id, now.naive_utc())?;
            for (id, change) in &stripped {
                let change = writer.stored_change(conn, change)?;
                diesel::update(item_changes::table.find(id))
                    .set((
                        item_changes::before.eq(change.before.as_deref()),
                        item_changes::after.eq(change.after.as_deref()),
                        item_changes::search_text.eq(change.search_text.as_deref()),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        })
    }

    /// Removes the names in `columns` from the columns of a run's catalog, which become `kept`, from the columns of it
    /// that undos restore, and from the layouts of columns that neither an item nor a change has. Repeating it changes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is lost; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement. Nothing is written then.
    pub fn strip_column_names(
        &self,
        lease: Lease,
        term: std::time::Duration,
        columns: &[String],
        kept: &ColumnSnapshot,
        progress: &RunProgress,
    ) -> Result<(), StoreError> {
        self.write_items(|conn| {
            let now = fence_write(conn, lease, term, progress)?;
            let id = lease.id.to_string();
            let row = operations::find_row(conn, &id)?.ok_or(StoreError::Fenced)?;
            // It also keeps the columns from before this run, if it has written nothing until now.
            catalogs::begin_writing(conn, row.source_id, &id, kept)?;
            unused_layouts::mark_unused_layouts(conn, row.source_id, columns, now.naive_utc())?;
            column_snapshots::strip_names(conn, row.source_id, columns)
        })
    }
}

/// Returns the item without the fields named in `columns`.
fn strip_item(item: &ItemToStrip, columns: &[String]) -> Result<ItemWrite, StoreError> {
    let ItemDraft { fields, hash, .. } = strip_fields("items.fields", &item.fields, columns)?;
    Ok(ItemWrite { key: item.key.clone(), fields, hash })
}

/// Returns the change without the fields named in `columns`.
fn strip_change(stored: &ChangeToStrip, columns: &[String]) -> Result<Change, StoreError> {
    let strip = |side: &Option<String>| {
        let stripped = side.as_deref().map(|fields| strip_fields("item_changes", fields, columns)).transpose();
        stripped.map(|side| side.map(|draft| draft.fields))
    };
    let change = &stored.change;
    Ok(Change { before: strip(&change.before)?, after: strip(&change.after)?, ..change.clone() })
}

/// Returns fields without those named in `columns`, with their digest.
fn strip_fields(place: &'static str, fields: &str, columns: &[String]) -> Result<ItemDraft, StoreError> {
    let fields = parse_fields(fields).map_err(|error| StoreError::corrupt_value(place)(&error))?;
    let (names, cells): (Vec<String>, Vec<String>) =
        fields.into_iter().filter(|(name, _)| !columns.contains(name)).unzip();
    Ok(ColumnLayout::new(&names, 0).build_item(&cells))
}
