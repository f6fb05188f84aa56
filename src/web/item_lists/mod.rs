//! Lists of items in pages, JSON and exports: their parameters, which are the same everywhere, and their versions.

pub(super) mod catalog_open;
pub(super) mod list_address;
pub(super) mod list_version;
pub(super) mod parameters;
mod submitted_names;
