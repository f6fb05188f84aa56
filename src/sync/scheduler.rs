//! Starts the syncs that schedules ask for. Several servers may look at once; each appointment is kept once, and after
//! downtime at most one is made up for.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::catch_panic::catch_panic;
use super::control::SyncControl;
use super::engine::SyncEngine;
use super::outage_log::OutageLog;
use super::run_signal::ShutdownSignal;
use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use crate::domain::schedule::Schedule;
use crate::domain::source::SourceId;
use crate::store::StoreError;
use crate::store::admission::ScheduledStart;

const LOOK: Duration = Duration::from_secs(1);

/// Looks until it is told to stop.
pub(super) fn watch(engine: &SyncEngine, stop: &ShutdownSignal) {
    let control = SyncControl::new(engine.clone());
    let mut schedules = OutageLog::new("schedules", "looked at");
    while !stop.asked() {
        if let Some(looked) = catch_panic("the scheduler", || start_due(&control)) {
            schedules.note(looked);
        }
        stop.sleep(LOOK);
    }
}

fn start_due(control: &SyncControl) -> Result<(), StoreError> {
    for (source, at, line) in control.engine().store.due_sources()? {
        // One that cannot be started must not keep the others waiting.
        if let Err(error) = start(control, source, at, &line) {
            log::warn!("source {}: its schedule could not be kept: {error}", source.0);
        }
    }
    Ok(())
}

fn start(control: &SyncControl, source: SourceId, at: DateTime<Utc>, line: &str) -> Result<(), StoreError> {
    // Counted from now, not from the missed appointment: after downtime one run makes up for all that were missed. By
    // the clock that said it is due: by one that is behind, the next time would be the same again.
    let now = control.engine().store.now()?.max(at);
    let next = match line.parse::<Schedule>() {
        Ok(schedule) => schedule.next_after(now),
        Err(error) => {
            log::warn!("source {}: {error}; it is not synced by itself any more", source.0);
            None
        }
    };
    let request = StartRequest {
        kind: OperationKind::Sync,
        mode: Mode::Incremental,
        options: StartOptions::default(),
        priority: RunPriority::Scheduled,
        requested_by: "schedule".to_owned(),
    };
    let started = control.keep_appointment(source, &request, ScheduledStart { at, next })?;
    log::debug!("schedule of source {}: {started:?}", source.0);
    Ok(())
}
