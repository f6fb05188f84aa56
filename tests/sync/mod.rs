//! The engine room, on both databases: what a sync does to a catalog, how runs end, and what is told of them.

mod cancel;
mod compare;
mod endings;
mod failures;
mod guards;
mod incremental;
mod preview;
mod progress;
mod readers;
mod rows;
mod status;
mod text;
