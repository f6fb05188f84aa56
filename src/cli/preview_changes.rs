//! Prints what a sync would change, item by item, after a preview.

use serde_json::{Value, json};

use super::output::{CommandError, print_answer, to_single_line};
use crate::app::App;
use crate::domain::change_entry::ChangeEntry;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::operation::OperationKind;
use crate::domain::progress::RunStats;
use crate::domain::run_text::change_labels::change_label;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::domain::text::counts::group_digits;
use crate::domain::text::shortening::shorten_text;
use crate::store::changes::{ChangeCursor, ChangeFilter};

/// How many items are printed for people. The rest is counted.
const MAX_PRINTED_ITEMS: u64 = 200;
/// How many fields of a new or removed item are printed.
const MAX_PRINTED_FIELDS: usize = 4;
/// How many changes are read at a time.
const CHANGES_PER_READ: u32 = 500;
/// The same for items that would be withheld.
const ITEMS_PER_READ: i64 = 500;

/// Prints the changes that a preview found: added, updated and removed items with their fields, then those whose
/// removal would be withheld.
pub(super) fn print_changes(app: &App, last: &StatusReport) -> Result<(), CommandError> {
    let (mut seen, mut printed) = (0, 0);
    for_each_change(app, last.summary.id, |change, is_withheld| {
        seen += 1;
        if printed == MAX_PRINTED_ITEMS {
            return Ok(());
        }
        printed += 1;
        print_answer(&format_change(&change, is_withheld))
    })?;
    let left = count_changes(app, last)?.max(seen) - printed;
    if left > 0 {
        let kept = if seen < printed + left { format!("the first {}", group_digits(seen)) } else { "all".to_owned() };
        print_answer(&format!("  … and {} more. Use --json to list {kept}.", group_digits(left)))?;
    }
    Ok(())
}

/// Returns the last status of a preview as JSON, with the changes that it found. Of very many changes a preview keeps
/// the first ones: `changesTotal` counts all.
pub(super) fn status_with_changes(app: &App, last: &StatusReport) -> Result<Value, CommandError> {
    let mut entries = Vec::new();
    for_each_change(app, last.summary.id, |change, is_withheld| {
        entries.push(if is_withheld { ChangeEntry::parse_withheld(change)? } else { ChangeEntry::parse(change)? });
        Ok(())
    })?;
    let mut status = serde_json::to_value(last)?;
    status["changesTotal"] = json!(count_changes(app, last)?.max(entries.len() as u64));
    status["changes"] = json!(entries);
    Ok(status)
}

/// Returns the number of changes that a preview found, with the removals that a sync would withhold.
fn count_changes(app: &App, last: &StatusReport) -> Result<u64, CommandError> {
    let withheld = app.store.find_record(last.summary.id)?.map_or(0, |record| record.withheld_removals);
    let RunStats { added, updated, removed, .. } = last.summary.stats;
    Ok(added + updated + removed + withheld)
}

/// Visits the changes of a preview in the order in which pages list them, then the items that would be withheld.
fn for_each_change(
    app: &App,
    preview: SyncId,
    mut visit: impl FnMut(Change, bool) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let filter = ChangeFilter::default();
    let mut cursor = Some(ChangeCursor::default());
    while let Some(from) = cursor {
        let (changes, next) = app.store.changes_after(preview, &filter, from, CHANGES_PER_READ)?;
        changes.into_iter().try_for_each(|change| visit(change, false))?;
        cursor = next;
    }
    let mut after = String::new();
    loop {
        let found = app.store.withheld_items_after(preview, &after, ITEMS_PER_READ)?;
        let Some(last) = found.last() else { break };
        after.clone_from(&last.key);
        found.into_iter().try_for_each(|removal| visit(removal, true))?;
    }
    Ok(())
}

/// A change as a line: its kind, its key, and the fields that differ.
fn format_change(change: &Change, is_withheld: bool) -> String {
    let label = if is_withheld { "to review" } else { change_label(change.kind, OperationKind::Preview) };
    let fields = change.field_changes();
    let shown: Vec<String> = fields
        .iter()
        .filter(|field| {
            change.kind == ChangeKind::Updated
                || !is_key_or_empty(change, field.before.as_ref().or(field.after.as_ref()))
        })
        .map(|field| {
            let value = |side: &Option<String>| shorten_text(side.as_deref().unwrap_or_default());
            match change.kind {
                ChangeKind::Updated => format!("{}: {} → {}", field.label(), value(&field.before), value(&field.after)),
                ChangeKind::Added => format!("{}: {}", field.label(), value(&field.after)),
                ChangeKind::Removed => format!("{}: {}", field.label(), value(&field.before)),
            }
        })
        .collect();
    let limit = if change.kind == ChangeKind::Updated { shown.len() } else { MAX_PRINTED_FIELDS };
    let more = if shown.len() > limit { ", …" } else { "" };
    let fields = shown.into_iter().take(limit).collect::<Vec<_>>().join(", ");
    let fields = to_single_line(&format!("{fields}{more}"));
    format!("  {label:<9} {}  {fields}", to_single_line(&change.key)).trim_end().to_owned()
}

/// Whether a value says nothing beyond the key of its item.
fn is_key_or_empty(change: &Change, value: Option<&String>) -> bool {
    value.is_none_or(|value| value.trim().is_empty() || value.trim() == change.key)
}
