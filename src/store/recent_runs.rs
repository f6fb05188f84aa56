//! The last runs of every source, for the overview of all of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::connection::Store;
use super::dialect::recent_runs::load_recent_runs;
use super::error::StoreError;
use super::stored_values::parse_value;
use crate::domain::operation::{OperationKind, Status};
use crate::domain::source::SourceId;

/// A finished run of a source, in short.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecentRun {
    /// What it did.
    pub kind: OperationKind,
    /// The terminal status.
    pub status: Status,
    /// The error message of a failed run.
    pub error: Option<String>,
    /// When a worker began it; `None` if it ended before.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

impl Store {
    /// Returns at most `limit` finished runs of each source, the newest first. Previews are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement, or a stored value
    /// cannot be read.
    pub fn list_recent_runs(&self, limit: u32) -> Result<HashMap<SourceId, Vec<RecentRun>>, StoreError> {
        let rows = self.read(|conn| Ok(load_recent_runs(conn, limit)?))?;
        let mut runs: HashMap<SourceId, Vec<RecentRun>> = HashMap::new();
        for row in rows {
            runs.entry(SourceId(row.source_id)).or_default().push(RecentRun {
                kind: parse_value("sync_records.kind", &row.kind)?,
                status: parse_value("sync_records.status", &row.status)?,
                error: row.error,
                started_at: row.started_at.map(|time| time.and_utc()),
                finished_at: row.finished_at.and_utc(),
            });
        }
        Ok(runs)
    }
}
