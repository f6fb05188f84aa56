//! Finds the latest runs that changed a catalog, and reads the changes of several runs at once.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::{min, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::added_spans::{self, AddedItem};
use super::change_parts::load_fields_before;
use super::change_rows::{CHANGE_COLUMNS, ChangeRow, changes_from_rows};
use super::changes::ChangeCounts;
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::{item_changes, sync_records};
use super::stored_values::{parse_json, parse_value};
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::progress::RunStats;
use crate::domain::source::SourceId;
use crate::domain::sync_id::SyncId;

/// A finished run that changed items.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunWithChanges {
    /// The id of the run.
    pub id: SyncId,
    /// The time at which it ended.
    pub finished_at: DateTime<Utc>,
    /// The numbers of items that it changed.
    pub counts: ChangeCounts,
}

/// Returns the condition that a run, which was not a preview, changed items. It is that of the index
/// `sync_records_changing`, without parameters: otherwise neither database would use the index.
fn has_changed_items() -> SqlLiteral<Bool> {
    sql("kind <> 'preview' AND (stats NOT LIKE '%\"added\":0,\"updated\":0,\"unchanged\":%' \
         OR stats NOT LIKE '%\"removed\":0,\"rejected\":%')")
}

impl Store {
    /// Returns the latest finished runs of a source that changed items, newest first, at most `limit`. Previews change
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_changing_runs(&self, source: SourceId, limit: u32) -> Result<Vec<RunWithChanges>, StoreError> {
        let rows: Vec<(String, NaiveDateTime, String)> = self.read(|conn| {
            let listed = sync_records::table
                .filter(sync_records::source_id.eq(source.0))
                .filter(has_changed_items())
                .order((sync_records::finished_at.desc(), sync_records::id.desc()))
                .limit(i64::from(limit));
            Ok(listed.select((sync_records::id, sync_records::finished_at, sync_records::stats)).load(conn)?)
        })?;
        rows.into_iter()
            .map(|(id, finished_at, stats)| {
                let RunStats { added, updated, removed, .. } = parse_json("sync_records.stats", &stats)?;
                Ok(RunWithChanges {
                    id: parse_value("sync_records.id", &id)?,
                    finished_at: finished_at.and_utc(),
                    counts: ChangeCounts { added, updated, removed },
                })
            })
            .collect()
    }

    /// Returns the changes that these runs of a source made, by run: added items first, then updated, then removed
    /// ones. Reads at most `limit` rows of changes, and `limit` added items without a row; so `limit` must be at least
    /// the number of changes of all these runs, or some are missing.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn changes_of_runs(
        &self,
        source: SourceId,
        runs: &[SyncId],
        limit: u32,
    ) -> Result<HashMap<SyncId, Vec<Change>>, StoreError> {
        if runs.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<String> = runs.iter().map(SyncId::to_string).collect();
        let changes = self.read(|conn| {
            let rows: Vec<(String, ChangeRow)> = item_changes::table
                .filter(item_changes::sync_id.eq_any(&ids))
                // The order of an index that starts with the run. By id alone, PostgreSQL might scan the primary key.
                .order((item_changes::sync_id, item_changes::kind, item_changes::id))
                .limit(i64::from(limit))
                .select((item_changes::sync_id, CHANGE_COLUMNS))
                .load(conn)?;
            let (runs, rows): (Vec<String>, Vec<ChangeRow>) = rows.into_iter().unzip();
            let mut changes: Vec<(String, Change)> = runs.into_iter().zip(changes_from_rows(conn, rows)?).collect();
            let added = added_spans::list_items_of_runs(conn, &ids, i64::from(limit))?;
            changes.extend(describe_added_items(conn, source, added)?);
            Ok(changes)
        })?;
        let mut by_run: HashMap<SyncId, Vec<Change>> = HashMap::new();
        for (run, change) in changes {
            by_run.entry(parse_value("item_changes.sync_id", &run)?).or_default().push(change);
        }
        for changes in by_run.values_mut() {
            changes.sort_by_key(|change| ChangeKind::ALL.iter().position(|kind| *kind == change.kind));
        }
        Ok(by_run)
    }
}

/// Returns the additions of items with the runs that added them, with the fields that they had then: those before the
/// first later change, or the current ones.
fn describe_added_items(
    conn: &mut AnyConnection,
    source: SourceId,
    found: Vec<(String, i64, AddedItem)>,
) -> Result<Vec<(String, Change)>, StoreError> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let added_by: HashMap<&str, &str> =
        found.iter().map(|(run, _, (_, key, _))| (key.as_str(), run.as_str())).collect();
    let keys: Vec<&str> = added_by.keys().copied().collect();
    let later: Vec<(String, String, i64)> = item_changes::table
        .filter(item_changes::source_id.eq(source.0))
        .filter(item_changes::key.eq_any(&keys))
        .filter(item_changes::before.is_not_null())
        .group_by((item_changes::key, item_changes::sync_id))
        .select((item_changes::key, item_changes::sync_id, min(item_changes::id).assume_not_null()))
        .load(conn)?;
    let mut first_ids: HashMap<&str, i64> = HashMap::new();
    for (key, run, id) in &later {
        if added_by.get(key.as_str()) != Some(&run.as_str()) {
            first_ids.entry(key).and_modify(|first| *first = (*first).min(*id)).or_insert(*id);
        }
    }
    let mut first_fields = load_fields_before(conn, first_ids.into_values().map(Some).collect())?;
    let change = |(run, _, (_, key, now)): (String, i64, AddedItem)| {
        let after = first_fields.remove(&key).flatten().unwrap_or(now);
        (run, Change { key, kind: ChangeKind::Added, before: None, after: Some(after) })
    };
    Ok(found.into_iter().map(change).collect())
}
