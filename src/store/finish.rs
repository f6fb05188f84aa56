//! One way for a run to end, whatever the reason: terminal status, kept record and everything that goes with them, in
//! one transaction.

use diesel::prelude::*;

use super::catalogs as catalog_rows;
use super::connection::{AnyConnection, Store};
use super::dialect::bulk::{self, BatchStamp};
use super::dialect::clock;
use super::error::StoreError;
use super::operations::{self, OperationRow};
use super::schema::{catalogs, sources, sync_operations, sync_records};
use super::stored_values::{parse_json, to_json};
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::feed::FeedRecord;
use crate::domain::issue::IssueList;
use crate::domain::operation::{Lease, RunPriority, Status};
use crate::domain::progress::RunStats;
use crate::domain::run_text::stopped_run::STARTING_AGAIN;
use crate::domain::source::Validators;
use crate::domain::sync_id::SyncId;

/// How a run ends.
#[derive(Clone, PartialEq, Debug)]
pub struct RunEnding {
    /// A terminal status.
    pub status: Status,
    /// The last line for people.
    pub message: String,
    /// A word and a sentence, where something went wrong.
    pub error: Option<(String, String)>,
    /// The counts; `None` leaves them as the run's row has them. Removals are counted by the transaction itself.
    pub stats: Option<RunStats>,
    /// What could not be taken, or was mended.
    pub issues: IssueList,
    /// Removals that wait for a person's word.
    pub withheld_removals: u64,
    /// What is known of the feeds of the source from now on, however the run ended; `None` leaves it as it is.
    pub feeds: Option<Vec<FeedRecord>>,
    /// What a preview found, kept with its record.
    pub changes: Vec<Change>,
    /// What becomes of the catalog as a whole; `None` leaves it as it is.
    pub applied: Option<AppliedChanges>,
    /// Whether the run is queued again.
    pub requeue: RequeuePolicy,
}

impl RunEnding {
    /// An end with nothing else to say.
    #[must_use]
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            error: None,
            stats: None,
            issues: IssueList::default(),
            withheld_removals: 0,
            feeds: None,
            changes: Vec::new(),
            applied: None,
            requeue: RequeuePolicy::No,
        }
    }
}

/// What the last transaction of a run that applied something does to the catalog.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AppliedChanges {
    /// The columns in the source's order; `None` when they were not looked at.
    pub columns: Option<Vec<String>>,
    /// What the cells of each column are; `None` when they were not looked at.
    pub column_types: Option<Vec<ColumnType>>,
    /// Keys of the items that left the source.
    pub removals: Vec<String>,
    /// What to send along at the next fetch; `None` clears it.
    pub validators: Option<Validators>,
}

/// Whether a run that ended early is queued again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RequeuePolicy {
    /// It is not.
    No,
    /// It is, as the same attempt: it was told to stop and did nothing wrong.
    SameAttempt,
    /// It is, as the next attempt: its worker died.
    NextAttempt,
}

/// What the row must still say for a run to be ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum ClosePrecondition {
    /// A worker ends its own.
    Leased(Lease),
    /// Nobody took it yet.
    Waiting(SyncId),
    /// Its lease ran out by this time, in epoch milliseconds.
    Expired(Lease, i64),
}

impl Store {
    /// Ends a run that its worker holds. Answers the id of its successor, if it is queued again.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is lost: somebody else has ended the run. Otherwise when the database
    /// fails. Nothing is written then.
    pub fn finish_run(&self, lease: Lease, ending: &RunEnding) -> Result<Option<SyncId>, StoreError> {
        self.write(|conn| close_run(conn, ClosePrecondition::Leased(lease), ending))
    }
}

/// Ends a run inside the transaction at hand.
pub(super) fn close_run(
    conn: &mut AnyConnection,
    hold: ClosePrecondition,
    ending: &RunEnding,
) -> Result<Option<SyncId>, StoreError> {
    let (id, from, token, expired_by) = match hold {
        ClosePrecondition::Leased(lease) => (lease.id, Status::Running, lease.token, i64::MAX),
        // A waiting run has no token; a running one always has, as the table's CHECK says.
        ClosePrecondition::Waiting(id) => (id, Status::Pending, 0, i64::MAX),
        ClosePrecondition::Expired(lease, by) => (lease.id, Status::Running, lease.token, by),
    };
    debug_assert!(from.may_become(ending.status), "{from} does not become {}", ending.status);
    let id = id.to_string();
    let now = clock::now(conn)?.naive_utc();
    let still_so = sync_operations::table
        .filter(sync_operations::id.eq(&id))
        .filter(sync_operations::status.eq(from.as_str()))
        .filter(sync_operations::token.is_null().or(sync_operations::token.eq(token)))
        .filter(sync_operations::lease_until.is_null().or(sync_operations::lease_until.lt(expired_by)));
    let completed = ending.status == Status::Completed;
    let rows = diesel::update(still_so)
        .set((
            sync_operations::status.eq(ending.status.as_str()),
            // 100 comes with *completed* and with nothing else; the table's CHECK holds both to it.
            completed.then(|| sync_operations::progress.eq(100)),
            sync_operations::message.eq(&ending.message),
            sync_operations::error.eq(ending.error.as_ref().map(|(_, message)| message)),
            sync_operations::code.eq(ending.error.as_ref().map(|(code, _)| code)),
            sync_operations::last_update.eq(now),
            sync_operations::finished_at.eq(now),
        ))
        .execute(conn)?;
    if rows == 0 {
        return Err(StoreError::Fenced);
    }
    let Some(row) = operations::find_row(conn, &id)? else { return Err(StoreError::Fenced) };
    let mut stats = match ending.stats {
        Some(stats) => stats,
        None => parse_json("sync_operations.stats", &row.stats)?,
    };
    if let Some(applied) = &ending.applied {
        let stamp = BatchStamp { source_id: row.source_id, sync_id: &id, now };
        let in_step = completed && ending.withheld_removals == 0;
        stats.removed = apply_changes(conn, stamp, applied, completed, in_step)?;
    }
    if let Some(feeds) = &ending.feeds {
        catalog_rows::save_feeds(conn, row.source_id, feeds)?;
    }
    let kept = to_json("sync_operations.stats", &stats)?;
    diesel::update(sync_operations::table.find(&id)).set(sync_operations::stats.eq(&kept)).execute(conn)?;
    // The row is locked since our UPDATE, so this cannot change any more: an accepted cancel is never undone by a stop.
    let again = if row.cancel_requested { RequeuePolicy::No } else { ending.requeue };
    let successor = requeue_run(conn, &row, again)?;
    insert_record(conn, &row, ending, &kept, now, successor)?;
    bulk::insert_issues(conn, &id, &ending.issues.kept)?;
    bulk::insert_changes(conn, &id, row.source_id, &ending.changes)?;
    Ok(successor)
}

/// Takes out what left the source and keeps what is to be known of the catalog as a whole; answers how many went.
/// `in_step` is whether the catalog holds just what its source holds now.
fn apply_changes(
    conn: &mut AnyConnection,
    stamp: BatchStamp<'_>,
    applied: &AppliedChanges,
    completed: bool,
    in_step: bool,
) -> Result<u64, StoreError> {
    let mut removed = 0;
    for keys in applied.removals.chunks(1000) {
        let wanted: Vec<&str> = keys.iter().map(String::as_str).collect();
        let changes: Vec<Change> = bulk::load_fields(conn, stamp.source_id, &wanted)?
            .into_iter()
            .map(|(key, fields)| Change { key, kind: ChangeKind::Removed, before: Some(fields), after: None })
            .collect();
        bulk::insert_changes(conn, stamp.sync_id, stamp.source_id, &changes)?;
        removed += bulk::remove_items(conn, stamp, keys)?;
    }
    catalog_rows::adjust_item_count(conn, stamp.source_id, -i64::try_from(removed).unwrap_or(i64::MAX))?;
    let columns = applied.columns.as_ref().map(|names| to_json("catalogs.columns", names)).transpose()?;
    let types = applied.column_types.as_ref().map(|types| to_json("catalogs.column_types", types)).transpose()?;
    let validators = applied.validators.clone().unwrap_or_default();
    diesel::update(catalogs::table.find(stamp.source_id))
        .set((
            columns.map(|text| catalogs::column_names.eq(text)),
            types.map(|text| catalogs::column_types.eq(text)),
            catalogs::validators.eq(to_json("catalogs.validators", &validators)?),
            completed.then(|| (catalogs::last_success_at.eq(stamp.now), catalogs::last_success_id.eq(stamp.sync_id))),
        ))
        .execute(conn)?;
    if in_step {
        catalog_rows::mark_settled(conn, stamp.source_id, stamp.now)?;
    }
    Ok(u64::try_from(removed).unwrap_or(u64::MAX))
}

/// Queues the run again, if it is to be.
fn requeue_run(
    conn: &mut AnyConnection,
    row: &OperationRow,
    requeue: RequeuePolicy,
) -> Result<Option<SyncId>, StoreError> {
    let attempt = match requeue {
        RequeuePolicy::No => return Ok(None),
        RequeuePolicy::SameAttempt => row.attempt,
        RequeuePolicy::NextAttempt => row.attempt + 1,
    };
    let id = SyncId::new();
    let now = clock::now(conn)?.naive_utc();
    diesel::insert_into(sync_operations::table)
        .values((
            sync_operations::id.eq(id.to_string()),
            sync_operations::source_id.eq(row.source_id),
            sync_operations::kind.eq(&row.kind),
            sync_operations::mode.eq(&row.mode),
            sync_operations::options.eq(&row.options),
            sync_operations::priority.eq(RunPriority::Retry.as_number()),
            sync_operations::status.eq(Status::Pending.as_str()),
            sync_operations::message.eq(STARTING_AGAIN),
            sync_operations::requested_by.eq(&row.requested_by),
            sync_operations::attempt.eq(attempt),
            sync_operations::retry_of.eq(&row.id),
            sync_operations::created_at.eq(now),
            sync_operations::last_update.eq(now),
        ))
        .execute(conn)?;
    Ok(Some(id))
}

fn insert_record(
    conn: &mut AnyConnection,
    row: &OperationRow,
    ending: &RunEnding,
    stats: &str,
    now: chrono::NaiveDateTime,
    successor: Option<SyncId>,
) -> Result<(), StoreError> {
    let slug: String = sources::table.find(row.source_id).select(sources::slug).first(conn)?;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    diesel::insert_into(sync_records::table)
        .values((
            sync_records::id.eq(&row.id),
            sync_records::source_id.eq(row.source_id),
            sync_records::source.eq(slug),
            sync_records::kind.eq(&row.kind),
            sync_records::mode.eq(&row.mode),
            sync_records::status.eq(ending.status.as_str()),
            sync_records::message.eq(&ending.message),
            sync_records::progress.eq(row.progress),
            sync_records::created_at.eq(row.created_at),
            sync_records::started_at.eq(row.started_at),
            sync_records::processing_at.eq(row.processing_at),
            sync_records::finalizing_at.eq(row.finalizing_at),
            sync_records::finished_at.eq(now),
            sync_records::stats.eq(stats),
            sync_records::error.eq(ending.error.as_ref().map(|(_, message)| message)),
            sync_records::code.eq(ending.error.as_ref().map(|(code, _)| code)),
            sync_records::requested_by.eq(&row.requested_by),
            sync_records::attempt.eq(row.attempt),
            sync_records::retry_of.eq(row.retry_of.as_deref()),
            sync_records::successor.eq(successor.map(|id| id.to_string())),
            sync_records::issues.eq(count(ending.issues.count)),
            sync_records::withheld_removals.eq(count(ending.withheld_removals)),
            sync_records::stage.eq(row.stage.as_deref()),
        ))
        .execute(conn)?;
    Ok(())
}
