//! The database; no other module uses Diesel. Most queries are written once for SQLite and PostgreSQL; [`dialect`] has
//! the SQL that differs.

pub mod accounts;
mod active_statuses;
mod added_spans;
pub mod admission;
mod any_connection;
mod attempts;
pub mod batch;
pub mod cancel;
pub mod catalogs;
mod change_parts;
pub mod changes;
pub mod column_snapshots;
pub mod connection;
mod connector;
mod database_address;
pub mod database_facts;
pub mod diagnostics;
mod dialect;
pub mod error;
mod feed_counts;
mod final_changes;
pub mod finish;
mod freshness;
pub mod history;
pub mod installation;
pub mod issues;
pub mod item_history;
pub mod item_write;
pub mod items;
pub mod lease;
pub mod operations;
pub mod records;
pub mod retention;
pub mod retries;
pub mod reviews;
mod run_columns;
mod schedules;
mod schema;
pub mod sources;
mod stored_values;
pub mod strip_columns;
pub mod takeover;
pub mod undo;

pub use connection::{DatabaseAddress, Store};
pub use error::{Retryability, StoreError};
