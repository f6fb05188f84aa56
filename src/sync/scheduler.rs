//! Starts the syncs that schedules ask for. Several servers may look at once; each appointment is kept once, and after
//! downtime at most one is made up for.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::control::Control;
use super::engine::Engine;
use super::signal::Stop;
use crate::domain::operation::{Mode, OperationKind, Options, Priority, StartRequest};
use crate::domain::schedule::Schedule;
use crate::domain::source::SourceId;
use crate::store::StoreError;
use crate::store::admission::Due;

const LOOK: Duration = Duration::from_secs(1);

/// Looks until it is told to stop.
pub(super) fn watch(engine: &Engine, stop: &Stop) {
    let control = Control::new(engine.clone());
    while !stop.asked() {
        if let Err(error) = start_due(&control) {
            log::warn!("schedules could not be looked at: {error}");
        }
        stop.sleep(LOOK);
    }
}

fn start_due(control: &Control) -> Result<(), StoreError> {
    for (source, at, line) in control.engine().store.due_sources()? {
        start(control, source, at, &line)?;
    }
    Ok(())
}

fn start(control: &Control, source: SourceId, at: DateTime<Utc>, line: &str) -> Result<(), StoreError> {
    // Counted from now, not from the missed appointment: after downtime one run makes up for all that were missed.
    let next = line.parse::<Schedule>().ok().and_then(|schedule| schedule.next_after(Utc::now()));
    let request = StartRequest {
        kind: OperationKind::Sync,
        mode: Mode::Incremental,
        options: Options::default(),
        priority: Priority::Scheduled,
        requested_by: "schedule".to_owned(),
    };
    let started = control.keep_appointment(source, &request, Due { at, next })?;
    log::debug!("schedule of source {}: {started:?}", source.0);
    Ok(())
}
