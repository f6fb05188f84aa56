//! Measures time in steps that this machine could really run, so that a limit of seconds holds on a busy machine too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// One step of the clock.
const TICK: Duration = Duration::from_millis(10);

/// A clock that advances by [`TICK`] whenever a thread that sleeps for a tick has run again.
///
/// On an idle machine it is as fast as any clock. Where a thread waits for a processor after each sleep, as the code
/// under test then does too, the clock is slower by as much; where the machine stands still, so does the clock. It is
/// for upper limits; a lower limit is measured with `Instant`.
pub(crate) struct LoadClock {
    ticks: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl LoadClock {
    /// Starts a clock at zero.
    pub(crate) fn start() -> Self {
        let clock = Self { ticks: Arc::default(), is_over: Arc::default() };
        let (ticks, is_over) = (Arc::clone(&clock.ticks), Arc::clone(&clock.is_over));
        thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                thread::sleep(TICK);
                ticks.fetch_add(1, Ordering::Relaxed);
            }
        });
        clock
    }

    /// The time since the start, a whole number of ticks.
    pub(crate) fn elapsed(&self) -> Duration {
        TICK.saturating_mul(u32::try_from(self.ticks.load(Ordering::Relaxed)).unwrap_or(u32::MAX))
    }
}

impl Drop for LoadClock {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Runs `act`; returns its result and how long it took by a [`LoadClock`].
pub(crate) fn measure_load_time<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let clock = LoadClock::start();
    let result = act();
    (result, clock.elapsed())
}
