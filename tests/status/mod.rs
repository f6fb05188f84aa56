//! The status board: one contract for its three stores, and the faults that each can have.

mod concurrent_reads;
mod confirmation;
mod folders;
mod foreign_files;
mod monotonic_progress;
mod redis;
mod redis_outage;
mod separate_boards;
mod store_contract;
mod store_fixture;
mod watched_run;

pub(crate) use store_fixture::{StatusFixture, StoreKind};
