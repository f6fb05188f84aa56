//! Answers searches, filters, facets and orders of catalogs, from files that are derived from the database and cost a
//! load nothing: an index is built when a catalog is first searched, beside its readers, and kept up to date with what
//! changed since.
//!
//! A [`CatalogSnapshot`](snapshot::CatalogSnapshot) is a catalog at one version: a base segment with all items, built
//! at once, and a small segment of the items that changed since. Both store items by column (`segment`). A search reads
//! the columns from beginning to end; it needs no index of words, and finds any part of any cell. Orders are ranks
//! (`ranks`), computed when a column is first sorted by.

mod build;
mod catalog_indexes;
mod catalog_reader;
mod cursor;
mod facets;
mod index_error;
mod indexed_segment;
mod item_set;
mod key_sorter;
mod listing;
mod prepared_query;
mod query_cache;
mod ranks;
mod segment;
mod snapshot;

pub use catalog_indexes::{BuildProgress, CatalogIndexes, IndexState, MAX_RECENT_ITEMS};
pub use catalog_reader::{CatalogReader, CatalogSelection};
pub use cursor::ListCursor;
pub use facets::FacetValue;
pub use index_error::IndexError;
