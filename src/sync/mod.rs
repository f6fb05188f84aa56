//! The sync engine: accepts runs, runs them in worker threads, and keeps catalogs equal to their sources.
//!
//! Callers use [`SyncControl`] to start, cancel and probe, and [`SyncThreads`] to start the threads of a process.

mod catch_panic;
pub mod control;
mod engine;
pub mod follow_up;
mod health_log;
mod lease;
mod operations;
mod outage_log;
mod probe;
mod progress;
mod retention;
mod row_corrections;
mod run;
mod run_log;
mod run_signal;
mod scheduler;
mod shutdown_signal;
mod supervisor;
mod timeouts;
mod wake_signal;
mod worker;

pub use control::SyncControl;
pub use engine::SyncEngine;
pub use shutdown_signal::ShutdownSignal;
pub use supervisor::SyncThreads;
pub use timeouts::Timeouts;
pub use wake_signal::WakeSignal;
