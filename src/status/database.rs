//! Status as the database tells it: the SyncOperation row, and the kept record where the row is gone.

use std::time::Duration;

use super::{StatusError, StatusStore};
use crate::domain::record::SyncRecord;
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

    fn is_the_truth(&self) -> bool {
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
        Ok(self.store.record(id)?.map(from_record))
    }

    /// Operations and records have terms of their own, see `sync::retention`.
    fn sweep(&self, _age: Duration) -> Result<usize, StatusError> {
        Ok(0)
    }
}

fn from_record(record: SyncRecord) -> StatusReport {
    StatusReport {
        sync_id: record.id,
        source: record.source,
        kind: record.kind,
        status: record.status,
        progress: record.progress,
        stage: None,
        message: record.message,
        start_time: record.created_at,
        last_update: record.finished_at,
        stats: record.stats,
        rate: None,
        eta_seconds: None,
        error: record.error,
        code: record.code,
        attempt: record.attempt,
        retry_of: record.retry_of,
        successor: record.successor,
    }
}
