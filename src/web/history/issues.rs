//! Builds the table of issues of a run from its stored issues.

use std::collections::BTreeMap;

use super::issue_view::{CorrectionResult, IssueCell, IssueSection, IssueTableRow};
use crate::domain::account::{Actor, Role};
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::kept_cells::KeptCells;
use crate::domain::record::SyncRecord;
use crate::domain::rows::corrected_rows::SkippedRows;
use crate::domain::rows::skipped_row::cell_names;
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::domain::text::counts::group_digits;
use crate::store::issues::IssueCounts;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::clip_text;
use crate::web::panel::issue_links::IssueLinks;

/// The most cells of a row that are shown, besides the one that the issue is about.
const MAX_SHOWN_CELLS: usize = 12;
/// The most characters of a cell.
const MAX_CELL_CHARS: usize = 60;
/// The most characters of a reason.
const MAX_REASON_CHARS: usize = 400;

/// Returns what is known of the skipped rows `issues` of a run, to compare corrected rows with.
pub(super) fn load_skipped_rows(state: &AppState, run: SyncId, issues: &[Issue]) -> Result<SkippedRows, WebError> {
    let table = state.store.find_read_table(run)?.unwrap_or_default();
    let cells = |issue: &Issue| Some((issue.row?, issue.cells.as_ref().map(KeptCells::to_cells)?));
    let rows: BTreeMap<u64, Vec<String>> = issues.iter().filter_map(cells).collect();
    Ok(SkippedRows { columns: table.kept_columns(), content_hash: table.content_hash.unwrap_or_default(), rows })
}

/// The section of the issues of a run, without its rows.
pub(super) fn issue_section(
    state: &AppState,
    actor: &Actor,
    record: &SyncRecord,
    source: Option<&Source>,
    counts: IssueCounts,
    correction: Option<CorrectionResult>,
) -> IssueSection {
    let takes_corrections = actor.role == Role::Admin
        && counts.with_cells > 0
        && source.is_some_and(|source| state.control.accepts_corrected_rows(source));
    IssueSection {
        with_cells: counts.with_cells,
        skipped: record.summary.stats.rejected.max(counts.with_cells + counts.without_cells),
        takes_corrections,
        correction: correction.filter(|_| takes_corrections),
        ..IssueSection::default()
    }
}

/// An issue of a row as a line of the table.
pub(super) fn issue_row(issue: &Issue, links: &IssueLinks<'_>, columns: &[String]) -> IssueTableRow {
    let cells = issue.cells.as_ref().map(KeptCells::to_cells).unwrap_or_default();
    let names = cell_names(columns, cells.len());
    let marked = issue.column.as_deref().and_then(|column| names.iter().position(|name| name == column));
    // An issue of no column is marked in the cells beyond the last column, if there are any.
    let is_marked = |at: usize| marked.map_or(at >= columns.len(), |marked| marked == at);
    let shown: Vec<IssueCell> = names
        .iter()
        .zip(&cells)
        .enumerate()
        .filter(|(at, _)| *at < MAX_SHOWN_CELLS || marked == Some(*at))
        .map(|(at, (name, value))| IssueCell {
            name: clip_text(name, MAX_CELL_CHARS),
            value: clip_text(value, MAX_CELL_CHARS),
            is_marked: is_marked(at),
        })
        .collect();
    IssueTableRow {
        row: issue.row.map(group_digits),
        href: links.cell_link(issue),
        column: issue.column.as_deref().map(|name| clip_text(name, MAX_CELL_CHARS)),
        is_skipped: issue.kind == IssueKind::Refused,
        more_cells: cells.len() - shown.len(),
        cells: shown,
        reason: clip_text(&issue.reason, MAX_REASON_CHARS),
    }
}
