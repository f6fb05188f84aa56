//! Starts and stops the background threads of a process.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::engine::SyncEngine;
use super::lease::recovery;
use super::shutdown_signal::ShutdownSignal;
use super::{health_log, retention, scheduler, worker};

/// How long the threads have to stop. With the time for the last responses of the web server this stays below the five
/// seconds within which a process must end.
const STOP_TIMEOUT: Duration = Duration::from_millis(4500);
/// The pause between two checks whether a thread has stopped.
const STOP_CHECK_INTERVAL: Duration = Duration::from_millis(10);

/// The background threads of one process: workers, recovery, scheduler, retention and health log.
pub struct SyncThreads {
    engine: SyncEngine,
    shutdown: ShutdownSignal,
    threads: Vec<JoinHandle<()>>,
}

impl SyncThreads {
    /// Starts `worker_count` workers and one thread each for recovery, schedules, retention and the health log.
    ///
    /// # Errors
    /// The system's error when it cannot start another thread.
    pub fn start(engine: &SyncEngine, worker_count: usize) -> std::io::Result<Self> {
        let mut threads = Self { engine: engine.clone(), shutdown: ShutdownSignal::default(), threads: Vec::new() };
        for number in 1..=worker_count {
            threads.spawn(&format!("worker-{number}"), worker::run_waiting_operations)?;
        }
        threads.spawn("recovery", recovery::recover_expired_leases)?;
        threads.spawn("scheduler", scheduler::start_scheduled_syncs)?;
        threads.spawn("retention", retention::delete_expired_data)?;
        threads.spawn("health", health_log::log_health)?;
        Ok(threads)
    }

    fn spawn(&mut self, name: &str, body: fn(&SyncEngine, &ShutdownSignal)) -> std::io::Result<()> {
        let (engine, shutdown) = (self.engine.clone(), self.shutdown.clone());
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || body(&engine, &shutdown))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Stops all threads and waits for them. A run in progress ends after its current batch as *interrupted* and is
    /// queued again. Returns whether all threads stopped in time.
    pub fn stop(self) -> bool {
        self.shutdown.request();
        self.engine.wake_signal.notify();
        let deadline = Instant::now() + STOP_TIMEOUT;
        for thread in self.threads {
            while !thread.is_finished() {
                if Instant::now() >= deadline {
                    return false;
                }
                std::thread::sleep(STOP_CHECK_INTERVAL);
            }
            if thread.join().is_err() {
                log::error!("a background thread of the sync engine panicked");
            }
        }
        true
    }
}
