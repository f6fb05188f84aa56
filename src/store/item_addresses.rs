//! Lists what the addresses of items are made of, for sitemaps: in the order of the ids, without any fields.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::Store;
use super::error::StoreError;
use super::item_time::ItemTime;
use super::schema::items;
use crate::domain::source::SourceId;

/// An item as a sitemap lists it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ItemAddress {
    /// The id of the item, which its address contains.
    pub id: i64,
    /// The time at which its fields last changed.
    pub changed_at: DateTime<Utc>,
}

impl Store {
    /// Returns up to `limit` items of a catalog with ids greater than `after`, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn item_addresses(&self, source: SourceId, after: i64, limit: u32) -> Result<Vec<ItemAddress>, StoreError> {
        self.read(|conn| {
            let rows: Vec<(i64, ItemTime)> = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::removed_at.is_null())
                .filter(items::id.gt(after))
                // Ordered like the index: see `Store::catalog_version`.
                .order((items::source_id, items::id))
                .limit(i64::from(limit))
                .select((items::id, items::changed_at))
                .load(conn)?;
            Ok(rows.into_iter().map(|(id, at)| ItemAddress { id, changed_at: at.to_utc() }).collect())
        })
    }

    /// Divides a catalog into parts of `size` items each, in the order of their ids: returns for each part the id after
    /// which it begins. The first one is 0; a catalog without items is one part.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn divide_catalog(&self, source: SourceId, size: u32) -> Result<Vec<i64>, StoreError> {
        let mut starts = vec![0];
        loop {
            let after = starts.last().copied().unwrap_or_default();
            // The last item of this part, and the first one of the next.
            let edge: Vec<i64> = self.read(|conn| {
                let edge = items::table
                    .filter(items::source_id.eq(source.0))
                    .filter(items::removed_at.is_null())
                    .filter(items::id.gt(after))
                    .order((items::source_id, items::id))
                    .offset(i64::from(size) - 1)
                    .limit(2)
                    .select(items::id);
                Ok(edge.load(conn)?)
            })?;
            match edge[..] {
                [last, _] => starts.push(last),
                _ => return Ok(starts),
            }
        }
    }
}
