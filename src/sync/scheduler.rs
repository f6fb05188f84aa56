//! Starts the syncs that schedules are due for. Several servers may check at the same time: each scheduled time starts
//! at most one sync, and after downtime one sync makes up for all missed times. Also starts the retries of scheduled
//! syncs that failed for a passing reason.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::catch_panic::catch_panic;
use super::control::SyncControl;
use super::engine::SyncEngine;
use super::outage_log::OutageLog;
use super::shutdown_signal::ShutdownSignal;
use crate::domain::automatic_retry::WaitingRetry;
use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use crate::domain::run_text::requesters::SCHEDULE_REQUESTER;
use crate::domain::schedule::StoredSchedule;
use crate::domain::source::SourceId;
use crate::store::StoreError;
use crate::store::admission::ScheduledStart;

/// How often schedules are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How often they are checked while the disk is full: each check shortens the log of the database.
const FULL_DISK_INTERVAL: Duration = Duration::from_secs(60);

/// Starts scheduled syncs until the process shuts down.
pub(super) fn start_scheduled_syncs(engine: &SyncEngine, shutdown: &ShutdownSignal) {
    let control = SyncControl::new(engine.clone());
    let mut outage = OutageLog::new("schedules", "checked");
    while !shutdown.is_requested() {
        let checked = catch_panic("the scheduler", || start_due_sources(&control));
        let is_disk_full = matches!(checked, Some(Err(StoreError::DiskFull)));
        if let Some(checked) = checked {
            outage.record(checked);
        }
        shutdown.sleep(if is_disk_full { FULL_DISK_INTERVAL } else { CHECK_INTERVAL });
    }
}

fn start_due_sources(control: &SyncControl) -> Result<(), StoreError> {
    let (due, retries) = (control.engine().store.due_sources()?, control.engine().store.due_retries()?);
    if !due.is_empty() || !retries.is_empty() {
        // On a full disk none can start. They stay due.
        control.engine().store.reserve_disk_space()?;
    }
    for (source, due_at, schedule) in due {
        // A source that cannot be started must not delay the others.
        if let Err(error) = start_due_source(control, source, due_at, &schedule) {
            log::warn!("source {}: the scheduled sync could not be started: {error}", source.0);
        }
    }
    for (source, retry) in retries {
        if let Err(error) = start_retry(control, source, retry) {
            log::warn!("source {}: the retry could not be started: {error}", source.0);
        }
    }
    Ok(())
}

/// Starts the retry of a scheduled sync that failed.
fn start_retry(control: &SyncControl, source: SourceId, retry: WaitingRetry) -> Result<(), StoreError> {
    let request = scheduled_request(RunPriority::Retry, retry.number);
    let outcome =
        control.start_scheduled(source, &request, ScheduledStart { at: retry.at, next: None, is_retry: true })?;
    log::debug!("source {}: retry {}: {outcome:?}", source.0, retry.number);
    Ok(())
}

/// The request for a scheduled sync after this many automatic retries.
fn scheduled_request(priority: RunPriority, retries_before: u8) -> StartRequest {
    StartRequest {
        kind: OperationKind::Sync,
        mode: Mode::Incremental,
        options: StartOptions { retries_before: Some(retries_before), ..StartOptions::default() },
        priority,
        requested_by: SCHEDULE_REQUESTER.to_owned(),
    }
}

fn start_due_source(
    control: &SyncControl,
    source: SourceId,
    due_at: DateTime<Utc>,
    schedule: &StoredSchedule,
) -> Result<(), StoreError> {
    // The next time is counted from now, not from the missed time: after downtime one sync replaces all missed ones.
    // The database's clock reported the source as due; if this machine's clock is behind it, the next time would be the
    // same.
    let now = control.engine().store.now()?.max(due_at);
    let next = match schedule.parse() {
        Ok(schedule) => schedule.next_after(now),
        Err(error) => {
            log::warn!("source {}: {error}; its schedule is turned off", source.0);
            None
        }
    };
    let request = scheduled_request(RunPriority::Scheduled, 0);
    let due = ScheduledStart { at: due_at, next, is_retry: false };
    let outcome = control.start_scheduled(source, &request, due)?;
    log::debug!("source {}: scheduled start: {outcome:?}", source.0);
    Ok(())
}
