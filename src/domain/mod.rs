//! The language every room speaks: pure types and rules, no database, no network, no clock.
//!
//! Words are those of `docs/ARCHITECTURE.md`: a [`source::Source`] is mirrored into a catalog of items ([`item`])
//! by a run, an [`operation::Operation`], whose live figures are [`progress`] and whose kept result is a
//! [`record::SyncRecord`].

pub mod account;
pub mod cell_class;
pub mod cell_range;
pub mod change_set;
pub mod column_type;
pub mod dates;
pub mod feed;
pub mod feed_counts;
pub mod feed_names;
pub mod filter;
pub mod formula;
pub mod guards;
pub mod header_mismatch;
pub mod header_row;
pub mod in_words;
pub mod issue;
pub mod item;
pub mod joined_names;
pub mod journal;
pub mod key_cell;
pub mod key_column;
pub mod links;
pub mod location;
pub mod look;
pub mod markup;
pub mod numbers;
pub mod operation;
pub mod progress;
pub mod read_options;
pub mod record;
pub mod row;
pub mod row_group;
pub mod row_shape;
pub mod run_text;
pub mod schedule;
pub mod secret;
pub mod sheet_link;
pub mod sheet_words;
pub mod sorting;
pub mod source;
pub mod status_report;
pub mod stored_columns;
mod swapped_cells;
pub mod sync_failure;
pub mod sync_id;
pub mod text_counts;
pub mod text_encoding;
pub mod text_form;
pub mod veil;
pub mod visible_text;
pub mod way_in;
pub mod words;
