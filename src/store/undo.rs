//! Finds the changes by which an undo reverts a run.
//!
//! An undo touches an item only if the run is the last that changed it: the item's `changed_by` names the run.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::added_spans;
use super::column_layouts::LayoutsByNumber;
use super::column_snapshots;
use super::connection::{AnyConnection, Store};
use super::dialect::item_times;
use super::error::StoreError;
use super::run_numbers::{RunIds, run_texts};
use super::schema::{item_changes, items, sync_records};
use super::stored_values::parse_value;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::source::SourceId;
use crate::domain::sync_id::SyncId;
use crate::domain::undo_forecast::{LaterChanges, UndoForecast};

/// The number of changes that are read at a time.
const PAGE_CHANGES: i64 = 1000;

/// The place in the changes of a run from which the next page is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UndoCursor {
    /// The stored changes of this kind, after this one.
    Stored(ChangeKind, i64),
    /// The items that the run added, after the item with this id. They have no stored change.
    AddedItems(i64),
}

impl UndoCursor {
    /// Returns the first place.
    #[must_use]
    pub const fn first() -> Self {
        Self::Stored(ChangeKind::Removed, 0)
    }

    /// The next place after all changes of this kind. Removed items return first, so that a catalog whose undo is cut
    /// short has too many items rather than too few.
    const fn after_kind(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Removed => Self::Stored(ChangeKind::Updated, 0),
            ChangeKind::Updated => Self::Stored(ChangeKind::Added, 0),
            ChangeKind::Added => Self::AddedItems(0),
        }
    }
}

/// The next changes that an undo makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UndoPage {
    /// The changes: each reverts one change of the run. An item that returns is *added*.
    pub changes: Vec<Change>,
    /// The place of the next page; `None` after the last one.
    pub next: Option<UndoCursor>,
}

type StoredChangeRow = (i64, String, Option<String>, String, bool);

impl Store {
    /// Returns what an undo of this run would do now.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn undo_forecast(&self, run: SyncId) -> Result<UndoForecast, StoreError> {
        let run = run.to_string();
        self.read(|conn| {
            let all: i64 = item_changes::table.filter(item_changes::sync_id.eq(&run)).count().get_result(conn)?;
            let rows: Vec<(String, i64)> = item_changes::table
                .inner_join(items::table.on(is_same_item()))
                .filter(item_changes::sync_id.eq(&run))
                .filter(items::changed_by.eq_any(run_texts(conn, &[&run])?))
                .group_by(item_changes::kind)
                .select((item_changes::kind, count_star()))
                .load(conn)?;
            let (added, still_added) =
                (added_spans::count_added_items(conn, &run)?, added_spans::count_unchanged_items(conn, &run)?);
            let restores_columns = column_snapshots::is_last_change(conn, &run)?;
            let mut forecast = UndoForecast { restores_columns, ..UndoForecast::default() };
            let mut touched = still_added;
            for (kind, number) in rows {
                touched += number;
                let number = u64::try_from(number).unwrap_or(0);
                match parse_value("item_changes.kind", &kind)? {
                    ChangeKind::Removed => forecast.returns += number,
                    ChangeKind::Updated => forecast.restores += number,
                    ChangeKind::Added => forecast.removes += number,
                }
            }
            forecast.removes += u64::try_from(still_added).unwrap_or(0);
            forecast.leaves = u64::try_from(all + added - touched).unwrap_or(0);
            Ok(forecast)
        })
    }

    /// Returns the runs that changed items after this run did, so that its undo leaves these items: the run of most
    /// items first. The cost grows with the changes of the run.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn later_changes(&self, run: SyncId) -> Result<Vec<LaterChanges>, StoreError> {
        let run = run.to_string();
        let found = self.read(|conn| {
            let texts = run_texts(conn, &[&run])?;
            let mut found: Vec<(String, i64)> = item_changes::table
                .inner_join(items::table.on(is_same_item()))
                .filter(item_changes::sync_id.eq(&run))
                .filter(items::changed_by.ne_all(texts.iter().map(String::as_str).chain([""])))
                .group_by(items::changed_by)
                .select((items::changed_by, count_star()))
                .load(conn)?;
            found.extend(added_spans::count_later_changes(conn, &run)?);
            let ids = RunIds::load(conn, found.iter().map(|(run, _)| run.as_str()))?;
            let named = found.into_iter().map(|(run, count)| Ok((ids.id_of(&run)?.to_owned(), count)));
            named.collect::<Result<Vec<(String, i64)>, StoreError>>()
        })?;
        let mut items_by_run: HashMap<String, u64> = HashMap::new();
        for (later, count) in found {
            *items_by_run.entry(later).or_default() += u64::try_from(count).unwrap_or(0);
        }
        let parse =
            |(later, items): (String, u64)| Ok(LaterChanges { run: parse_value("items.changed_by", &later)?, items });
        let mut runs: Vec<LaterChanges> = items_by_run.into_iter().map(parse).collect::<Result<_, StoreError>>()?;
        runs.sort_by_key(|later| (std::cmp::Reverse(later.items), later.run));
        Ok(runs)
    }

    /// Returns whether items that are in the catalog were changed after a run had ended. Their fields are those of
    /// later columns.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn has_later_changes(&self, source: SourceId, run: SyncId) -> Result<bool, StoreError> {
        self.read(|conn| {
            let ended = sync_records::table.find(run.to_string()).select(sync_records::finished_at);
            let Some(ended) = ended.first::<NaiveDateTime>(conn).optional()? else { return Ok(false) };
            Ok(item_times::has_item_changed_after(conn, source.0, ended)?)
        })
    }

    /// Returns the next changes by which an undo reverts a run.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn undo_page(&self, run: SyncId, from: UndoCursor) -> Result<UndoPage, StoreError> {
        let run = run.to_string();
        self.read(|conn| match from {
            UndoCursor::Stored(kind, after) => page_of_stored(conn, &run, kind, after),
            UndoCursor::AddedItems(after) => {
                let found = added_spans::list_unchanged_items(conn, &run, after, PAGE_CHANGES)?;
                let next = found.last().map(|(id, ..)| UndoCursor::AddedItems(*id)).filter(|_| is_full(found.len()));
                let changes = found.into_iter().map(|(_, key, fields)| removal(key, fields)).collect();
                Ok(UndoPage { changes, next })
            }
        })
    }
}

fn page_of_stored(conn: &mut AnyConnection, run: &str, kind: ChangeKind, after: i64) -> Result<UndoPage, StoreError> {
    let texts = run_texts(conn, &[run])?;
    let rows: Vec<StoredChangeRow> = item_changes::table
        .inner_join(items::table.on(is_same_item()))
        .filter(item_changes::sync_id.eq(run))
        .filter(item_changes::kind.eq(kind.as_str()))
        .filter(item_changes::id.gt(after))
        .filter(items::changed_by.eq_any(texts))
        .order(item_changes::id)
        .limit(PAGE_CHANGES)
        .select((item_changes::id, item_changes::key, item_changes::before, items::fields, items::removed_at.is_null()))
        .load(conn)?;
    let next = match rows.last() {
        Some((id, ..)) if is_full(rows.len()) => UndoCursor::Stored(kind, *id),
        _ => UndoCursor::after_kind(kind),
    };
    let stored = rows.iter().flat_map(|(_, _, before, fields, _)| [before.as_deref(), Some(fields.as_str())]).flatten();
    let layouts = LayoutsByNumber::load(conn, stored)?;
    let mut changes = Vec::with_capacity(rows.len());
    for (id, key, before, fields, is_live) in rows {
        let before = before.map(|fields| layouts.to_named("item_changes.before", fields)).transpose()?;
        let fields = layouts.to_named("items.fields", fields)?;
        changes.extend(reverse_change(kind, (id, key, before, fields, is_live)));
    }
    Ok(UndoPage { changes, next: Some(next) })
}

fn is_full(rows: usize) -> bool {
    i64::try_from(rows).unwrap_or(i64::MAX) >= PAGE_CHANGES
}

/// The change that reverts a stored change of this kind; `None` if the item is in another state than the change left.
fn reverse_change(kind: ChangeKind, (_, key, before, fields, is_live): StoredChangeRow) -> Option<Change> {
    match kind {
        ChangeKind::Removed => (!is_live).then(|| {
            let after = Some(before.unwrap_or(fields));
            Change { key, kind: ChangeKind::Added, before: None, after }
        }),
        ChangeKind::Updated if !is_live => None,
        ChangeKind::Updated => before.map(|before| Change { key, kind, before: Some(fields), after: Some(before) }),
        ChangeKind::Added => is_live.then(|| removal(key, fields)),
    }
}

fn removal(key: String, fields: String) -> Change {
    Change { key, kind: ChangeKind::Removed, before: Some(fields), after: None }
}

/// The condition that a change and an item belong together.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_same_item() -> _ {
    items::source_id.eq(item_changes::source_id).and(items::key.eq(item_changes::key))
}
