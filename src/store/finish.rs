//! Ends a run, for whatever reason, in one transaction: terminal status, record, issues, changes and catalog.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::batch_writer::BatchWriter;
use super::catalogs as catalog_rows;
use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::dialect::issue_rows;
use super::error::StoreError;
use super::final_changes::apply_changes;
use super::operations::{self, OperationRow};
use super::retries;
use super::reviews::{self, ReviewChange};
use super::run_times::{end_of_leased_run, end_of_lost_run};
use super::schema::{sources, sync_operations, sync_records};
use super::secret_sealer::SecretSealer;
use super::stored_values::{parse_json, to_json};
use crate::domain::automatic_retry::PlannedRetry;
use crate::domain::change_set::Change;
use crate::domain::feed::FeedRecord;
use crate::domain::issue::IssueList;
use crate::domain::operation::{Lease, OperationKind, RunPriority, StartOptions, Status};
use crate::domain::progress::RunStats;
use crate::domain::run_text::run_progress::QUEUED_MESSAGE;
use crate::domain::run_text::stopped_run::STARTING_AGAIN;
use crate::domain::sync_id::SyncId;

pub use super::final_changes::{AppliedChanges, SettledChange};

/// The result of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct RunEnding {
    /// The terminal status.
    pub status: Status,
    /// The final message for people.
    pub message: String,
    /// The error code and message, if something went wrong.
    pub error: Option<(String, String)>,
    /// The counts; `None` keeps those of the run's row. Removals are counted by the transaction.
    pub stats: Option<RunStats>,
    /// The issues of the run: skipped rows or feeds, and warnings.
    pub issues: IssueList,
    /// The number of removals that need confirmation.
    pub withheld_removals: u64,
    /// The new state of the source's feeds, stored however the run ended; `None` keeps the stored state.
    pub feeds: Option<Vec<FeedRecord>>,
    /// The changes that a preview found, stored with its record.
    pub changes: Vec<Change>,
    /// The digest of all changes that a preview found.
    pub changes_digest: Option<String>,
    /// What becomes of the removals that wait for a decision.
    pub review: ReviewChange,
    /// The final changes to the catalog; `None` leaves it as it is.
    pub applied: Option<AppliedChanges>,
    /// The automatic retry of a run that failed.
    pub retry: Option<PlannedRetry>,
    /// Whether the run is queued again.
    pub requeue: RequeuePolicy,
}

impl RunEnding {
    /// Returns an ending with this status and message and nothing else.
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
            changes_digest: None,
            review: ReviewChange::Unchanged,
            applied: None,
            retry: None,
            requeue: RequeuePolicy::No,
        }
    }
}

/// Whether a run that ended early is queued again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RequeuePolicy {
    /// The run is not queued again.
    No,
    /// The run is queued again as the same attempt, because a shutdown stopped it.
    SameAttempt,
    /// The run is queued again as the next attempt, because the worker died.
    NextAttempt,
    /// A new preview is queued, because the changes differ from those of the preview that the run should apply.
    PreviewAgain,
}

/// The state that the run's row must have for the run to be ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum ClosePrecondition {
    /// The run is running under this lease; its worker ends it.
    Leased(Lease),
    /// The run is still pending.
    Waiting(SyncId),
    /// The run is running under this lease, which has expired, and this transaction has locked its row.
    Expired(Lease),
}

impl Store {
    /// Ends a run under its worker's lease. Returns the id of the successor if the run is queued again.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is lost because another server ended the run; [`StoreError::DiskFull`]
    /// when the disk has no room for the ending of a completed run; otherwise when the database is unavailable or
    /// refuses a statement. Nothing is written then.
    pub fn finish_run(&self, lease: Lease, ending: &RunEnding) -> Result<Option<SyncId>, StoreError> {
        let close = |conn: &mut AnyConnection| close_run(conn, &self.sealer, ClosePrecondition::Leased(lease), ending);
        // A run that completed may write much. If the disk has no room for that, the run is ended as a failed one.
        if ending.status == Status::Completed { self.write_items(close) } else { self.write(close) }
    }
}

/// Ends a run inside the current transaction. Returns the id of the successor if the run is queued again.
pub(super) fn close_run(
    conn: &mut AnyConnection,
    sealer: &SecretSealer,
    precondition: ClosePrecondition,
    ending: &RunEnding,
) -> Result<Option<SyncId>, StoreError> {
    let (id, from, token) = match precondition {
        ClosePrecondition::Leased(lease) | ClosePrecondition::Expired(lease) => {
            (lease.id, Status::Running, lease.token)
        }
        // A pending run has no token; a running one always has one, as the table's CHECK ensures.
        ClosePrecondition::Waiting(id) => (id, Status::Pending, 0),
    };
    debug_assert!(from.may_become(ending.status), "{from} does not become {}", ending.status);
    let id = id.to_string();
    let now = clock::now(conn)?.naive_utc();
    let ended_at = match precondition {
        ClosePrecondition::Leased(lease) => end_of_leased_run(lease, now),
        ClosePrecondition::Waiting(_) | ClosePrecondition::Expired(..) => end_of_lost_run(conn, &id, now)?,
    };
    let matching_row = sync_operations::table
        .filter(sync_operations::id.eq(&id))
        .filter(sync_operations::status.eq(from.as_str()))
        .filter(sync_operations::token.is_null().or(sync_operations::token.eq(token)));
    let completed = ending.status == Status::Completed;
    let rows = diesel::update(matching_row)
        .set((
            sync_operations::status.eq(ending.status.as_str()),
            // 100 % and *completed* go together, as the table's CHECK ensures.
            completed.then(|| sync_operations::progress.eq(100)),
            sync_operations::message.eq(&ending.message),
            sync_operations::error.eq(ending.error.as_ref().map(|(_, message)| message)),
            sync_operations::code.eq(ending.error.as_ref().map(|(code, _)| code)),
            sync_operations::last_update.eq(ended_at),
            sync_operations::finished_at.eq(ended_at),
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
    let mut writer = BatchWriter::begin(conn, row.source_id, &id, now)?;
    if let Some(applied) = &ending.applied {
        stats.removed += apply_changes(conn, sealer, &mut writer, applied)?;
    }
    if let Some(feeds) = &ending.feeds {
        catalog_rows::save_feeds(conn, sealer, row.source_id, feeds)?;
    }
    let stats_json = to_json("sync_operations.stats", &stats)?;
    diesel::update(sync_operations::table.find(&id)).set(sync_operations::stats.eq(&stats_json)).execute(conn)?;
    // The UPDATE above has locked the row, so a requested cancel cannot be lost here: a cancelled run is not queued
    // again by a shutdown.
    let requeue = if row.cancel_requested { RequeuePolicy::No } else { ending.requeue };
    let successor = requeue_run(conn, &row, requeue)?;
    let review = reviews::apply_change(conn, row.source_id, &id, &ending.review)?;
    let retry_at = match ending.retry {
        Some(retry) => retries::store_retry(conn, row.source_id, &id, retry, now)?,
        None => None,
    };
    insert_record(conn, &row, ending, &stats_json, ended_at, FinalReferences { successor, review, retry_at })?;
    issue_rows::insert_issues(conn, &id, &ending.issues.kept)?;
    writer.insert_changes(conn, &ending.changes)?;
    Ok(successor)
}

/// Queues the run again if the policy asks for it. Returns the id of the new run.
fn requeue_run(
    conn: &mut AnyConnection,
    row: &OperationRow,
    requeue: RequeuePolicy,
) -> Result<Option<SyncId>, StoreError> {
    let attempt = match requeue {
        RequeuePolicy::No => return Ok(None),
        RequeuePolicy::SameAttempt => row.attempt,
        RequeuePolicy::NextAttempt => row.attempt + 1,
        RequeuePolicy::PreviewAgain => return queue_preview(conn, row).map(Some),
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

/// Queues a preview after a run that did not apply an outdated one. It is not an attempt of that run.
fn queue_preview(conn: &mut AnyConnection, row: &OperationRow) -> Result<SyncId, StoreError> {
    let id = SyncId::new();
    let now = clock::now(conn)?.naive_utc();
    let options: StartOptions = parse_json("sync_operations.options", &row.options)?;
    let options = StartOptions::default().comparing_like(options);
    diesel::insert_into(sync_operations::table)
        .values((
            sync_operations::id.eq(id.to_string()),
            sync_operations::source_id.eq(row.source_id),
            sync_operations::kind.eq(OperationKind::Preview.as_str()),
            sync_operations::mode.eq(&row.mode),
            sync_operations::options.eq(to_json("sync_operations.options", &options)?),
            sync_operations::priority.eq(row.priority),
            sync_operations::status.eq(Status::Pending.as_str()),
            sync_operations::message.eq(QUEUED_MESSAGE),
            sync_operations::requested_by.eq(&row.requested_by),
            sync_operations::created_at.eq(now),
            sync_operations::last_update.eq(now),
        ))
        .execute(conn)?;
    Ok(id)
}

/// What a record refers to beyond its run.
struct FinalReferences {
    /// The run that continues or follows this run.
    successor: Option<SyncId>,
    /// The review that lists what the run withheld.
    review: Option<String>,
    /// The time of its automatic retry.
    retry_at: Option<NaiveDateTime>,
}

fn insert_record(
    conn: &mut AnyConnection,
    row: &OperationRow,
    ending: &RunEnding,
    stats: &str,
    ended_at: NaiveDateTime,
    references: FinalReferences,
) -> Result<(), StoreError> {
    let FinalReferences { successor, review, retry_at } = references;
    // A run whose options cannot be read fails; its record is written all the same.
    let options: StartOptions = parse_json("sync_operations.options", &row.options).unwrap_or_default();
    let slug: String = sources::table.find(row.source_id).select(sources::slug).first(conn)?;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let table = ending.issues.table.as_ref().filter(|_| !ending.issues.kept.is_empty());
    let read_table = table.map(|table| to_json("sync_records.read_table", table)).transpose()?;
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
            sync_records::finished_at.eq(ended_at),
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
            sync_records::target.eq(options.target_run().map(|id| id.to_string())),
            sync_records::changes_digest.eq(ending.changes_digest.as_deref()),
            sync_records::review.eq(review),
            sync_records::retries_before.eq(options.retries_before.map(i32::from)),
            sync_records::retry_at.eq(retry_at),
            sync_records::options.eq(&row.options),
            sync_records::read_table.eq(read_table),
        ))
        .execute(conn)?;
    Ok(())
}
