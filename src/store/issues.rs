//! Reads `sync_issues`, the issues of finished runs.

use diesel::prelude::*;

use super::connection::Store;
use super::error::StoreError;
use super::schema::sync_issues;
use super::stored_values::parse_value;
use crate::domain::issue::Issue;
use crate::domain::sync_id::SyncId;

impl Store {
    /// Returns the number of stored issues of a run. The run may have had more.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn count_kept_issues(&self, id: SyncId) -> Result<u64, StoreError> {
        self.read(|conn| {
            let kept = sync_issues::table.filter(sync_issues::sync_id.eq(id.to_string())).count();
            Ok(u64::try_from(kept.get_result::<i64>(conn)?).unwrap_or(0))
        })
    }

    /// Returns one page of the stored issues of a run, in the order of their rows. `page` counts from 1.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_issues(&self, id: SyncId, page: u64, per_page: u64) -> Result<Vec<Issue>, StoreError> {
        let offset = page.saturating_sub(1).saturating_mul(per_page);
        self.read(|conn| {
            let rows: Vec<(Option<i64>, Option<String>, String, String)> = sync_issues::table
                .filter(sync_issues::sync_id.eq(id.to_string()))
                .order(sync_issues::id)
                .limit(i64::try_from(per_page).unwrap_or(i64::MAX))
                .offset(i64::try_from(offset).unwrap_or(i64::MAX))
                .select((sync_issues::row_number, sync_issues::column_name, sync_issues::kind, sync_issues::reason))
                .load(conn)?;
            rows.into_iter()
                .map(|(row, column, kind, reason)| {
                    let row = row.and_then(|row| u64::try_from(row).ok());
                    Ok(Issue { row, column, kind: parse_value("sync_issues.kind", &kind)?, reason })
                })
                .collect()
        })
    }
}
