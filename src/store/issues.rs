//! Reads `sync_issues`, the issues of finished runs.

use diesel::dsl::{count, count_star};
use diesel::prelude::*;

use super::any_connection::AnyConnection;
use super::connection::Store;
use super::error::StoreError;
use super::schema::{sync_issues, sync_records};
use super::stored_values::{parse_json, parse_value};
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::kept_cells::{KeptCells, ReadTable};
use crate::domain::sync_id::SyncId;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sync_issues)]
struct IssueRow {
    row_number: Option<i64>,
    column_name: Option<String>,
    kind: String,
    reason: String,
    cells: Option<String>,
}

impl TryFrom<IssueRow> for Issue {
    type Error = StoreError;

    fn try_from(row: IssueRow) -> Result<Self, StoreError> {
        let cells = row.cells.map(KeptCells::from_json).transpose();
        Ok(Self {
            row: row.row_number.and_then(|number| u64::try_from(number).ok()),
            column: row.column_name,
            kind: parse_value("sync_issues.kind", &row.kind)?,
            reason: row.reason,
            cells: cells.map_err(|error| StoreError::corrupt_value("sync_issues.cells")(&error))?,
        })
    }
}

/// How many issues of a run are stored.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct IssueCounts {
    /// The number of skipped rows that are stored with their cells.
    pub with_cells: u64,
    /// The number of other skipped rows, or of skipped feeds.
    pub without_cells: u64,
    /// The number of warnings.
    pub noted: u64,
}

impl IssueCounts {
    /// Returns the number of all stored issues.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.with_cells + self.without_cells + self.noted
    }
}

impl Store {
    /// Returns the number of stored issues of a run. The run may have had more.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn count_kept_issues(&self, id: SyncId) -> Result<IssueCounts, StoreError> {
        let counted = (sync_issues::kind, count_star(), count(sync_issues::cells));
        let rows: Vec<(String, i64, i64)> = self.read(|conn| {
            let kept = sync_issues::table.filter(sync_issues::sync_id.eq(id.to_string()));
            Ok(kept.group_by(sync_issues::kind).select(counted).load(conn)?)
        })?;
        let mut counts = IssueCounts::default();
        for (kind, all, with_cells) in rows {
            let (all, with_cells) = (u64::try_from(all).unwrap_or(0), u64::try_from(with_cells).unwrap_or(0));
            if kind == IssueKind::Refused.as_str() {
                counts.with_cells = with_cells;
                counts.without_cells = all.saturating_sub(with_cells);
            } else {
                counts.noted += all;
            }
        }
        Ok(counts)
    }

    /// Returns one page of the stored issues of a run, in the order of their rows. `page` counts from 1.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_issues(&self, id: SyncId, page: u64, per_page: u64) -> Result<Vec<Issue>, StoreError> {
        let offset = page.saturating_sub(1).saturating_mul(per_page);
        self.read(|conn| {
            let rows: Vec<IssueRow> = sync_issues::table
                .filter(sync_issues::sync_id.eq(id.to_string()))
                .order(sync_issues::id)
                .limit(i64::try_from(per_page).unwrap_or(i64::MAX))
                .offset(i64::try_from(offset).unwrap_or(i64::MAX))
                .select(IssueRow::as_select())
                .load(conn)?;
            rows.into_iter().map(Issue::try_from).collect()
        })
    }

    /// Returns the skipped rows of a run that are stored with their cells, in the order of the rows.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_skipped_rows(&self, id: SyncId) -> Result<Vec<Issue>, StoreError> {
        self.read(|conn| {
            let rows: Vec<IssueRow> = sync_issues::table
                .filter(sync_issues::sync_id.eq(id.to_string()))
                .filter(sync_issues::cells.is_not_null())
                .order((sync_issues::row_number, sync_issues::id))
                .select(IssueRow::as_select())
                .load(conn)?;
            rows.into_iter().map(Issue::try_from).collect()
        })
    }

    /// Returns the table that a run read; `None` if it read none, had no issues, or was run by an earlier version.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_read_table(&self, id: SyncId) -> Result<Option<ReadTable>, StoreError> {
        self.read(|conn| {
            let row = sync_records::table.find(id.to_string()).select(sync_records::read_table);
            let json = row.first::<Option<String>>(conn).optional()?.flatten();
            json.map(|json| parse_json("sync_records.read_table", &json)).transpose()
        })
    }
}

/// Deletes the cells of all skipped rows of a source. The issues are kept.
pub(super) fn delete_source_cells(conn: &mut AnyConnection, source_id: i64) -> QueryResult<usize> {
    let runs = sync_records::table.filter(sync_records::source_id.eq(source_id)).select(sync_records::id);
    let with_cells =
        sync_issues::table.filter(sync_issues::sync_id.eq_any(runs)).filter(sync_issues::cells.is_not_null());
    diesel::update(with_cells).set(sync_issues::cells.eq(None::<String>)).execute(conn)
}
