//! The values that the content of a source is compared with: its source, its catalog and the stored items.

use std::collections::HashMap;

use super::run_stop::RunStop;
use crate::domain::change_set::KnownItem;
use crate::domain::source::Source;
use crate::fetch::{ItemLookup, SourceKind};
use crate::store::catalogs::Catalog;

/// The stored items of a catalog, as a run or a probe reads them.
pub(in crate::sync) trait StoredItems {
    /// Visits all items by key, removed ones included.
    fn for_each_known_item(&self, visit: &mut dyn FnMut(&str, KnownItem)) -> Result<(), RunStop>;

    /// The fields of the items with these keys, by key.
    fn stored_fields(&self, keys: &[&str]) -> Result<HashMap<String, String>, RunStop>;

    /// Fails when the comparison has to stop.
    fn check_stop(&self) -> Result<(), RunStop>;
}

/// A source with the catalog that its content is compared with. Comparing writes nothing.
#[derive(Clone, Copy)]
pub(in crate::sync) struct SourceComparison<'a> {
    pub(in crate::sync) source: &'a Source,
    pub(in crate::sync) catalog: &'a Catalog,
    pub(in crate::sync) kind: &'a dyn SourceKind,
    pub(in crate::sync) items: &'a dyn StoredItems,
    pub(in crate::sync) lookup: &'a dyn ItemLookup,
}
