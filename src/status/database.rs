//! Status as the database tells it: the SyncOperation row, and the kept record where the row is gone.

use std::time::Duration;

use super::{StatusError, StatusStore};
use crate::domain::record::SyncRecord;
use crate::domain::source::Slug;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::store::Store;

/// The database as a status store.
#[derive(Clone)]
pub struct DatabaseStatus {
    store: Store,
}

impl DatabaseStatus {
    /// A status store that reads this database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

impl StatusStore for DatabaseStatus {
    fn name(&self) -> &'static str {
        "database"
    }

    fn is_authoritative(&self) -> bool {
        true
    }

    /// Nothing is left to do: the run keeps its progress in its row under its lease before it tells any status
    /// store, and a second write without the lease would be the one that lies.
    fn put(&self, _report: &StatusReport) -> Result<(), StatusError> {
        Ok(())
    }

    fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError> {
        if let Some(report) = self.store.operation_status(id)? {
            return Ok(Some(report));
        }
        let Some(record) = self.store.find_record(id)? else { return Ok(None) };
        // The source may have got another address since; its row would say that one.
        let source = self.store.source_by_id(record.source_id)?.map(|source| source.slug);
        Ok(Some(report_from_record(record, source)))
    }

    /// Operations and records have terms of their own, see `sync::retention`.
    fn sweep(&self, _age: Duration) -> Result<usize, StatusError> {
        Ok(0)
    }
}

/// The report that the row of an ended run gave before it was deleted. `slug` is that of its source today, `None`
/// once the source was removed.
fn report_from_record(record: SyncRecord, slug: Option<Slug>) -> StatusReport {
    let elapsed = record.timestamps.started_at.map(|start| record.finished_at - start).unwrap_or_default();
    let mut summary = record.summary;
    summary.source = slug.unwrap_or(summary.source);
    StatusReport::new(summary, record.timestamps.created_at, record.finished_at, elapsed)
}
