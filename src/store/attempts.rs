//! Finds the runs that continue each other after interruptions.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Integer, Nullable, Text, Timestamp};

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::schema::sync_operations;
use super::stored_values::parse_value;
use crate::domain::record::{HistoryRun, RunAttempt};
use crate::domain::sync_id::SyncId;

/// The maximum number of runs followed in each direction: servers that restart every few seconds make long chains.
const MAX_FOLLOWED_RUNS: usize = 20;

/// A run with the id of the next one in the direction of the walk.
#[derive(Queryable, QueryableByName)]
struct RunLink {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Integer)]
    progress: i32,
    #[diesel(sql_type = Integer)]
    attempt: i32,
    #[diesel(sql_type = Nullable<Timestamp>)]
    finished_at: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    next: Option<String>,
}

impl TryFrom<RunLink> for RunAttempt {
    type Error = StoreError;

    fn try_from(link: RunLink) -> Result<Self, StoreError> {
        Ok(Self {
            id: parse_value("sync_records.id", &link.id)?,
            status: parse_value("sync_records.status", &link.status)?,
            progress: u8::try_from(link.progress)
                .map_err(|e| StoreError::corrupt_value("sync_records.progress")(&e))?,
            attempt: link.attempt,
            finished_at: link.finished_at.map(|time| time.and_utc()),
        })
    }
}

/// Returns the records from `first` on, following the column `next` from each run to the next one, as far as records
/// are kept.
fn follow_chain(conn: &mut AnyConnection, first: Option<SyncId>, next: &str) -> QueryResult<Vec<RunLink>> {
    let Some(first) = first else { return Ok(Vec::new()) };
    sql_query(format!(
        "WITH RECURSIVE chain (id, status, progress, attempt, finished_at, next, place) AS (
             SELECT id, status, progress, attempt, finished_at, {next}, 1 FROM sync_records WHERE id = $1
             UNION ALL
             SELECT run.id, run.status, run.progress, run.attempt, run.finished_at, run.{next}, place + 1
             FROM sync_records AS run JOIN chain ON run.id = chain.next WHERE place < {MAX_FOLLOWED_RUNS}
         )
         SELECT id, status, progress, attempt, finished_at, next FROM chain ORDER BY place"
    ))
    .bind::<Text, _>(first.to_string())
    .load(conn)
}

impl Store {
    /// Returns the runs that continued each other before and after `of`, oldest first, including `of`. A run without
    /// interruptions is returned alone. In a very long chain only the runs nearest to `of` are returned.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_attempts(&self, of: &HistoryRun) -> Result<Vec<RunAttempt>, StoreError> {
        self.read(|conn| {
            let mut chain = follow_chain(conn, of.run_summary().retry_of, "retry_of")?;
            chain.reverse();
            let mut after = follow_chain(conn, of.run_summary().successor, "successor")?;
            let last_id = after
                .last()
                .map_or_else(|| of.run_summary().successor.map(|id| id.to_string()), |last| last.next.clone());
            // The last run of the chain has no record until it has ended.
            if let Some(id) = last_id.filter(|_| after.len() < MAX_FOLLOWED_RUNS) {
                let row = sync_operations::table.find(id).select((
                    sync_operations::id,
                    sync_operations::status,
                    sync_operations::progress,
                    sync_operations::attempt,
                    sync_operations::finished_at,
                    None::<String>.into_sql::<Nullable<Text>>(),
                ));
                after.extend(row.first::<RunLink>(conn).optional()?);
            }
            let read = |links: Vec<RunLink>| links.into_iter().map(RunAttempt::try_from).collect::<Result<Vec<_>, _>>();
            let mut all = read(chain)?;
            all.push(of.as_attempt());
            all.extend(read(after)?);
            Ok(all)
        })
    }
}
