//! Reads what runs did to one item, newest first.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::added_spans::to_named_items;
use super::change_parts::describe_added_items;
use super::change_rows::{CHANGE_COLUMNS, ChangeRow, changes_from_rows};
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::item_time::ItemTime;
use super::run_numbers::RunIds;
use super::schema::{item_changes, items, sync_operations, sync_records};
use super::stored_values::parse_value;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::operation::OperationKind;
use crate::domain::source::SourceId;
use crate::domain::sync_id::SyncId;

/// What one run did to an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemHistoryEntry {
    /// The id of the run.
    pub run: SyncId,
    /// The run, if it is still kept.
    pub details: Option<ChangingRun>,
    /// The time of the change: the end of the run, or for a run that has not ended the time of its batch.
    pub at: DateTime<Utc>,
    /// The change. Both sides of an addition are `None` if the fields at that time are not kept any more.
    pub change: Change,
}

/// The run that changed an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangingRun {
    /// What the run does.
    pub kind: OperationKind,
    /// The requester, for people.
    pub requested_by: String,
}

/// One page of the history of an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemHistoryPage {
    /// The entries of this page, newest first.
    pub entries: Vec<ItemHistoryEntry>,
    /// The number of entries on all pages.
    pub total: u64,
}

/// The item whose history is read.
#[derive(Queryable)]
struct HistoryItemRow {
    source_id: i64,
    key: String,
    fields: String,
    added_at: ItemTime,
    changed_at: ItemTime,
    added_by: String,
}

/// The kind of a run, who requested it, and its end; `None` for a run that has not ended.
type RunRow = (String, String, Option<NaiveDateTime>);

impl Store {
    /// Returns one page of what runs did to an item of this catalog; previews did nothing. `None` if the item is not in
    /// the catalog now. `page` counts from 1.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn item_history(
        &self,
        source: SourceId,
        id: &str,
        page: u64,
        per_page: u64,
    ) -> Result<Option<ItemHistoryPage>, StoreError> {
        let Ok(id) = id.parse::<i64>() else { return Ok(None) };
        let per_page = i64::try_from(per_page).unwrap_or(i64::MAX);
        let offset = i64::try_from(page.saturating_sub(1)).unwrap_or(i64::MAX).saturating_mul(per_page);
        self.read(|conn| {
            let item: Option<HistoryItemRow> = items::table
                .find(id)
                .filter(items::source_id.eq(source.0))
                .filter(items::removed_at.is_null())
                .select((
                    items::source_id,
                    items::key,
                    items::fields,
                    items::added_at,
                    items::changed_at,
                    items::added_by,
                ))
                .first(conn)
                .optional()?;
            let Some(mut item) = item else { return Ok(None) };
            let run = RunIds::load(conn, [item.added_by.as_str()].into_iter())?.id_of(&item.added_by)?.to_owned();
            item.added_by = run;
            let rows = count_rows(conn, &item)?;
            let mut entries = load_rows(conn, &item, offset, per_page)?;
            if offset <= rows && rows < offset.saturating_add(per_page) {
                entries.push(first_entry(conn, &item)?);
            }
            Ok(Some(ItemHistoryPage { entries, total: u64::try_from(rows + 1).unwrap_or(1) }))
        })
    }
}

/// Returns the condition that the row is a change of this item, and not one that a preview found. The row of an active
/// run has no record; a preview stores its changes together with its record.
#[diesel::dsl::auto_type]
fn is_change_of<'a>(source_id: i64, key: &'a str) -> _ {
    let previews: diesel::dsl::Eq<sync_records::kind, &'static str> = sync_records::kind.eq("preview");
    let found_by_preview =
        diesel::dsl::exists(sync_records::table.filter(sync_records::id.eq(item_changes::sync_id)).filter(previews));
    item_changes::source_id.eq(source_id).and(item_changes::key.eq(key)).and(diesel::dsl::not(found_by_preview))
}

fn count_rows(conn: &mut AnyConnection, item: &HistoryItemRow) -> QueryResult<i64> {
    item_changes::table.filter(is_change_of(item.source_id, &item.key)).count().get_result(conn)
}

fn load_rows(
    conn: &mut AnyConnection,
    item: &HistoryItemRow,
    offset: i64,
    limit: i64,
) -> Result<Vec<ItemHistoryEntry>, StoreError> {
    let rows: Vec<(String, ChangeRow)> = item_changes::table
        .filter(is_change_of(item.source_id, &item.key))
        .order(item_changes::id.desc())
        .offset(offset)
        .limit(limit)
        .select((item_changes::sync_id, CHANGE_COLUMNS))
        .load(conn)?;
    let ids: Vec<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
    let runs = load_runs(conn, &ids)?;
    let (ids, rows): (Vec<String>, Vec<ChangeRow>) = rows.into_iter().unzip();
    ids.into_iter()
        .zip(changes_from_rows(conn, rows)?)
        .map(|(id, change)| {
            let run = runs.get(&id);
            Ok(ItemHistoryEntry {
                run: parse_value("item_changes.sync_id", &id)?,
                details: run.map(changing_run).transpose()?,
                at: run.and_then(|(.., end)| *end).map_or(item.changed_at.to_utc(), |end| end.and_utc()),
                change,
            })
        })
        .collect()
}

/// The addition of the item, which has no row.
fn first_entry(conn: &mut AnyConnection, item: &HistoryItemRow) -> Result<ItemHistoryEntry, StoreError> {
    let runs = load_runs(conn, &[&item.added_by])?;
    let run = runs.get(&item.added_by);
    // The changes of a run are deleted before those of later runs. So if the run that added the item is kept, all
    // changes since then are.
    let change = if run.is_some() || item.changed_at.to_utc() == item.added_at.to_utc() {
        let added = (item.source_id, item.key.clone(), item.fields.clone());
        let added = to_named_items(conn, vec![added])?;
        describe_added_items(conn, &item.added_by, added)?.pop()
    } else {
        None
    };
    let unknown = || Change { key: item.key.clone(), kind: ChangeKind::Added, before: None, after: None };
    Ok(ItemHistoryEntry {
        run: parse_value("items.added_by", &item.added_by)?,
        details: run.map(changing_run).transpose()?,
        at: item.added_at.to_utc(),
        change: change.unwrap_or_else(unknown),
    })
}

fn changing_run((kind, requested_by, _): &RunRow) -> Result<ChangingRun, StoreError> {
    Ok(ChangingRun { kind: parse_value("sync_records.kind", kind)?, requested_by: requested_by.clone() })
}

/// Loads the runs with these ids that are kept or active, by their ids.
fn load_runs(conn: &mut AnyConnection, ids: &[&str]) -> QueryResult<HashMap<String, RunRow>> {
    let active: Vec<(String, String, String)> = sync_operations::table
        .filter(sync_operations::id.eq_any(ids))
        .filter(sync_operations::finished_at.is_null())
        .select((sync_operations::id, sync_operations::kind, sync_operations::requested_by))
        .load(conn)?;
    let ended: Vec<(String, String, String, NaiveDateTime)> = sync_records::table
        .filter(sync_records::id.eq_any(ids))
        .select((sync_records::id, sync_records::kind, sync_records::requested_by, sync_records::finished_at))
        .load(conn)?;
    let active = active.into_iter().map(|(id, kind, by)| (id, (kind, by, None)));
    Ok(active.chain(ended.into_iter().map(|(id, kind, by, end)| (id, (kind, by, Some(end))))).collect())
}
