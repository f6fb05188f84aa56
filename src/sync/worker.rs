//! Workers: threads that claim the next waiting run and see it through.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::engine::SyncEngine;
use super::lease::recovery;
use super::outage::OutageLog;
use super::run;
use super::run_signal::ShutdownSignal;
use super::{health_log, retention, run_log, scheduler};
use crate::domain::operation::{Lease, SyncOperation};
use crate::domain::sync_id::SyncId;
use crate::store::StoreError;

/// How often an idle worker looks at the queue although nothing rang: runs may be queued by another process.
const LOOK: Duration = Duration::from_millis(500);
/// How long workers have to stop.
const STOP_WITHIN: Duration = Duration::from_millis(4500);

/// All threads of the engine room of one process.
pub struct SyncThreads {
    engine: SyncEngine,
    stop: ShutdownSignal,
    threads: Vec<JoinHandle<()>>,
}

impl SyncThreads {
    /// Starts `count` workers, and the threads that recover, schedule, clear away and watch over the house.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(engine: &SyncEngine, count: usize) -> std::io::Result<Self> {
        let mut workers = Self { engine: engine.clone(), stop: ShutdownSignal::default(), threads: Vec::new() };
        for number in 1..=count {
            workers.spawn(&format!("worker-{number}"), work)?;
        }
        workers.spawn("recovery", recovery::watch)?;
        workers.spawn("scheduler", scheduler::watch)?;
        workers.spawn("retention", retention::watch)?;
        workers.spawn("health", health_log::watch)?;
        Ok(workers)
    }

    fn spawn(&mut self, name: &str, body: fn(&SyncEngine, &ShutdownSignal)) -> std::io::Result<()> {
        let (engine, stop) = (self.engine.clone(), self.stop.clone());
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || body(&engine, &stop))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Tells all threads to stop and waits for them: runs end at their next batch as *interrupted* and are queued
    /// again. Answers whether all stopped in time.
    pub fn stop(self) -> bool {
        self.stop.ask();
        self.engine.bell.ring();
        let deadline = Instant::now() + STOP_WITHIN;
        for thread in self.threads {
            while !thread.is_finished() {
                if Instant::now() >= deadline {
                    return false;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            if thread.join().is_err() {
                log::error!("a thread of the engine room panicked");
            }
        }
        true
    }
}

/// Does one step of a thread that has to live on: a panic costs that step and is logged, with its place by the panic
/// hook.
pub(super) fn living<T>(what: &str, step: impl FnOnce() -> Result<T, StoreError>) -> Option<Result<T, StoreError>> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(step));
    done.inspect_err(|_| log::error!("{what} panicked; its thread goes on")).ok()
}

fn work(engine: &SyncEngine, stop: &ShutdownSignal) {
    let mut queue = OutageLog::new("the queue", "read");
    while !stop.asked() {
        let heard = engine.bell.rung();
        let Some(worked) = living("a worker", || claim_and_run(engine, None, stop)) else { continue };
        match queue.note(worked) {
            Some(true) => {}
            Some(false) => engine.bell.wait(heard, LOOK),
            None => engine.bell.wait(heard, LOOK * 4),
        }
    }
}

/// Claims the next waiting run (or just `only`) and sees it through; answers whether there was one.
pub(super) fn claim_and_run(
    engine: &SyncEngine,
    only: Option<SyncId>,
    stop: &ShutdownSignal,
) -> Result<bool, StoreError> {
    let claimed = Instant::now();
    let Some((operation, lease)) = claim(engine, only)? else { return Ok(false) };
    run_log::started(&engine.store, &operation, thread_name(&std::thread::current()));
    run::run(engine, &operation, lease, claimed, stop);
    Ok(true)
}

fn thread_name(thread: &std::thread::Thread) -> &str {
    thread.name().unwrap_or("worker")
}

fn claim(engine: &SyncEngine, only: Option<SyncId>) -> Result<Option<(SyncOperation, Lease)>, StoreError> {
    let thread = std::thread::current();
    let worker = format!("{}/{}", std::process::id(), thread_name(&thread));
    // Drawn at random, so that no two claims ever share a token, whatever clocks and counters do.
    let (token, _) = uuid::Uuid::new_v4().as_u64_pair();
    engine.store.claim(&worker, i64::from_ne_bytes(token.to_ne_bytes()), engine.terms.lease, only)
}
