//! The engine room, on both databases: what a sync does to a catalog, how runs end, and what is told of them.

mod cancel;
mod columns;
mod compare;
mod doubt;
mod endings;
mod excel;
mod failures;
mod feed_encoding;
mod feeds;
mod frozen;
mod guards;
mod hidden_columns;
mod incremental;
mod kept;
mod memory;
mod preview;
mod progress;
mod random_workbooks;
mod reader;
mod readers;
mod rows;
mod schedule;
mod status;
mod text;
mod untouched;
