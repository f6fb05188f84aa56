//! The sync engine on both databases: what a sync does to a catalog, how runs end, and what is reported about them.

mod cancel;
mod cell_text;
mod columns;
mod compare;
mod concurrent_readers;
mod endings;
mod excel;
mod excel_values;
mod failed_fetches;
mod failures;
mod feed_encoding;
mod feeds;
mod frozen;
mod guards;
mod hidden_columns;
mod incremental;
mod memory;
mod preview;
mod progress;
mod random_workbooks;
mod reader;
mod retention;
mod rows;
mod schedule;
mod status;
mod withheld_removals;
