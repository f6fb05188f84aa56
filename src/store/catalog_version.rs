//! Tells whether the items of a catalog changed, and which. New items have higher ids than those before them, and every
//! other change of an item stores a change with a higher id than those before it, since one run at a time writes to a
//! catalog.

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::{catalogs, item_changes, items, sources};
use crate::domain::source::SourceId;

/// A version of the items of a catalog.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct CatalogVersion {
    /// When the source was added, in microseconds since 1970: SQLite gives the ids of a removed source to the next one.
    source_added: i64,
    /// The highest id of an item, 0 if there is none.
    last_item: i64,
    /// The highest id that a change has or had, before it was deleted; 0 if there was none.
    last_change: i64,
}

/// The items that changed since a version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChangedItems {
    /// Their ids in ascending order; those of removed items are among them.
    Ids(Vec<i64>),
    /// There are too many, or the changes since that version are not all stored any more.
    Unknown,
}

impl CatalogVersion {
    /// Returns the version as text, for ETags.
    #[must_use]
    pub fn to_text(self) -> String {
        format!("{}.{}.{}", self.source_added, self.last_item, self.last_change)
    }
}

/// The number of keys in one statement.
const MAX_KEYS_PER_STATEMENT: usize = 1000;

/// Records that changes with these ids are deleted, so that nobody relies on finding all changes since an earlier
/// version.
pub(super) fn note_deleted_changes(conn: &mut AnyConnection, ids: &[i64]) -> QueryResult<()> {
    let newest: Vec<(i64, Option<i64>)> = item_changes::table
        .filter(item_changes::id.eq_any(ids))
        .group_by(item_changes::source_id)
        .select((item_changes::source_id, max(item_changes::id)))
        .load(conn)?;
    for (source_id, newest) in newest {
        let newest = newest.unwrap_or(0);
        diesel::update(catalogs::table.find(source_id).filter(catalogs::last_deleted_change.lt(newest)))
            .set(catalogs::last_deleted_change.eq(newest))
            .execute(conn)?;
    }
    Ok(())
}

/// When a source was added, and the highest id of a change that was deleted; zeros if there is no catalog.
fn source_facts(conn: &mut AnyConnection, source: SourceId) -> QueryResult<(i64, i64)> {
    let found = catalogs::table.inner_join(sources::table).filter(catalogs::source_id.eq(source.0));
    let facts: Option<(NaiveDateTime, i64)> =
        found.select((sources::created_at, catalogs::last_deleted_change)).first(conn).optional()?;
    Ok(facts.map_or((0, 0), |(added, deleted)| (added.and_utc().timestamp_micros(), deleted)))
}

impl Store {
    /// Returns the current version of the items of a catalog.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn catalog_version(&self, source: SourceId) -> Result<CatalogVersion, StoreError> {
        self.read(|conn| {
            // Ordered like the index, because PostgreSQL without statistics would choose the primary key.
            let last_item: Option<i64> = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::removed_at.is_null())
                .order((items::source_id.desc(), items::id.desc()))
                .select(items::id)
                .first(conn)
                .optional()?;
            let changes = item_changes::table.filter(item_changes::source_id.eq(source.0));
            let last_change: Option<i64> = changes.select(max(item_changes::id)).first(conn)?;
            let (source_added, last_deleted) = source_facts(conn, source)?;
            let last_change = last_change.unwrap_or(0).max(last_deleted);
            Ok(CatalogVersion { source_added, last_item: last_item.unwrap_or(0), last_change })
        })
    }

    /// Returns which items of a catalog changed since a version, if they are at most `limit`. Items that changed after
    /// the call of [`Store::catalog_version`] that returned `since` are among them, perhaps others.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn changed_items(
        &self,
        source: SourceId,
        since: CatalogVersion,
        limit: usize,
    ) -> Result<ChangedItems, StoreError> {
        let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        self.read(|conn| {
            let mut ids: Vec<i64> = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::removed_at.is_null())
                .filter(items::id.gt(since.last_item))
                .order((items::source_id, items::id))
                .limit(rows)
                .select(items::id)
                .load(conn)?;
            let mut keys: Vec<String> = item_changes::table
                .filter(item_changes::source_id.eq(source.0))
                .filter(item_changes::id.gt(since.last_change))
                .limit(rows)
                .select(item_changes::key)
                .load(conn)?;
            // Last, because a change that is deleted from now on is among the keys.
            let (source_added, last_deleted) = source_facts(conn, source)?;
            let is_known = source_added == since.source_added && last_deleted <= since.last_change;
            if ids.len() + keys.len() > limit || !is_known {
                return Ok(ChangedItems::Unknown);
            }
            keys.sort_unstable();
            keys.dedup();
            for keys in keys.chunks(MAX_KEYS_PER_STATEMENT) {
                let named = items::table.filter(items::source_id.eq(source.0)).filter(items::key.eq_any(keys));
                ids.extend(named.select(items::id).load::<i64>(conn)?);
            }
            ids.sort_unstable();
            ids.dedup();
            Ok(ChangedItems::Ids(ids))
        })
    }
}
