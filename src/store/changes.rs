//! Reads the changes that each run made: pages of them, all of them one step after the other, and one of them.

use std::collections::HashMap;

use diesel::prelude::*;

use super::added_spans;
use super::change_parts::{PART_ORDER, RunChanges, describe_added_items};
use super::change_rows::{CHANGE_COLUMNS, ChangeRow, changes_from_rows};
use super::connection::Store;
use super::error::StoreError;
use super::run_numbers::run_texts;
use super::schema::{item_changes, items};
use super::search_words::SearchWords;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::source::SourceId;
use crate::domain::sync_id::SyncId;

/// Selects some of the changes of a run.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ChangeFilter {
    /// The kinds; none stands for all. Added items are listed first, then updated, then removed ones.
    pub kinds: Vec<ChangeKind>,
    /// Words that must all occur in the key or in a value, ignoring case and accents.
    pub search: String,
}

/// The numbers of changes of each kind that match a search.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ChangeCounts {
    /// The number of added items.
    pub added: u64,
    /// The number of updated items.
    pub updated: u64,
    /// The number of removed items.
    pub removed: u64,
}

impl ChangeFilter {
    /// Returns the filter of all changes of one kind.
    #[must_use]
    pub fn of_kind(kind: ChangeKind) -> Self {
        Self { kinds: vec![kind], search: String::new() }
    }

    fn includes(&self, kind: ChangeKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

impl ChangeCounts {
    /// Returns the number of changes of this kind.
    #[must_use]
    pub const fn of_kind(&self, kind: ChangeKind) -> u64 {
        match kind {
            ChangeKind::Added => self.added,
            ChangeKind::Updated => self.updated,
            ChangeKind::Removed => self.removed,
        }
    }
}

/// One page of a run's changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangePage {
    /// The changes on this page.
    pub changes: Vec<Change>,
    /// The number of stored changes on all pages. It is 0 after the removal of the source. A preview with very many
    /// changes stores only the first of them.
    pub total: u64,
    /// The number of stored changes of each kind that match the search, whatever kind was requested.
    pub counts: ChangeCounts,
}

/// A place between the changes of a run, from which [`Store::changes_after`] goes on. The default is the beginning.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ChangeCursor {
    part: usize,
    after_id: i64,
}

impl Store {
    /// Returns the first changes of one kind that a run made, or that a preview found, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_changes(&self, id: SyncId, kind: ChangeKind, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.changes_after(id, &ChangeFilter::of_kind(kind), ChangeCursor::default(), limit).map(|(changes, _)| changes)
    }

    /// Returns one page of the changes that a run made, or that a preview found, by kind and then in the order in which
    /// they were made. `page` counts from 1; a page has up to `per_page` changes.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn change_page(
        &self,
        id: SyncId,
        filter: &ChangeFilter,
        page: u64,
        per_page: u64,
    ) -> Result<ChangePage, StoreError> {
        let run = RunChanges { id: &id.to_string(), words: &SearchWords::split(&filter.search) };
        let per_page = i64::try_from(per_page).unwrap_or(i64::MAX);
        let mut offset = i64::try_from(page.saturating_sub(1)).unwrap_or(i64::MAX).saturating_mul(per_page);
        self.read(|conn| {
            let sizes = run.part_sizes(conn)?;
            let mut found = ChangePage { changes: Vec::new(), total: 0, counts: ChangeCounts::default() };
            for (part, size) in PART_ORDER.into_iter().zip(&sizes) {
                let count = u64::try_from(size.count).unwrap_or(0);
                match part.kind() {
                    ChangeKind::Added => found.counts.added += count,
                    ChangeKind::Updated => found.counts.updated += count,
                    ChangeKind::Removed => found.counts.removed += count,
                }
                if !filter.includes(part.kind()) {
                    continue;
                }
                found.total += count;
                let wanted = per_page - i64::try_from(found.changes.len()).unwrap_or(per_page);
                let limit = wanted.min(size.count - offset);
                if limit > 0 {
                    found.changes.extend(run.load_page(conn, part, size, offset, limit)?);
                }
                offset = (offset - size.count).max(0);
            }
            Ok(found)
        })
    }

    /// Returns up to `limit` changes that come after the cursor, in the order of [`Store::change_page`], and the cursor
    /// to go on from; `None` at the end. Each step costs the same, however many changes come before it.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn changes_after(
        &self,
        id: SyncId,
        filter: &ChangeFilter,
        cursor: ChangeCursor,
        limit: u32,
    ) -> Result<(Vec<Change>, Option<ChangeCursor>), StoreError> {
        let run = RunChanges { id: &id.to_string(), words: &SearchWords::split(&filter.search) };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.read(|conn| {
            let (mut changes, mut after_id) = (Vec::new(), cursor.after_id);
            for (number, part) in PART_ORDER.into_iter().enumerate().skip(cursor.part) {
                if filter.includes(part.kind()) {
                    let (found, last_id) = run.load_after(conn, part, after_id, limit - changes.len())?;
                    changes.extend(found);
                    if let Some(last_id) = last_id.filter(|_| changes.len() >= limit) {
                        return Ok((changes, Some(ChangeCursor { part: number, after_id: last_id })));
                    }
                }
                after_id = 0;
            }
            Ok((changes, None))
        })
    }

    /// Returns the change of one item by a run; `None` if the run did not change it, or if that is not known any more.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_change(&self, id: SyncId, source: SourceId, key: &str) -> Result<Option<Change>, StoreError> {
        // No stored key has it, and PostgreSQL refuses a text with it.
        if key.contains('\0') {
            return Ok(None);
        }
        let id = id.to_string();
        self.read(|conn| {
            let row: Option<ChangeRow> = item_changes::table
                .filter(item_changes::source_id.eq(source.0))
                .filter(item_changes::key.eq(key))
                .filter(item_changes::sync_id.eq(&id))
                .order(item_changes::id.desc())
                .select(CHANGE_COLUMNS)
                .first(conn)
                .optional()?;
            if let Some(row) = row {
                return Ok(changes_from_rows(conn, vec![row])?.pop());
            }
            let added: Vec<added_spans::AddedItem> = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::key.eq(key))
                .filter(items::added_by.eq_any(run_texts(conn, &[&id])?))
                .select((items::source_id, items::key, items::fields))
                .load(conn)?;
            let added = added_spans::to_named_items(conn, added)?;
            Ok(describe_added_items(conn, &id, added)?.pop())
        })
    }

    /// Returns the ids of the items with these keys that are in the catalog now, by their keys.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn live_item_ids(&self, source: SourceId, keys: &[&str]) -> Result<HashMap<String, String>, StoreError> {
        // `removed_at` is not a condition of the query: PostgreSQL would read all items of the source by the index of
        // the live ones as long as it has no statistics, which is when a large sheet has just been loaded.
        let rows: Vec<(String, i64, bool)> = self.read(|conn| {
            let listed = items::table.filter(items::source_id.eq(source.0)).filter(items::key.eq_any(keys));
            Ok(listed.select((items::key, items::id, items::removed_at.is_null())).load(conn)?)
        })?;
        Ok(rows.into_iter().filter(|(.., is_live)| *is_live).map(|(key, id, _)| (key, id.to_string())).collect())
    }
}
