//! The stored items of a catalog, as a probe reads them: without a run, and only until a deadline.

use std::collections::HashMap;
use std::time::Instant;

use crate::domain::change_set::KnownItem;
use crate::domain::item::parse_fields;
use crate::domain::source::SourceId;
use crate::fetch::{FetchError, ItemLookup};
use crate::store::Store;
use crate::sync::run::comparison::StoredItems;
use crate::sync::run::run_stop::RunStop;
use crate::sync::run_signal::StopReason;

/// The stored items of a catalog, readable until `deadline`.
pub(super) struct StoredCatalog<'a> {
    pub(super) store: &'a Store,
    pub(super) source: SourceId,
    pub(super) deadline: Instant,
}

impl StoredItems for StoredCatalog<'_> {
    fn for_each_known_item(&self, visit: &mut dyn FnMut(&str, KnownItem)) -> Result<(), RunStop> {
        let mut after = String::new();
        loop {
            self.check_stop()?;
            let page = self.store.known_items(self.source, &after)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            page.iter().for_each(|(key, known)| visit(key, *known));
        }
    }

    fn stored_fields(&self, keys: &[&str]) -> Result<HashMap<String, String>, RunStop> {
        Ok(self.store.stored_fields(self.source, keys)?)
    }

    fn check_stop(&self) -> Result<(), RunStop> {
        if Instant::now() < self.deadline { Ok(()) } else { Err(RunStop::Early(StopReason::TimedOut)) }
    }
}

impl ItemLookup for StoredCatalog<'_> {
    fn find_fields(&self, keys: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>, FetchError> {
        let stored = self.stored_fields(keys).map_err(as_fetch_error)?;
        Ok(stored.into_iter().filter_map(|(key, fields)| Some((key, parse_fields(&fields).ok()?))).collect())
    }
}

/// Converts the failure of a probe to the failure of a fetch. Logs an error of the database.
pub(super) fn as_fetch_error(stop: RunStop) -> FetchError {
    stop.into_fetch_error(|error| log::error!("a catalog could not be read: {error}"))
}
