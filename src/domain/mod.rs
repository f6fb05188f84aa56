//! Types and rules that all other modules share: no database, no network, no clock.
//!
//! A [`source::Source`] is mirrored into a catalog of items ([`item`]) by a run, an [`operation::SyncOperation`], with
//! live [`progress`] and a [`record::SyncRecord`] as its result.

pub mod account;
pub mod automatic_retry;
pub mod bounded_json;
pub mod catalog_query;
pub mod cell_range;
pub mod change_entry;
pub mod change_set;
pub mod changes_digest;
pub mod columns;
pub mod compact_fields;
pub mod defaults;
pub mod export;
pub mod feed;
pub mod feed_counts;
pub mod feed_names;
pub mod field_changes;
pub mod filter;
pub mod frame_hosts;
pub mod freshness;
pub mod guards;
pub mod issue;
pub mod item;
pub mod kept_cells;
pub mod key_fitness;
pub mod location;
pub mod log_fields;
pub mod max_age;
pub mod odd_keys;
pub mod openable_link;
pub mod operation;
pub mod ordered_fields;
pub mod progress;
pub mod public_page;
pub mod read_options;
pub mod record;
pub mod removal_review;
pub mod rows;
pub mod run_activity;
pub mod run_summary;
pub mod run_text;
pub mod schedule;
pub mod schedule_rhythm;
pub mod schedule_zone;
pub mod secret;
pub mod sheet_link;
pub mod source;
pub mod source_form_spec;
pub mod source_probe;
pub mod status_report;
pub mod sync_id;
pub mod text;
pub mod undo_forecast;
