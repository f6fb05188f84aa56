//! Measures time on a busy machine as an idle machine would show it, so that a limit of seconds holds on both.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// One step of the clock.
const TICK: Duration = Duration::from_millis(10);

/// A clock that runs as slowly as the machine is busy.
///
/// A thread sleeps for a [`TICK`] again and again, and adds to the clock the share of the tick in which a thread with
/// work would have had a processor: a whole tick while there are enough processors, a quarter while eight threads share
/// two. While the sleeping thread itself waits for a processor, the clock stands still. On an idle machine the clock is
/// as fast as any other. It measures upper limits; a lower limit is measured with `Instant`.
pub(crate) struct LoadClock {
    elapsed_nanos: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl LoadClock {
    /// Starts a clock at zero.
    pub(crate) fn start() -> Self {
        let clock = Self { elapsed_nanos: Arc::default(), is_over: Arc::default() };
        let (elapsed_nanos, is_over) = (Arc::clone(&clock.elapsed_nanos), Arc::clone(&clock.is_over));
        thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                thread::sleep(TICK);
                let step = TICK.mul_f64(processor_share());
                elapsed_nanos.fetch_add(step.as_nanos().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        clock
    }

    /// The time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.elapsed_nanos.load(Ordering::Relaxed))
    }
}

impl Drop for LoadClock {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// The share of a processor that each thread with work gets now, at most 1. It is 1 where the system does not count its
/// threads.
fn processor_share() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let processors = thread::available_parallelism().map_or(1, usize::from);
    match count_running_threads(&load) {
        // The thread that reads the count is one of them.
        Some(running) if running > processors + 1 => processors as f64 / (running - 1) as f64,
        _ => 1.0,
    }
}

/// The number of threads that run or wait for a processor, from a line of `/proc/loadavg`: `8.4 5.4 5.7 9/156 1778`.
fn count_running_threads(load: &str) -> Option<usize> {
    load.split(' ').nth(3)?.split_once('/')?.0.parse().ok()
}

/// Runs `act`; returns its result and how long it took by a [`LoadClock`].
pub(crate) fn measure_load_time<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let clock = LoadClock::start();
    let result = act();
    (result, clock.elapsed())
}

#[test]
fn running_threads_are_counted_from_the_load_average() {
    assert_eq!(count_running_threads("8.45 5.49 5.77 9/156 17782\n"), Some(9));
    assert_eq!(count_running_threads(""), None);
    assert!((0.0..=1.0).contains(&processor_share()));
}
