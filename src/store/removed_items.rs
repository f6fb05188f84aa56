//! Lists the items that were removed from a catalog.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::connection::Store;
use super::error::StoreError;
use super::schema::items;
use crate::domain::source::SourceId;

/// An item that was removed and is not back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RemovedItem {
    /// Its key.
    pub key: String,
    /// Its place among the removed items.
    pub place: RemovedPlace,
}

/// A place in the list of removed items: it stays right while other items are removed and come back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RemovedPlace {
    /// The time of the removal.
    pub removed_at: DateTime<Utc>,
    id: i64,
}

/// Where a page of removed items begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemovedStart {
    /// After this number of items.
    Offset(u64),
    /// After the item at this place.
    After(RemovedPlace),
}

/// A text that is not the place of a removed item.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not the place of a removed item")]
pub struct NotARemovedPlace;

impl fmt::Display for RemovedPlace {
    /// Formats the place for addresses: the microseconds since 1970, and the id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.removed_at.timestamp_micros(), self.id)
    }
}

impl FromStr for RemovedPlace {
    type Err = NotARemovedPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, id) = text.split_once('.').ok_or(NotARemovedPlace)?;
        let time = time.parse().ok().and_then(DateTime::from_timestamp_micros);
        Ok(Self { removed_at: time.ok_or(NotARemovedPlace)?, id: id.parse().map_err(|_| NotARemovedPlace)? })
    }
}

impl Store {
    /// Returns up to `limit` items that were removed from a catalog at `since` or later and are not back, those removed
    /// first first.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn removed_items(
        &self,
        source: SourceId,
        since: DateTime<Utc>,
        start: RemovedStart,
        limit: u64,
    ) -> Result<Vec<RemovedItem>, StoreError> {
        let rows: Vec<(i64, String, Option<NaiveDateTime>)> = self.read(|conn| {
            let mut removed = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::removed_at.ge(since.naive_utc()))
                .order((items::removed_at, items::id))
                .limit(i64::try_from(limit).unwrap_or(i64::MAX))
                .select((items::id, items::key, items::removed_at))
                .into_boxed();
            removed = match start {
                RemovedStart::Offset(offset) => removed.offset(i64::try_from(offset).unwrap_or(i64::MAX)),
                RemovedStart::After(RemovedPlace { removed_at, id }) => {
                    let time = removed_at.naive_utc();
                    // A run removes all its items at the same time.
                    removed
                        .filter(items::removed_at.ge(time))
                        .filter(items::removed_at.ne(time).or(items::id.nullable().gt(id)))
                }
            };
            Ok(removed.load(conn)?)
        })?;
        let item = |(id, key, at): (i64, String, Option<NaiveDateTime>)| {
            Some(RemovedItem { key, place: RemovedPlace { removed_at: at?.and_utc(), id } })
        };
        Ok(rows.into_iter().filter_map(item).collect())
    }
}
