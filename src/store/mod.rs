//! The database. No other module uses it. Queries are written once for SQLite and PostgreSQL where that is possible;
//! [`dialect`] has the rest.

pub mod accounts;
mod active_statuses;
mod added;
mod address;
pub mod admission;
mod any_connection;
mod attempts;
pub mod batch;
pub mod catalogs;
pub mod changes;
pub mod checkup;
pub mod connection;
mod connector;
pub mod database_facts;
mod dialect;
pub mod error;
pub mod facts;
mod feed_counts;
pub mod finish;
pub mod history;
pub mod item_write;
pub mod items;
pub mod lease;
pub mod left_out;
pub mod operations;
pub mod records;
pub mod recovery;
pub mod retention;
mod run_columns;
mod schema;
pub mod sources;
mod stored;

pub use connection::{DatabaseAddress, Store};
pub use error::{Retryability, StoreError};
