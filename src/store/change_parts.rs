//! Reads the parts of a run's changes.
//!
//! An item that a run added has no row among the changes: the item's `added_by` names the run. Its fields at that time
//! are the `before` of its first later change, or its current fields. The changes of a run are therefore read from
//! parts, one after the other: the rows of each kind, and after the rows of added items those without a row.

use std::collections::HashMap;

use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;

use super::added_spans::{self, AddedItem, to_named_items};
use super::change_rows::{CHANGE_COLUMNS, ChangeRow, changes_from_rows};
use super::column_layouts::LayoutsByNumber;
use super::connection::AnyConnection;
use super::error::StoreError;
use super::run_numbers::run_texts;
use super::schema::{item_changes, items};
use super::search_words::SearchWords;
use crate::domain::change_set::{Change, ChangeKind};

/// The number of rows that a search reads at a time.
const SEARCH_PAGE_ROWS: i64 = 2000;

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

/// The changes of a part that match.
#[derive(Clone, Default)]
pub(super) struct PartSize {
    /// Their number.
    pub(super) count: i64,
    /// The range of their ids.
    ids: (i64, i64),
    /// Their ids in order, if words were searched.
    found: Vec<i64>,
}

/// A page or the next entries inside one part.
#[derive(Clone, Copy)]
struct PartSlice<'a> {
    /// The range of ids to read.
    ids: (i64, i64),
    /// The ids to read; all in the range if there are none.
    chosen: &'a [i64],
    offset: i64,
    limit: i64,
    /// Whether entries are read, and the offset is counted, from the end. They are returned in order all the same.
    is_reversed: bool,
}

/// A change of a part, with its fields as they are stored.
struct PartRow {
    id: i64,
    source_id: i64,
    kind: String,
    key: String,
    before: Option<String>,
    after: Option<String>,
}

/// The changes of one run that match a search.
pub(super) struct RunChanges<'a> {
    pub(super) id: &'a str,
    pub(super) words: &'a SearchWords,
}

impl RunChanges<'_> {
    /// Counts the matching changes of each part. With words, all changes of the run are read.
    pub(super) fn part_sizes(&self, conn: &mut AnyConnection) -> Result<[PartSize; 4], StoreError> {
        let mut sizes = [const { PartSize { count: 0, ids: (0, i64::MAX), found: Vec::new() } }; 4];
        if !self.words.is_empty() {
            for (part, size) in PART_ORDER.into_iter().zip(&mut sizes) {
                self.search_after(conn, part, 0, usize::MAX, |row| size.found.push(row.id))?;
                size.count = i64::try_from(size.found.len()).unwrap_or(i64::MAX);
            }
            return Ok(sizes);
        }
        let rows: Vec<(String, i64, Option<i64>, Option<i64>)> = item_changes::table
            .filter(item_changes::sync_id.eq(self.id))
            .group_by(item_changes::kind)
            .select((item_changes::kind, count_star(), min(item_changes::id), max(item_changes::id)))
            .load(conn)?;
        for (part, size) in PART_ORDER.into_iter().zip(&mut sizes) {
            match part {
                ChangePart::AddedItems => size.count = added_spans::count_added_items(conn, self.id)?,
                ChangePart::Rows(kind) => {
                    if let Some((_, count, first, last)) = rows.iter().find(|(stored, ..)| stored == kind.as_str()) {
                        (size.count, size.ids) = (*count, (first.unwrap_or(0), last.unwrap_or(i64::MAX)));
                    }
                }
            }
        }
        Ok(sizes)
    }

    /// Loads up to `limit` matching changes of a part without the first `offset`. In its second half they are counted
    /// from the end, so that the last page costs as little as the first.
    pub(super) fn load_page(
        &self,
        conn: &mut AnyConnection,
        part: ChangePart,
        size: &PartSize,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<Change>, StoreError> {
        if !self.words.is_empty() {
            let [from, count] = [offset, limit].map(|number| usize::try_from(number).unwrap_or(0));
            let chosen = &size.found[from.min(size.found.len())..];
            let chosen = &chosen[..count.min(chosen.len())];
            let Some((first, last)) = chosen.first().zip(chosen.last()) else { return Ok(Vec::new()) };
            let slice = PartSlice { ids: (*first, *last), chosen, offset: 0, limit, is_reversed: false };
            let rows = self.load_slice(conn, part, slice)?;
            return self.changes_from_part(conn, part, rows);
        }
        if part == ChangePart::AddedItems {
            let found = added_spans::list_added_items(conn, self.id, offset, limit)?;
            return describe_added_items(conn, self.id, found);
        }
        let is_reversed = offset > size.count / 2;
        let offset = if is_reversed { size.count - offset - limit } else { offset };
        let slice = PartSlice { ids: size.ids, chosen: &[], offset, limit, is_reversed };
        let rows = self.load_slice(conn, part, slice)?;
        self.changes_from_part(conn, part, rows)
    }

    /// Loads up to `limit` matching changes of a part whose ids are above `after_id`, and the id of the last one.
    pub(super) fn load_after(
        &self,
        conn: &mut AnyConnection,
        part: ChangePart,
        after_id: i64,
        limit: usize,
    ) -> Result<(Vec<Change>, Option<i64>), StoreError> {
        let mut rows = Vec::new();
        self.search_after(conn, part, after_id, limit, |row| rows.push(row))?;
        let last_id = rows.last().map(|row| row.id);
        Ok((self.changes_from_part(conn, part, rows)?, last_id))
    }

    /// Calls `keep` with up to `limit` matching changes of a part whose ids are above `after_id`, in order.
    fn search_after(
        &self,
        conn: &mut AnyConnection,
        part: ChangePart,
        after_id: i64,
        limit: usize,
        mut keep: impl FnMut(PartRow),
    ) -> Result<(), StoreError> {
        let mut ids = (after_id.saturating_add(1), i64::MAX);
        if part == ChangePart::AddedItems {
            let Some((first, last)) = added_spans::added_id_range(conn, self.id)? else { return Ok(()) };
            ids = (ids.0.max(first), last);
        }
        let mut wanted = limit;
        // Without words every row matches.
        let wanted_rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let page_rows = if self.words.is_empty() { wanted_rows } else { SEARCH_PAGE_ROWS };
        while wanted > 0 {
            let slice = PartSlice { ids, chosen: &[], offset: 0, limit: page_rows, is_reversed: false };
            let rows = self.load_slice(conn, part, slice)?;
            let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < page_rows;
            ids.0 = rows.last().map_or(i64::MAX, |row| row.id.saturating_add(1));
            for row in rows {
                let is_match = || self.words.occur_in(&row.key, [row.before.as_deref(), row.after.as_deref()]);
                if wanted > 0 && (self.words.is_empty() || is_match()) {
                    wanted -= 1;
                    keep(row);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }

    fn load_slice(
        &self,
        conn: &mut AnyConnection,
        part: ChangePart,
        slice: PartSlice<'_>,
    ) -> Result<Vec<PartRow>, StoreError> {
        let mut rows = match part {
            ChangePart::Rows(kind) => self.load_rows(conn, kind, slice)?,
            ChangePart::AddedItems => self.load_added_items(conn, slice)?,
        };
        if slice.is_reversed {
            rows.reverse();
        }
        Ok(rows)
    }

    fn load_rows(
        &self,
        conn: &mut AnyConnection,
        kind: ChangeKind,
        slice: PartSlice<'_>,
    ) -> Result<Vec<PartRow>, StoreError> {
        let mut query = item_changes::table
            .filter(item_changes::sync_id.eq(self.id))
            .filter(item_changes::kind.eq(kind.as_str()))
            .filter(item_changes::id.between(slice.ids.0, slice.ids.1))
            .offset(slice.offset)
            .limit(slice.limit)
            .select((item_changes::source_id, CHANGE_COLUMNS))
            .into_boxed();
        if !slice.chosen.is_empty() {
            query = query.filter(item_changes::id.eq_any(slice.chosen));
        }
        let query =
            if slice.is_reversed { query.order(item_changes::id.desc()) } else { query.order(item_changes::id.asc()) };
        let rows: Vec<(i64, ChangeRow)> = query.load(conn)?;
        let row = |(source_id, (id, kind, key, before, after))| PartRow { id, source_id, kind, key, before, after };
        Ok(rows.into_iter().map(row).collect())
    }

    fn load_added_items(&self, conn: &mut AnyConnection, slice: PartSlice<'_>) -> Result<Vec<PartRow>, StoreError> {
        let mut query = items::table
            .filter(items::id.between(slice.ids.0, slice.ids.1))
            .filter(items::added_by.eq_any(run_texts(conn, &[self.id])?))
            .offset(slice.offset)
            .limit(slice.limit)
            .select((items::id, (items::source_id, items::key, items::fields)))
            .into_boxed();
        if !slice.chosen.is_empty() {
            query = query.filter(items::id.eq_any(slice.chosen));
        }
        let query = if slice.is_reversed { query.order(items::id.desc()) } else { query.order(items::id.asc()) };
        let rows: Vec<(i64, AddedItem)> = query.load(conn)?;
        let kind = ChangeKind::Added.as_str();
        let row = |(id, (source_id, key, fields))| PartRow {
            id,
            source_id,
            kind: kind.to_owned(),
            key,
            before: None,
            after: Some(fields),
        };
        Ok(rows.into_iter().map(row).collect())
    }

    fn changes_from_part(
        &self,
        conn: &mut AnyConnection,
        part: ChangePart,
        rows: Vec<PartRow>,
    ) -> Result<Vec<Change>, StoreError> {
        if part == ChangePart::AddedItems {
            let no_fields = StoreError::corrupt_value("items.fields");
            let to_item =
                |row: PartRow| Ok((row.source_id, row.key, row.after.ok_or_else(|| no_fields(&"no fields"))?));
            let found = rows.into_iter().map(to_item).collect::<Result<_, StoreError>>()?;
            let found = to_named_items(conn, found)?;
            return describe_added_items(conn, self.id, found);
        }
        let rows = rows.into_iter().map(|row| (row.id, row.kind, row.key, row.before, row.after)).collect();
        changes_from_rows(conn, rows)
    }
}

/// Returns the additions of items that a run added: with the fields that they had then.
pub(super) fn describe_added_items(
    conn: &mut AnyConnection,
    id: &str,
    found: Vec<AddedItem>,
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
    let change = |(_, key, now): AddedItem| {
        let after = first_fields.remove(&key).flatten().unwrap_or(now);
        Change { key, kind: ChangeKind::Added, before: None, after: Some(after) }
    };
    Ok(found.into_iter().map(change).collect())
}

/// Returns the fields before the changes with these ids, by the keys of their items. Each name is beside its value.
pub(super) fn load_fields_before(
    conn: &mut AnyConnection,
    ids: Vec<Option<i64>>,
) -> Result<HashMap<String, Option<String>>, StoreError> {
    let ids: Vec<i64> = ids.into_iter().flatten().collect();
    let changes = item_changes::table.filter(item_changes::id.eq_any(ids));
    let rows: Vec<(String, Option<String>)> = changes.select((item_changes::key, item_changes::before)).load(conn)?;
    let layouts = LayoutsByNumber::load(conn, rows.iter().filter_map(|(_, before)| before.as_deref()))?;
    let named = |fields| layouts.to_named("item_changes.before", fields);
    rows.into_iter().map(|(key, before)| Ok((key, before.map(named).transpose()?))).collect()
}
