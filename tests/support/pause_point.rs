//! A gate: one side stops there until the other opens it. Tests wait at gates, not for time to pass.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Far longer than anything takes: a gate that nobody reaches or opens ends the test, not the patience of people.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct PauseState {
    reached: bool,
    open: bool,
}

/// A gate. Cloning it shares it.
#[derive(Clone, Default)]
pub(crate) struct PausePoint(Arc<(Mutex<PauseState>, Condvar)>);

impl PausePoint {
    /// Stops here until the gate is open.
    pub(crate) fn pass(&self) {
        self.change(|state| state.reached = true);
        self.wait("opened", |state| state.open);
    }

    /// Waits until somebody stands at the gate or has passed it.
    pub(crate) fn wait_until_reached(&self) {
        self.wait("reached", |state| state.reached);
    }

    /// Lets everybody pass from now on.
    pub(crate) fn open(&self) {
        self.change(|state| state.open = true);
    }

    fn change(&self, change: impl FnOnce(&mut PauseState)) {
        change(&mut self.0.0.lock().expect("a gate"));
        self.0.1.notify_all();
    }

    fn wait(&self, what: &str, done: impl Fn(&PauseState) -> bool) {
        let state = self.0.0.lock().expect("a gate");
        let (_state, waited) = self.0.1.wait_timeout_while(state, PATIENCE, |state| !done(state)).expect("a gate");
        assert!(!waited.timed_out(), "the gate was not {what}");
    }
}
