//! What runs have written about each source's catalog as a whole.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::feed_counts;
use super::items::Item;
use super::schema::catalogs;
use super::stored_values::{parse_json, to_json};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::feed::FeedRecord;
use crate::domain::source::{SourceId, Validators};

/// A catalog as a whole.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Catalog {
    /// Its columns in the source's order; empty before the first sync.
    pub columns: Vec<String>,
    /// What the cells of each column are; empty before the first sync of a version that knew.
    pub column_types: Vec<ColumnType>,
    /// How many items it holds now.
    pub item_count: u64,
    /// How many it held when it was last in step with its source; `None` before the first time.
    pub settled_count: Option<u64>,
    /// What it was then; `None` before the first time, and where an earlier version did not keep it.
    pub settled: Option<SettledState>,
    /// When a run last succeeded; not the last attempt, and not a preview.
    pub last_success_at: Option<DateTime<Utc>>,
    /// What the source said about the version that was last applied in full.
    pub validators: Validators,
}

/// What a catalog was when it was last in step with its source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettledState {
    /// When that was.
    pub at: DateTime<Utc>,
    columns: Vec<String>,
    column_types: Vec<ColumnType>,
}

impl Catalog {
    /// What the cells of the column called `name` are. Text as long as no sync has looked at them.
    #[must_use]
    pub fn column_type(&self, name: &str) -> ColumnType {
        type_of(name, &self.columns, &self.column_types)
    }

    /// Its columns when it was last in step with its source, as far as that is known.
    #[must_use]
    pub fn settled_columns(&self) -> &[String] {
        self.settled.as_ref().map_or(&self.columns, |settled| &settled.columns)
    }

    /// What the cells of the column called `name` were when it was last in step with its source.
    #[must_use]
    pub fn settled_type(&self, name: &str) -> ColumnType {
        match &self.settled {
            Some(settled) => type_of(name, &settled.columns, &settled.column_types),
            None => self.column_type(name),
        }
    }

    /// Takes out of `items` the fields that are no columns of the catalog. An item whose row no sync could take keeps
    /// the fields that it had, and a column that left the catalog is shown nowhere.
    pub fn retain_columns(&self, items: &mut [Item]) {
        let columns: HashSet<&str> = self.columns.iter().map(String::as_str).collect();
        items.iter_mut().for_each(|item| item.fields.retain(|(name, _)| columns.contains(name.as_str())));
    }

    /// The columns that have a type, with it.
    pub fn typed_columns(&self) -> impl Iterator<Item = (&str, ColumnType)> {
        self.columns.iter().map(String::as_str).zip(self.column_types.iter().copied())
    }
}

fn type_of(name: &str, columns: &[String], types: &[ColumnType]) -> ColumnType {
    let at = columns.iter().position(|column| column == name);
    at.and_then(|at| types.get(at)).copied().unwrap_or_default()
}

type SettledRow = (Option<i64>, Option<NaiveDateTime>, String, String);
type CatalogRow = (i64, String, String, String, i64, SettledRow, Option<NaiveDateTime>);

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
) = (
    catalogs::source_id,
    catalogs::column_names,
    catalogs::column_types,
    catalogs::validators,
    catalogs::item_count,
    SETTLED_COLUMNS,
    catalogs::last_success_at,
);

fn catalog_from_row((_, columns, types, validators, count, settled, last): CatalogRow) -> Result<Catalog, StoreError> {
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
        item_count: u64::try_from(count).map_err(|error| StoreError::corrupt("catalogs.item_count")(&error))?,
        settled,
        settled_count: settled_count
            .map(u64::try_from)
            .transpose()
            .map_err(|error| StoreError::corrupt("catalogs.settled_count")(&error))?,
        last_success_at: last.map(|time| time.and_utc()),
        validators: parse_json("catalogs.validators", &validators)?,
    })
}

/// Moves the count of a catalog by `by`.
pub(super) fn adjust_item_count(conn: &mut AnyConnection, source_id: i64, by: i64) -> QueryResult<()> {
    if by != 0 {
        diesel::update(catalogs::table.find(source_id))
            .set(catalogs::item_count.eq(catalogs::item_count + by))
            .execute(conn)?;
    }
    Ok(())
}

/// Notes that a catalog is in step with its source as it is now.
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

/// Keeps what is known of the feeds of a source. They are read and written as a whole only, so they are one text.
pub(super) fn save_feeds(conn: &mut AnyConnection, source_id: i64, feeds: &[FeedRecord]) -> Result<(), StoreError> {
    let text = to_json("catalogs.feeds", &feeds)?;
    diesel::update(catalogs::table.find(source_id)).set(catalogs::feeds.eq(text)).execute(conn)?;
    feed_counts::save_feed_counts(conn, source_id, feeds)
}

/// Notes that a run begins to write items: the columns in the source's order, because a catalog that is half written
/// must be readable too, and no validators, because until the run has ended the catalog is no version of its source.
/// Without that a source that goes back to its former version would be taken for unchanged.
pub(super) fn begin_writing(conn: &mut AnyConnection, source_id: i64, names: &[String]) -> Result<(), StoreError> {
    let text = to_json("catalogs.columns", &names)?;
    diesel::update(catalogs::table.find(source_id))
        .set((catalogs::column_names.eq(text), catalogs::validators.eq("{}")))
        .execute(conn)?;
    Ok(())
}

impl Store {
    /// The catalog of a source.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_catalog(&self, id: SourceId) -> Result<Option<Catalog>, StoreError> {
        self.read(|conn| {
            let row = catalogs::table.find(id.0).select(CATALOG_COLUMNS);
            row.first::<CatalogRow>(conn).optional()?.map(catalog_from_row).transpose()
        })
    }

    /// When a run of this source last succeeded.
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

    /// What is known of the feeds of a source, in their order; none for a source that is not made of feeds, or was
    /// never synced.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn feed_records(&self, id: SourceId) -> Result<Vec<FeedRecord>, StoreError> {
        self.read(|conn| {
            let text: Option<String> = catalogs::table.find(id.0).select(catalogs::feeds).first(conn).optional()?;
            text.map_or_else(|| Ok(Vec::new()), |text| parse_json("catalogs.feeds", &text))
        })
    }

    /// All catalogs with the number of their source.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_catalogs(&self) -> Result<Vec<(SourceId, Catalog)>, StoreError> {
        self.read(|conn| {
            let rows = catalogs::table.select(CATALOG_COLUMNS);
            rows.load::<CatalogRow>(conn)?
                .into_iter()
                .map(|row| Ok((SourceId(row.0), catalog_from_row(row)?)))
                .collect()
        })
    }
}
