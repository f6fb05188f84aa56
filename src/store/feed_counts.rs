//! Stores counts of each source's feeds, so that pages need not read the feeds themselves, which may be megabytes of
//! JSON. The counts are updated together with the feeds.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::catalogs;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::source::SourceId;

type FeedCountRow = (i64, i64, Option<NaiveDateTime>);

const COUNT_COLUMNS: (catalogs::feed_count, catalogs::feeds_failing, catalogs::feeds_silent_until) =
    (catalogs::feed_count, catalogs::feeds_failing, catalogs::feeds_silent_until);

fn counts_from_row((total, failing, silent): FeedCountRow) -> Result<Option<FeedCounts>, StoreError> {
    let total = u64::try_from(total).map_err(|error| StoreError::corrupt_value("catalogs.feed_count")(&error))?;
    let failing =
        u64::try_from(failing).map_err(|error| StoreError::corrupt_value("catalogs.feeds_failing")(&error))?;
    let retry_blocked_until = silent.map(|time| time.and_utc());
    Ok((total > 0).then_some(FeedCounts { total, failing, retry_blocked_until }))
}

/// Stores the counts of these feeds for a source.
pub(super) fn save_feed_counts(
    conn: &mut AnyConnection,
    source_id: i64,
    feeds: &[FeedRecord],
) -> Result<(), StoreError> {
    let counts = FeedCounts::from_feeds(feeds);
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (total, failing) = counts.map_or((0, 0), |counts| (number(counts.total), number(counts.failing)));
    let silent = counts.and_then(|counts| counts.retry_blocked_until).map(|until| until.naive_utc());
    diesel::update(catalogs::table.find(source_id))
        .set((
            catalogs::feed_count.eq(total),
            catalogs::feeds_failing.eq(failing),
            catalogs::feeds_silent_until.eq(silent),
        ))
        .execute(conn)?;
    Ok(())
}

impl Store {
    /// Returns the counts of a source's feeds; `None` if no feeds are known.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn feed_counts(&self, id: SourceId) -> Result<Option<FeedCounts>, StoreError> {
        self.read(|conn| {
            let row = catalogs::table.find(id.0).select(COUNT_COLUMNS).first(conn).optional()?;
            row.map_or(Ok(None), counts_from_row)
        })
    }

    /// Returns the counts of all sources that have feeds.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn all_feed_counts(&self) -> Result<HashMap<SourceId, FeedCounts>, StoreError> {
        self.read(|conn| {
            let known = catalogs::table.filter(catalogs::feed_count.gt(0));
            let rows: Vec<(i64, FeedCountRow)> = known.select((catalogs::source_id, COUNT_COLUMNS)).load(conn)?;
            let mut all = HashMap::new();
            for (id, row) in rows {
                if let Some(counts) = counts_from_row(row)? {
                    all.insert(SourceId(id), counts);
                }
            }
            Ok(all)
        })
    }
}
