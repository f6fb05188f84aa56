//! What the first reading of a source compares with: its catalog, as a run or a check asks for it.

use std::collections::HashMap;

use super::outcome::RunStop;
use crate::domain::change_set::KnownItem;
use crate::domain::source::Source;
use crate::fetch::{ItemLookup, SourceKind};
use crate::store::catalogs::Catalog;

/// The items that a catalog has.
pub(in crate::sync) trait StoredItems {
    /// Walks all of them, those that were removed included.
    fn known_items(&self, each: &mut dyn FnMut(&str, KnownItem)) -> Result<(), RunStop>;

    /// The fields of those with these keys, by key.
    fn stored_fields(&self, keys: &[&str]) -> Result<HashMap<String, String>, RunStop>;

    /// Stops a reading that should end.
    fn stop_if_asked(&self) -> Result<(), RunStop>;
}

/// A source with the catalog that its content is compared with. Nothing is written.
#[derive(Clone, Copy)]
pub(in crate::sync) struct SourceComparison<'a> {
    pub(in crate::sync) source: &'a Source,
    pub(in crate::sync) catalog: &'a Catalog,
    pub(in crate::sync) kind: &'a dyn SourceKind,
    pub(in crate::sync) items: &'a dyn StoredItems,
    pub(in crate::sync) shelf: &'a dyn ItemLookup,
}
