//! Reads the status of runs from the database: from the operation's row, or from the record after the row was deleted.

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
    /// Creates a status store that reads this database.
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

    /// Does nothing: the run has stored its progress in its row, protected by its lease, and a second write without the
    /// lease could be wrong.
    fn put(&self, _report: &StatusReport) -> Result<(), StatusError> {
        Ok(())
    }

    fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError> {
        if let Some(report) = self.store.operation_status(id)? {
            return Ok(Some(report));
        }
        let Some(record) = self.store.find_record(id)? else { return Ok(None) };
        // The source may have another slug now. The row would have reported the current slug.
        let source = self.store.source_by_id(record.source_id)?.map(|source| source.slug);
        Ok(Some(report_from_record(record, source)))
    }

    /// Does nothing: operations and records have their own retention, see `sync::retention`.
    fn delete_old_reports(&self, _age: Duration) -> Result<usize, StatusError> {
        Ok(0)
    }
}

/// Rebuilds the report that the row of a finished run would give. `slug` is the current slug of its source; `None`
/// after the source was removed.
fn report_from_record(record: SyncRecord, slug: Option<Slug>) -> StatusReport {
    let elapsed = record.timestamps.started_at.map(|start| record.finished_at - start).unwrap_or_default();
    let mut summary = record.summary;
    summary.source = slug.unwrap_or(summary.source);
    StatusReport::new(summary, record.timestamps.created_at, record.finished_at, elapsed)
}
