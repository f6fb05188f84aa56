//! Builds the views of runs, issues and changes that the panel and the history show.

use super::view::{ChangeKind, ChangeLine, FieldChange, IssueLine, RunView};
use crate::domain::change_set::Change;
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::item::parse_fields;
use crate::domain::operation::{Mode, Stage, Status};
use crate::domain::progress::RunStats;
use crate::domain::record::SyncRecord;
use crate::domain::status_report::StatusReport;
use crate::domain::text::counts::group_digits;
use crate::web::http::form::clip_text;
use crate::web::layout::item_title::find_title_column;
use crate::web::layout::time_label::time_label;

/// The most characters of a value in a list.
const MAX_VALUE_CHARS: usize = 200;

/// A finished run as its record describes it, for those who may read the history. Its lists stay empty.
pub(in crate::web) fn finished_run_view(record: &SyncRecord) -> RunView {
    let RunStats { added, updated, removed, .. } = record.summary.stats;
    RunView {
        is_full: record.mode == Mode::Full,
        message: record.summary.message.clone(),
        progress: record.summary.progress,
        stats: record.summary.stats,
        error: record.summary.error.clone(),
        code: record.summary.code.clone(),
        attempt: u32::try_from(record.summary.attempt).unwrap_or(1),
        requested_by: Some(record.requested_by.clone()),
        successor: record.summary.successor.map(|id| id.to_string()),
        withheld: record.withheld_removals,
        issues_total: record.issues,
        changes_total: added + updated + removed,
        finished_at: Some(time_label(record.finished_at)),
        duration_ms: duration_ms(record),
        ..RunView::new(record.summary.id.to_string(), record.summary.kind, record.summary.status)
    }
}

pub(super) fn duration_ms(record: &SyncRecord) -> Option<u64> {
    record.timestamps.started_at.and_then(|start| u64::try_from((record.finished_at - start).num_milliseconds()).ok())
}

/// A run as its status report describes it. `seen` is the percentage that the reader has seen.
pub(in crate::web) fn reported_run_view(report: &StatusReport, seen: u8) -> RunView {
    RunView {
        stage: report.summary.stage.unwrap_or(Stage::Fetching),
        message: report.summary.message.clone(),
        progress: shown_progress(report.summary.status, report.summary.progress, seen),
        stats: report.summary.stats,
        rate: report.rate,
        eta_seconds: report.eta_seconds,
        error: report.summary.error.clone(),
        code: report.summary.code.clone(),
        attempt: u32::try_from(report.summary.attempt).unwrap_or(1),
        successor: report.summary.successor.map(|id| id.to_string()),
        ..RunView::new(report.summary.id.to_string(), report.summary.kind, report.summary.status)
    }
}

/// The percentage to show: never less than the reader has seen, and 100 only for a completed run.
fn shown_progress(status: Status, reported: u8, seen: u8) -> u8 {
    if status == Status::Completed { 100 } else { reported.max(seen).min(99) }
}

/// An issue as a list shows it. An issue of feeds names the feed where that of a table names the column.
pub(in crate::web) fn issue_line(issue: Issue, is_of_feeds: bool) -> IssueLine {
    let is_of_feed = is_of_feeds && issue.row.is_none();
    let place = match (issue.row, issue.column) {
        (None, Some(feed)) if is_of_feeds => clip_text(&feed, MAX_VALUE_CHARS),
        (None, None) if is_of_feeds => "All feeds".to_owned(),
        (row, column) => {
            let row = row.map_or("All rows".to_owned(), |row| format!("Row {}", group_digits(row)));
            column.map_or(row.clone(), |column| format!("{row}, {column}"))
        }
    };
    IssueLine {
        place,
        is_of_feed,
        is_skipped: issue.kind == IssueKind::Refused,
        reason: clip_text(&issue.reason, 2 * MAX_VALUE_CHARS),
    }
}

/// A change with the fields that differ. Fields that cannot be parsed are left out: the panel must not fail for them.
pub(in crate::web) fn change_line(change: &Change, noun: &str) -> ChangeLine {
    let parse = |side: &Option<String>| side.as_deref().and_then(|json| parse_fields(json).ok()).unwrap_or_default();
    let (before, after) = (parse(&change.before), parse(&change.after));
    let current = if after.is_empty() { &before } else { &after };
    let names: Vec<&str> = current.iter().map(|(name, _)| name.as_str()).collect();
    let title = find_title_column(&names, noun).map(|at| current[at].1.trim()).filter(|title| !title.is_empty());
    let fields = if change.kind == ChangeKind::Updated { changed_fields(&before, &after) } else { Vec::new() };
    ChangeLine { key: clip_text(title.unwrap_or(&change.key), MAX_VALUE_CHARS), kind: change.kind, fields }
}

/// The fields that differ, in the order of the current columns; then those whose columns were removed.
fn changed_fields(before: &[(String, String)], after: &[(String, String)]) -> Vec<FieldChange> {
    let clipped = |fields: &[(String, String)], name: &str| {
        fields.iter().find(|(other, _)| other == name).map(|(_, value)| clip_text(value, MAX_VALUE_CHARS))
    };
    let raw = |fields: &[(String, String)], name: &str| {
        fields.iter().position(|(other, _)| other == name).map(|at| fields[at].1.clone())
    };
    let removed = before.iter().filter(|(name, _)| raw(after, name).is_none());
    after
        .iter()
        .filter(|(name, value)| raw(before, name).as_deref() != Some(value))
        .chain(removed)
        .map(|(name, _)| FieldChange { name: name.clone(), old: clipped(before, name), new: clipped(after, name) })
        .collect()
}

#[cfg(test)]
mod tests;
