//! The engine room. [`control`] is its only door; behind it workers claim runs, hold leases and bring catalogs to
//! what their sources hold.

pub mod control;
pub mod engine;
pub mod worker;

mod apply;
mod check;
mod columns;
mod compare;
mod comparison;
mod fetching;
mod health;
mod heartbeat;
mod hidden_columns;
mod journal;
mod key_doubt;
mod key_spellings;
mod keyless_rows;
mod outage;
mod outcome;
mod outlast;
mod pending_cells;
mod preview;
mod recovery;
mod reporter;
mod retention;
mod row_findings;
mod row_notes;
mod row_rules;
mod run;
mod scheduler;
mod settle;
mod signal;
mod strip;
mod survey;
mod surveying;

pub use control::Control;
pub use engine::{Engine, Terms};
pub use signal::Stop;
pub use worker::Workers;
