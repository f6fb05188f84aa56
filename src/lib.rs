//! Lockstep keeps a catalog in sync with the place its editors already work in: a Google Sheet, a CSV or Excel file,
//! feeds, a reader account. This page is a map of the crate; `docs/ARCHITECTURE.md` has the pictures and the reasons.
//!
//! # Modules
//!
//! [`domain`] has the types and rules that need no input or output: a [`Source`](domain::source::Source) and its items,
//! a [`SyncOperation`](domain::operation::SyncOperation) with its legal transitions, the guards that protect a catalog,
//! column types, and every text about a run. It imports nothing else of this crate.
//!
//! [`store`] is the only module that knows the database. Nearly every query is written once for SQLite and PostgreSQL;
//! `store::dialect` has the rest. Admission, leases and the end of a run are one file each.
//!
//! [`catalog_index`] searches, filters, sorts and counts the items of a catalog. It keeps them by column, in files that
//! are derived from the database and built beside the readers.
//!
//! [`status`] writes the live status of runs for pollers, to files or Redis, and reads it through
//! [`StatusBoard`](status::StatusBoard): the primary first, then the database.
//!
//! [`data_files`] opens files in the data folder without following links.
//!
//! [`fetch`] is everything outside: a guarded HTTP client, and one folder for each kind of source, behind the trait
//! [`SourceKind`](fetch::SourceKind).
//!
//! [`sync`] is the engine. [`sync::control`] defines what callers may request; behind it are workers, the steps of a
//! run, the kinds of operations, leases, progress, schedules and retention.
//!
//! [`web`] has pages, fragments and JSON, one folder for each feature. `web::routes` is the table of all routes.
//!
//! [`cli`] has one file for each command. [`config`] reads all settings. [`app`] builds everything and starts and
//! shuts it down in order.
//!
//! # The life of one sync
//!
//! 1. A request, a command or the schedule calls [`sync::control`]. `store::admission` locks the source's row and
//!    inserts the operation, or returns that a run is already active or just ended.
//! 2. A worker claims the pending operation and takes its lease, which a heartbeat thread renews.
//! 3. `sync::run` goes through its steps: fetch the source into a temporary file, survey it against the catalog, let
//!    the guards decide, apply what differs in batches that each check the lease, finish.
//! 4. `store::finish` writes removals, counts, the record and the terminal status in one transaction.
//! 5. Meanwhile `sync::progress` reports to the status store and the database, and the panel polls
//!    [`StatusBoard`](status::StatusBoard) until the run has ended.
//!
//! # Where to add things
//!
//! - A kind of source: a folder in `fetch`, and a line in [`SourceKinds`](fetch::SourceKinds).
//! - A kind of operation: a file in `sync::operations`, and an arm in its match.
//! - A page: a folder in `web` (handlers, view, build), a template, and a line in `web::routes`.
//! - A setting: [`config`], and the value handed on in [`app`].
//! - A column of the history: a migration for both databases, `store::schema`, `store::finish`, `store::records`,
//!   `domain::record`, `web::api::history`, `web::panel` and `web::history`.

pub mod app;
pub mod catalog_index;
pub mod cli;
pub mod config;
pub mod data_files;
pub mod domain;
pub mod fetch;
pub mod status;
pub mod store;
pub mod sync;
pub mod web;
