//! A point at which one thread pauses until the test lets it go on: tests wait for events, not for time to pass.

use std::sync::{Arc, Condvar, Mutex};

use super::waiting::WAIT_LIMIT;

#[derive(Default)]
struct PauseState {
    is_reached: bool,
    is_resumed: bool,
}

/// A point at which threads pause. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct PausePoint(Arc<(Mutex<PauseState>, Condvar)>);

impl PausePoint {
    /// Pauses the calling thread until [`PausePoint::resume`] was called.
    pub(crate) fn pause(&self) {
        self.change_state(|state| state.is_reached = true);
        self.wait_for_state("resumed", |state| state.is_resumed);
    }

    /// Waits until a thread has reached this point.
    pub(crate) fn wait_until_reached(&self) {
        self.wait_for_state("reached", |state| state.is_reached);
    }

    /// Lets all threads continue that pause here now or later.
    pub(crate) fn resume(&self) {
        self.change_state(|state| state.is_resumed = true);
    }

    fn change_state(&self, change: impl FnOnce(&mut PauseState)) {
        change(&mut self.0.0.lock().expect("the state of a pause point"));
        self.0.1.notify_all();
    }

    fn wait_for_state(&self, what: &str, done: impl Fn(&PauseState) -> bool) {
        let state = self.0.0.lock().expect("the state of a pause point");
        let (_state, waited) =
            self.0.1.wait_timeout_while(state, WAIT_LIMIT, |state| !done(state)).expect("the state of a pause point");
        assert!(!waited.timed_out(), "the pause point was not {what} within {WAIT_LIMIT:?}");
    }
}
