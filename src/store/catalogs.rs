//! The properties of each source's catalog as a whole, as runs have written them.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::audit_log::AuditSubject;
use super::column_snapshots::{self, ColumnSnapshot};
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::feed_counts;
use super::items::Item;
use super::schema::catalogs;
use super::secret_sealer::SecretSealer;
use super::stored_values::{parse_json, parse_secret_json, to_json};
use crate::domain::audit::AuditAction;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::feed::FeedRecord;
use crate::domain::source::{SourceId, Validators};

/// A catalog as a whole.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Catalog {
    /// The columns in the source's order; empty before the first sync.
    pub columns: Vec<String>,
    /// The type of each column; empty before the first sync by a version that detects types.
    pub column_types: Vec<ColumnType>,
    /// The number of items now.
    pub item_count: u64,
    /// The number of items when the catalog last matched its source; `None` before the first time.
    pub settled_count: Option<u64>,
    /// The state at that time; `None` before the first time, or if an earlier version did not store it.
    pub settled: Option<SettledState>,
    /// The time of the last successful run. Previews and failed runs do not count.
    pub last_success_at: Option<DateTime<Utc>>,
    /// The HTTP validators of the source's version that was last applied completely.
    pub validators: Validators,
    /// How it is shown to readers who chose nothing else: the parameters of an address; `None` for the usual way.
    pub default_view: Option<String>,
}

/// The state of a catalog when it last matched its source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettledState {
    /// The time of that state.
    pub at: DateTime<Utc>,
    columns: Vec<String>,
    column_types: Vec<ColumnType>,
}

impl Catalog {
    /// Returns the type of the column `name`; text before a sync has detected types.
    #[must_use]
    pub fn column_type(&self, name: &str) -> ColumnType {
        type_of(name, &self.columns, &self.column_types)
    }

    /// Returns the columns when the catalog last matched its source, or the current columns if that is unknown.
    #[must_use]
    pub fn settled_columns(&self) -> &[String] {
        self.settled.as_ref().map_or(&self.columns, |settled| &settled.columns)
    }

    /// Returns the type of the column `name` when the catalog last matched its source.
    #[must_use]
    pub fn settled_type(&self, name: &str) -> ColumnType {
        match &self.settled {
            Some(settled) => type_of(name, &settled.columns, &settled.column_types),
            None => self.column_type(name),
        }
    }

    /// Removes from `items` the fields that are not columns of the catalog. An item whose row was skipped in the last
    /// syncs keeps its old fields, and a column that left the catalog must not be shown.
    pub fn retain_columns(&self, items: &mut [Item]) {
        let columns: HashSet<&str> = self.columns.iter().map(String::as_str).collect();
        items.iter_mut().for_each(|item| item.fields.retain(|(name, _)| columns.contains(name.as_str())));
    }

    /// Returns the columns that have a type, with their types.
    pub fn typed_columns(&self) -> impl Iterator<Item = (&str, ColumnType)> {
        self.columns.iter().map(String::as_str).zip(self.column_types.iter().copied())
    }
}

/// The type of a column; text if the column is not among `columns` or has no stored type.
fn type_of(name: &str, columns: &[String], types: &[ColumnType]) -> ColumnType {
    let index = columns.iter().position(|column| column == name);
    index.and_then(|index| types.get(index)).copied().unwrap_or_default()
}

type SettledRow = (Option<i64>, Option<NaiveDateTime>, String, String);
type CatalogRow = (i64, String, String, String, i64, SettledRow, Option<NaiveDateTime>, Option<String>);

type SettledColumns =
    (catalogs::settled_count, catalogs::settled_at, catalogs::settled_columns, catalogs::settled_types);
const SETTLED_COLUMNS: SettledColumns =
    (catalogs::settled_count, catalogs::settled_at, catalogs::settled_columns, catalogs::settled_types);

const CATALOG_COLUMNS: (
    catalogs::source_id,
    catalogs::column_names,
    catalogs::column_types,
    catalogs::validators,
    catalogs::item_count,
    SettledColumns,
    catalogs::last_success_at,
    catalogs::default_view,
) = (
    catalogs::source_id,
    catalogs::column_names,
    catalogs::column_types,
    catalogs::validators,
    catalogs::item_count,
    SETTLED_COLUMNS,
    catalogs::last_success_at,
    catalogs::default_view,
);

fn catalog_from_row(
    sealer: &SecretSealer,
    (_, columns, types, validators, count, settled, last, view): CatalogRow,
) -> Result<Catalog, StoreError> {
    let (settled_count, settled_at, settled_columns, settled_types) = settled;
    let settled = match settled_at {
        None => None,
        Some(at) => Some(SettledState {
            at: at.and_utc(),
            columns: parse_json("catalogs.settled_columns", &settled_columns)?,
            column_types: parse_json("catalogs.settled_types", &settled_types)?,
        }),
    };
    Ok(Catalog {
        columns: parse_json("catalogs.columns", &columns)?,
        column_types: parse_json("catalogs.column_types", &types)?,
        item_count: u64::try_from(count).map_err(|error| StoreError::corrupt_value("catalogs.item_count")(&error))?,
        settled,
        settled_count: settled_count
            .map(u64::try_from)
            .transpose()
            .map_err(|error| StoreError::corrupt_value("catalogs.settled_count")(&error))?,
        last_success_at: last.map(|time| time.and_utc()),
        validators: parse_secret_json("catalogs.validators", &sealer.open("catalogs.validators", &validators)?)?,
        default_view: view,
    })
}

/// Adds `delta` to the number of items of a catalog.
pub(super) fn adjust_item_count(conn: &mut AnyConnection, source_id: i64, delta: i64) -> QueryResult<()> {
    if delta != 0 {
        diesel::update(catalogs::table.find(source_id))
            .set(catalogs::item_count.eq(catalogs::item_count + delta))
            .execute(conn)?;
    }
    Ok(())
}

/// Records that a catalog now matches its source.
pub(super) fn mark_settled(conn: &mut AnyConnection, source_id: i64, now: NaiveDateTime) -> QueryResult<()> {
    diesel::update(catalogs::table.find(source_id))
        .set((
            catalogs::settled_count.eq(catalogs::item_count.nullable()),
            catalogs::settled_at.eq(now),
            catalogs::settled_columns.eq(catalogs::column_names),
            catalogs::settled_types.eq(catalogs::column_types),
        ))
        .execute(conn)?;
    Ok(())
}

/// Stores the state of the feeds of a source. They are always read and written together, so they are one JSON text.
pub(super) fn save_feeds(
    conn: &mut AnyConnection,
    sealer: &SecretSealer,
    source_id: i64,
    feeds: &[FeedRecord],
) -> Result<(), StoreError> {
    let text = to_json("catalogs.feeds", &feeds)?;
    let text = sealer.seal(conn, "catalogs.feeds", text)?;
    diesel::update(catalogs::table.find(source_id)).set(catalogs::feeds.eq(text)).execute(conn)?;
    feed_counts::save_feed_counts(conn, source_id, feeds)
}

/// Prepares a catalog for the writes of a run. Stores the columns in the source's order with their types, so that a
/// partly written catalog can be displayed, and deletes the validators, because until the run has ended the catalog
/// matches no version of its source. With the old validators, a source that returns to its former version would count
/// as unchanged.
pub(super) fn begin_writing(
    conn: &mut AnyConnection,
    source_id: i64,
    run: &str,
    columns: &ColumnSnapshot,
) -> Result<(), StoreError> {
    let names = to_json("catalogs.columns", &columns.columns)?;
    let types = to_json("catalogs.column_types", &columns.column_types)?;
    column_snapshots::keep_before_change(conn, source_id, run, Some(&names), Some(&types))?;
    diesel::update(catalogs::table.find(source_id))
        .set((catalogs::column_names.eq(names), catalogs::column_types.eq(types), catalogs::validators.eq("{}")))
        .execute(conn)?;
    Ok(())
}

impl Store {
    /// Returns the catalog of a source.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_catalog(&self, id: SourceId) -> Result<Option<Catalog>, StoreError> {
        self.read(|conn| {
            let row = catalogs::table.find(id.0).select(CATALOG_COLUMNS);
            let row: Option<CatalogRow> = row.first(conn).optional()?;
            row.map(|row| catalog_from_row(&self.sealer, row)).transpose()
        })
    }

    /// Stores how the catalog of a source is shown to readers who chose nothing else; `None` for the usual way.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn set_default_view(&self, id: SourceId, view: Option<&str>) -> Result<(), StoreError> {
        self.write(|conn| {
            if diesel::update(catalogs::table.find(id.0)).set(catalogs::default_view.eq(view)).execute(conn)? == 0 {
                return Ok(());
            }
            self.record_action(conn, AuditAction::DefaultViewChanged, AuditSubject::Source(id.0), None, None)
        })
    }

    /// Returns the time at which a run of this source last succeeded.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn last_success(&self, id: SourceId) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.read(|conn| {
            let time = catalogs::table.find(id.0).select(catalogs::last_success_at);
            let time: Option<Option<NaiveDateTime>> = time.first(conn).optional()?;
            Ok(time.flatten().map(|time| time.and_utc()))
        })
    }

    /// Returns the state of the feeds of a source, in their order; empty for a source without feeds or before the first
    /// sync.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn feed_records(&self, id: SourceId) -> Result<Vec<FeedRecord>, StoreError> {
        self.read(|conn| {
            let text: Option<String> = catalogs::table.find(id.0).select(catalogs::feeds).first(conn).optional()?;
            let Some(text) = text else { return Ok(Vec::new()) };
            parse_secret_json("catalogs.feeds", &self.sealer.open("catalogs.feeds", &text)?)
        })
    }

    /// Returns all catalogs, each with the id of its source.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_catalogs(&self) -> Result<Vec<(SourceId, Catalog)>, StoreError> {
        self.read(|conn| {
            let rows = catalogs::table.select(CATALOG_COLUMNS);
            rows.load::<CatalogRow>(conn)?
                .into_iter()
                .map(|row| Ok((SourceId(row.0), catalog_from_row(&self.sealer, row)?)))
                .collect()
        })
    }
}
