//! The history in the making, and its clock.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::servers::run_lives::history::{HistoryEvent, RecordedTime, RunHistory};

/// Collects what happens, from all threads.
pub(super) struct HistoryRecording {
    started: Instant,
    history: Mutex<RunHistory>,
}

impl HistoryRecording {
    pub(super) fn start(setup: HistoryEvent) -> Self {
        let mut history = RunHistory::default();
        history.add_event(setup);
        Self { started: Instant::now(), history: Mutex::new(history) }
    }

    /// The time on the clock of the history.
    pub(super) fn now(&self) -> RecordedTime {
        RecordedTime::try_from(self.started.elapsed().as_micros()).expect("less than many years")
    }

    pub(super) fn has_lasted(&self, time: Duration) -> bool {
        self.started.elapsed() >= time
    }

    fn lock_history(&self) -> MutexGuard<'_, RunHistory> {
        self.history.lock().expect("the history")
    }

    pub(super) fn add_event(&self, event: HistoryEvent) {
        self.lock_history().add_event(event);
    }

    /// The history, in the order in which the calls began.
    pub(super) fn into_history(self) -> RunHistory {
        let mut history = self.history.into_inner().expect("the history");
        history.calls.sort_by_key(|call| call.begin);
        history.sheets.sort_by_key(|sheet| sheet.begin);
        history
    }
}
