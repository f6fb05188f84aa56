//! Fetches the content of sources and reads rows from it.
//!
//! A kind of source implements [`SourceKind`]: it checks the locations of sources, downloads the content of a source
//! into a bounded temporary file ([`SourceKind::fetch`]), and returns it as [`FetchedContent`], from which the sync
//! reads rows one at a time. The kinds are `sheet`, `csv`, `excel`, `feeds` and `reader`; each has a file and a folder
//! here. All of them share the guarded client in `http` and the check for binary files in `file_signature`. The text
//! encoding of a file is chosen in [`crate::domain::text::encoding_choice`].
//!
//! To add a kind, write a file with a type that implements [`SourceKind`] and add a line to [`SourceKinds::built_in`].

mod csv;
mod excel;
pub mod feeds;
mod fetch_error;
mod fetch_observer;
mod fetch_request;
mod fetched_content;
mod file_name;
mod file_signature;
mod file_type_names;
mod http;
mod key_search;
mod kinds;
mod local_file;
mod location_label;
pub mod parser_access;
mod reader;
mod row_file;
mod sheet;
mod sheet_address;
mod source_kind;
mod source_probe;

pub use fetch_error::FetchError;
use fetch_observer::SilentObserver;
pub use fetch_observer::{FetchObserver, FetchProgress};
pub use fetch_request::{EmptyItemLookup, FetchRequest, ItemLookup};
pub use fetched_content::{FetchOutcome, FetchedContent, RowReader};
pub use http::address_guard::{AllowHosts, NotAllowHosts};
pub use key_search::find_key_candidates;
pub use kinds::{KindSettings, SourceKinds, check_credentials};
pub use sheet::credentials::{NotAServiceAccount, ServiceAccount};
pub use source_kind::SourceKind;
pub use source_probe::{build_unsaved_source, describe_missing_key, fetch_everything};
