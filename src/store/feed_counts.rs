//! How the feeds of sources fare, counted: for pages that show many sources, or one in a line.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Deserialize;

use super::connection::Store;
use super::error::StoreError;
use super::schema::catalogs;
use super::stored::json;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::source::SourceId;

/// Of a feed only what is counted.
#[derive(Deserialize)]
struct Tally {
    #[serde(default)]
    failures: u32,
}

fn counted(text: &str) -> Result<Option<FeedCounts>, StoreError> {
    let feeds: Vec<Tally> = json("catalogs.feeds", text)?;
    let failing = feeds.iter().filter(|feed| feed.failures > 0).count() as u64;
    Ok((!feeds.is_empty()).then_some(FeedCounts { total: feeds.len() as u64, failing }))
}

impl Store {
    /// How the feeds of a source fare; `None` where no feeds are known.
    ///
    /// # Errors
    /// When the database fails.
    pub fn feed_counts(&self, id: SourceId) -> Result<Option<FeedCounts>, StoreError> {
        self.read(|conn| {
            let text: Option<String> = catalogs::table.find(id.0).select(catalogs::feeds).first(conn).optional()?;
            text.map_or(Ok(None), |text| counted(&text))
        })
    }

    /// How the feeds of all sources fare that are made of feeds.
    ///
    /// # Errors
    /// When the database fails.
    pub fn all_feed_counts(&self) -> Result<HashMap<SourceId, FeedCounts>, StoreError> {
        self.read(|conn| {
            let known = catalogs::table.filter(catalogs::feeds.ne("[]"));
            let rows: Vec<(i64, String)> = known.select((catalogs::source_id, catalogs::feeds)).load(conn)?;
            let mut all = HashMap::new();
            for (id, text) in rows {
                if let Some(counts) = counted(&text)? {
                    all.insert(SourceId(id), counts);
                }
            }
            Ok(all)
        })
    }
}
