//! Status as the database tells it: the SyncOperation row, and the kept record where the row is gone.

use std::time::Duration;

use super::{StatusError, StatusStore};
use crate::domain::progress::rate_and_eta;
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
        let Some(record) = self.store.record(id)? else { return Ok(None) };
        // The source may have got another address since; its row would say that one.
        let source = self.store.source_by_id(record.source_id)?.map(|source| source.slug);
        Ok(Some(from_record(record, source)))
    }

    /// Operations and records have terms of their own, see `sync::retention`.
    fn sweep(&self, _age: Duration) -> Result<usize, StatusError> {
        Ok(0)
    }
}

/// What the row of an ended run said, word for word: it is gone before its record is.
fn from_record(record: SyncRecord, source: Option<Slug>) -> StatusReport {
    let ran = record.moments.started_at.map(|start| record.finished_at - start).unwrap_or_default();
    let (rate, eta_seconds) = rate_and_eta(&record.stats, ran, record.status, record.stage);
    StatusReport {
        sync_id: record.id,
        source: source.unwrap_or(record.source),
        kind: record.kind,
        status: record.status,
        progress: record.progress,
        stage: record.stage,
        message: record.message,
        start_time: record.moments.created_at,
        last_update: record.finished_at,
        stats: record.stats,
        rate,
        eta_seconds,
        error: record.error,
        code: record.code,
        attempt: record.attempt,
        retry_of: record.retry_of,
        successor: record.successor,
    }
}
