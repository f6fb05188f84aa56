//! Promises of so many seconds, on a machine that may stand still for some.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A nap of the one who watches. Somebody who oversleeps by this much could not run, and nobody else on this machine
/// could for long.
const NAP: Duration = Duration::from_millis(10);
const OVERSLEPT: Duration = Duration::from_millis(50);

/// Does something, and answers how long it took without the time in which this machine stood still.
pub(crate) fn measure_without_stalls<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut still = Duration::ZERO;
            while !over.load(Ordering::SeqCst) {
                let begun = Instant::now();
                thread::sleep(NAP);
                let more = begun.elapsed() - NAP;
                still += if more >= OVERSLEPT { more } else { Duration::ZERO };
            }
            still
        });
        let begun = Instant::now();
        // Else a panic of the one who acts would wait for the one who watches for ever.
        let acted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        let took = begun.elapsed();
        over.store(true, Ordering::SeqCst);
        let still = watching.join().expect("a nap");
        match acted {
            Ok(answer) => (answer, took.saturating_sub(still)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
