//! Reads the parts of a run's changes.
//!
//! An item that a run added has no row among the changes: the item's `added_by` names the run. Its fields at that time
//! are the `before` of its first later change, or its current fields. The changes of a run are therefore read from
//! parts, one after the other: the rows of each kind, and after the rows of added items those without a row.

use std::collections::HashMap;

use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;

use super::added_spans;
use super::connection::AnyConnection;
use super::dialect::search::{self, SearchWord};
use super::error::StoreError;
use super::schema::{item_changes, items};
use super::stored_values::parse_value;
use crate::domain::change_set::{Change, ChangeKind};

/// A part of a run's changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ChangePart {
    /// The changes of this kind that are stored as rows.
    Rows(ChangeKind),
    /// The items that the run added and that have no row.
    AddedItems,
}

/// The parts in the order in which changes are listed.
pub(super) const PART_ORDER: [ChangePart; 4] = [
    ChangePart::Rows(ChangeKind::Added),
    ChangePart::AddedItems,
    ChangePart::Rows(ChangeKind::Updated),
    ChangePart::Rows(ChangeKind::Removed),
];

impl ChangePart {
    pub(super) const fn kind(self) -> ChangeKind {
        match self {
            Self::Rows(kind) => kind,
            Self::AddedItems => ChangeKind::Added,
        }
    }
}

/// The changes of a part that match: their number, and the range of their ids.
#[derive(Clone, Copy, Default)]
pub(super) struct PartSize {
    pub(super) count: i64,
    ids: (i64, i64),
}

/// A page or the next entries inside one part.
#[derive(Clone, Copy)]
struct PartSlice {
    /// The range of ids to read.
    ids: (i64, i64),
    offset: i64,
    limit: i64,
    /// Whether entries are read, and the offset is counted, from the end. They are returned in order all the same.
    is_reversed: bool,
}

/// The changes of one run that match a search.
pub(super) struct RunChanges<'a> {
    pub(super) id: &'a str,
    pub(super) words: &'a [SearchWord],
}

pub(super) type ChangeRow = (i64, String, String, Option<String>, Option<String>);

pub(super) const CHANGE_COLUMNS: (
    item_changes::id,
    item_changes::kind,
    item_changes::key,
    item_changes::before,
    item_changes::after,
) = (item_changes::id, item_changes::kind, item_changes::key, item_changes::before, item_changes::after);

pub(super) fn change_from_row((_, kind, key, before, after): ChangeRow) -> Result<Change, StoreError> {
    let kind = parse_value("item_changes.kind", &kind)?;
    Ok(Change { key, kind, before, after })
}

impl RunChanges<'_> {
    /// Counts the matching changes of each part.
    pub(super) fn part_sizes(&self, conn: &mut AnyConnection) -> Result<[PartSize; 4], StoreError> {
        let mut rows = item_changes::table
            .filter(item_changes::sync_id.eq(self.id))
            .group_by(item_changes::kind)
            .select((item_changes::kind, count_star(), min(item_changes::id), max(item_changes::id)))
            .into_boxed();
        if !self.words.is_empty() {
            rows = rows.filter(search::change_has_words(conn, self.words));
        }
        let rows: Vec<(String, i64, Option<i64>, Option<i64>)> = rows.load(conn)?;
        let mut sizes = [PartSize::default(); 4];
        for (part, size) in PART_ORDER.into_iter().zip(&mut sizes) {
            *size = match part {
                ChangePart::AddedItems if self.words.is_empty() => {
                    PartSize { count: added_spans::count_added_items(conn, self.id)?, ids: (0, i64::MAX) }
                }
                ChangePart::AddedItems => self.added_items_size(conn)?,
                ChangePart::Rows(kind) => rows
                    .iter()
                    .find(|(stored, ..)| stored == kind.as_str())
                    .map(|(_, count, first, last)| PartSize {
                        count: *count,
                        ids: (first.unwrap_or(0), last.unwrap_or(i64::MAX)),
                    })
                    .unwrap_or_default(),
            };
        }
        Ok(sizes)
    }

    fn added_items_size(&self, conn: &mut AnyConnection) -> Result<PartSize, StoreError> {
        let Some(ids) = added_spans::added_id_range(conn, self.id)? else { return Ok(PartSize::default()) };
        let (count, first, last): (i64, Option<i64>, Option<i64>) = items::table
            .filter(items::id.between(ids.0, ids.1))
            .filter(items::added_by.eq(self.id))
            .filter(search::item_has_words(conn, self.words))
            .select((count_star(), min(items::id), max(items::id)))
            .first(conn)?;
        Ok(PartSize { count, ids: (first.unwrap_or(0), last.unwrap_or(0)) })
    }

    /// Loads up to `limit` matching changes of a part without the first `offset`. In its second half they are counted
    /// from the end, so that the last page costs as little as the first.
    pub(super) fn load_page(
        &self,
        conn: &mut AnyConnection,
        part: ChangePart,
        size: PartSize,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<Change>, StoreError> {
        if part == ChangePart::AddedItems && self.words.is_empty() {
            let found = added_spans::list_added_items(conn, self.id, offset, limit)?;
            return describe_added_items(conn, self.id, found);
        }
        let is_reversed = offset > size.count / 2;
        let offset = if is_reversed { size.count - offset - limit } else { offset };
        let slice = PartSlice { ids: size.ids, offset, limit, is_reversed };
        Ok(self.load_slice(conn, part, slice)?.0)
    }

    /// Loads up to `limit` matching changes of a part whose ids are above `after_id`, and the id of the last one.
    pub(super) fn load_after(
        &self,
        conn: &mut AnyConnection,
        part: ChangePart,
        after_id: i64,
        limit: usize,
    ) -> Result<(Vec<Change>, Option<i64>), StoreError> {
        let mut ids = (after_id.saturating_add(1), i64::MAX);
        if part == ChangePart::AddedItems {
            let Some((first, last)) = added_spans::added_id_range(conn, self.id)? else { return Ok((vec![], None)) };
            ids = (ids.0.max(first), last);
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.load_slice(conn, part, PartSlice { ids, offset: 0, limit, is_reversed: false })
    }

    fn load_slice(
        &self,
        conn: &mut AnyConnection,
        part: ChangePart,
        slice: PartSlice,
    ) -> Result<(Vec<Change>, Option<i64>), StoreError> {
        match part {
            ChangePart::Rows(kind) => self.load_rows(conn, kind, slice),
            ChangePart::AddedItems => self.load_added_items(conn, slice),
        }
    }

    fn load_rows(
        &self,
        conn: &mut AnyConnection,
        kind: ChangeKind,
        slice: PartSlice,
    ) -> Result<(Vec<Change>, Option<i64>), StoreError> {
        let mut query = item_changes::table
            .filter(item_changes::sync_id.eq(self.id))
            .filter(item_changes::kind.eq(kind.as_str()))
            .filter(item_changes::id.between(slice.ids.0, slice.ids.1))
            .offset(slice.offset)
            .limit(slice.limit)
            .select(CHANGE_COLUMNS)
            .into_boxed();
        if !self.words.is_empty() {
            query = query.filter(search::change_has_words(conn, self.words));
        }
        let query =
            if slice.is_reversed { query.order(item_changes::id.desc()) } else { query.order(item_changes::id.asc()) };
        let mut rows: Vec<ChangeRow> = query.load(conn)?;
        if slice.is_reversed {
            rows.reverse();
        }
        let last_id = rows.last().map(|row| row.0);
        Ok((rows.into_iter().map(change_from_row).collect::<Result<_, _>>()?, last_id))
    }

    fn load_added_items(
        &self,
        conn: &mut AnyConnection,
        slice: PartSlice,
    ) -> Result<(Vec<Change>, Option<i64>), StoreError> {
        let mut query = items::table
            .filter(items::id.between(slice.ids.0, slice.ids.1))
            .filter(items::added_by.eq(self.id))
            .offset(slice.offset)
            .limit(slice.limit)
            .select((items::id, (items::source_id, items::key, items::fields)))
            .into_boxed();
        if !self.words.is_empty() {
            query = query.filter(search::item_has_words(conn, self.words));
        }
        let query = if slice.is_reversed { query.order(items::id.desc()) } else { query.order(items::id.asc()) };
        let mut rows: Vec<(i64, added_spans::AddedItem)> = query.load(conn)?;
        if slice.is_reversed {
            rows.reverse();
        }
        let last_id = rows.last().map(|(id, _)| *id);
        let found = rows.into_iter().map(|(_, item)| item).collect();
        Ok((describe_added_items(conn, self.id, found)?, last_id))
    }
}

/// Returns the additions of items that a run added: with the fields that they had then.
pub(super) fn describe_added_items(
    conn: &mut AnyConnection,
    id: &str,
    found: Vec<added_spans::AddedItem>,
) -> Result<Vec<Change>, StoreError> {
    let Some((source_id, ..)) = found.first() else { return Ok(Vec::new()) };
    let keys: Vec<&str> = found.iter().map(|(_, key, _)| key.as_str()).collect();
    let later_ids: Vec<Option<i64>> = item_changes::table
        .filter(item_changes::source_id.eq(source_id))
        .filter(item_changes::key.eq_any(&keys))
        .filter(item_changes::before.is_not_null())
        .filter(item_changes::sync_id.ne(id))
        .group_by(item_changes::key)
        .select(min(item_changes::id))
        .load(conn)?;
    let mut first_fields = load_fields_before(conn, later_ids)?;
    let change = |(_, key, now): added_spans::AddedItem| {
        let after = first_fields.remove(&key).flatten().unwrap_or(now);
        Change { key, kind: ChangeKind::Added, before: None, after: Some(after) }
    };
    Ok(found.into_iter().map(change).collect())
}

/// Returns the fields before the changes with these ids, by the keys of their items.
pub(super) fn load_fields_before(
    conn: &mut AnyConnection,
    ids: Vec<Option<i64>>,
) -> QueryResult<HashMap<String, Option<String>>> {
    let ids: Vec<i64> = ids.into_iter().flatten().collect();
    let changes = item_changes::table.filter(item_changes::id.eq_any(ids));
    let rows: Vec<(String, Option<String>)> = changes.select((item_changes::key, item_changes::before)).load(conn)?;
    Ok(rows.into_iter().collect())
}
