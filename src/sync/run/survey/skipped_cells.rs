//! Adds the cells of skipped rows to their issues, and the table that they belong to.

use std::collections::{BTreeSet, HashMap};

use crate::domain::issue::{Issue, IssueKind, IssueList};
use crate::domain::item::ColumnLayout;
use crate::domain::kept_cells::ReadTable;
use crate::domain::rows::skipped_row::keep_cells;
use crate::fetch::FetchedContent;
use crate::sync::run::comparison::SourceComparison;
use crate::sync::run::run_stop::RunStop;

/// The number of rows between two checks whether the reading has to stop.
const ROWS_PER_STOP_CHECK: usize = 1000;

/// Reads the rows again up to the last of `wanted`, and adds their cells to the kept issues: why these rows are skipped
/// was found after they had been read. Reads nothing if there are no such rows.
///
/// # Errors
/// [`RunStop`] when the content cannot be read, or the reading has to stop.
pub(super) fn add_missing_cells(
    comparison: &SourceComparison<'_>,
    content: &dyn FetchedContent,
    issues: &mut IssueList,
    wanted: &BTreeSet<u64>,
    with_surplus: bool,
) -> Result<(), RunStop> {
    let lacks_cells = |(position, issue): (usize, &Issue)| {
        let row = issue.row.filter(|row| wanted.contains(row))?;
        (issue.kind == IssueKind::Refused && issue.cells.is_none()).then_some((row, position))
    };
    let mut positions: HashMap<u64, usize> = issues.kept.iter().enumerate().filter_map(lacks_cells).collect();
    if positions.is_empty() {
        return Ok(());
    }
    for (read, row) in content.rows()?.enumerate() {
        let row = row?;
        if let Some(position) = positions.remove(&row.number) {
            if let Some(cells) = keep_cells(&row, with_surplus) {
                issues.set_cells(position, cells);
            }
            if positions.is_empty() {
                break;
            }
        }
        if read % ROWS_PER_STOP_CHECK == 0 {
            comparison.items.check_stop()?;
        }
    }
    Ok(())
}

/// The table that was read: its columns as items have them, the digest of its content, and its tab.
pub(super) fn read_table(content: &dyn FetchedContent, layout: &ColumnLayout) -> ReadTable {
    ReadTable {
        content_hash: content.validators().body_hash.clone(),
        tab: content.tab_number(),
        ..ReadTable::new(layout.column_names(), &content.excluded_positions())
    }
}
