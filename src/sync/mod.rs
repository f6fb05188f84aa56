//! The engine room. [`control`] is its only door; behind it workers claim runs, hold leases and bring catalogs to
//! what their sources hold.

mod catch_panic;
pub mod control;
pub mod engine;
mod health_log;
mod lease;
mod operations;
mod progress;
mod run_log;
mod run_signal;
mod supervisor;
mod worker;

mod check;
mod outage_log;
mod retention;
mod run;
mod scheduler;

pub use control::SyncControl;
pub use engine::{SyncEngine, Timeouts};
pub use run_signal::ShutdownSignal;
pub use supervisor::SyncThreads;
