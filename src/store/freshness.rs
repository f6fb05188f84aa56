//! Reads what decides whether catalogs are stale.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::{catalogs, sources};
use crate::domain::freshness::FreshnessFacts;
use crate::domain::max_age::MaxAge;
use crate::domain::schedule::StoredSchedule;
use crate::domain::source::SourceId;

type FactsRow = (
    i64,
    (Option<String>, Option<String>),
    Option<NaiveDateTime>,
    Option<NaiveDateTime>,
    Option<i64>,
    NaiveDateTime,
    Option<NaiveDateTime>,
);

fn load_facts(conn: &mut AnyConnection, only: Option<SourceId>) -> Result<Vec<(SourceId, FreshnessFacts)>, StoreError> {
    let mut query = sources::table
        .inner_join(catalogs::table)
        .select((
            sources::id,
            (sources::schedule, sources::schedule_zone),
            sources::schedule_since,
            sources::paused_at,
            sources::stale_after,
            sources::created_at,
            catalogs::last_success_at,
        ))
        .into_boxed();
    if let Some(only) = only {
        query = query.filter(sources::id.eq(only.0));
    }
    let facts = |(id, (cron, zone), since, paused, age, added, success): FactsRow| {
        let facts = FreshnessFacts {
            schedule: cron.map(|cron| StoredSchedule { cron, zone }),
            // Servers of earlier versions do not store when a schedule was set.
            schedule_since: since.unwrap_or(added).and_utc(),
            paused_at: paused.map(|time| time.and_utc()),
            max_age: age.and_then(MaxAge::from_seconds),
            added_at: added.and_utc(),
            last_success: success.map(|time| time.and_utc()),
        };
        (SourceId(id), facts)
    };
    Ok(query.load::<FactsRow>(conn)?.into_iter().map(facts).collect())
}

impl Store {
    /// Returns what decides about the freshness of a source; `None` if the source does not exist.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn freshness_facts(&self, id: SourceId) -> Result<Option<FreshnessFacts>, StoreError> {
        self.read(|conn| Ok(load_facts(conn, Some(id))?.pop().map(|(_, facts)| facts)))
    }

    /// Returns what decides about the freshness of every source, in one query.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_freshness_facts(&self) -> Result<Vec<(SourceId, FreshnessFacts)>, StoreError> {
        self.read(|conn| load_facts(conn, None))
    }
}
