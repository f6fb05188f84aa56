//! An undo: reverts the changes of an earlier run, as far as no other run has changed the same items since.

use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::operation::{Stage, Status};
use crate::domain::progress::{ProgressCount, RunStats, StageWeights};
use crate::domain::run_text::undo::{UNDO_TARGET_MISSING, undoing_message, undone_message};
use crate::domain::sync_id::SyncId;
use crate::domain::undo_forecast::UndoForecast;
use crate::store::batch::ItemBatch;
use crate::store::catalogs::Catalog;
use crate::store::column_snapshots::ColumnSnapshot;
use crate::store::finish::{AppliedChanges, RunEnding, SettledChange};
use crate::store::item_write::ItemWrite;
use crate::store::lease::RunProgress;
use crate::store::undo::UndoCursor;
use crate::sync::run::comparison::StoredItems;
use crate::sync::run::context::RunContext;
use crate::sync::run::findings::RunFindings;
use crate::sync::run::finish::begin_finalizing;
use crate::sync::run::run_stop::RunStop;

/// An undo fetches nothing.
const UNDO_WEIGHTS: StageWeights = StageWeights { fetching: 0, processing: 95, finalizing: 5 };

/// Runs the steps of an undo.
///
/// # Errors
/// [`RunStop::Failed`] (`not_found`) when the run to undo is not known; another [`RunStop`] when a step fails or the
/// run has to end. Batches that were written stay.
pub(super) fn run(context: &RunContext<'_>, findings: &mut RunFindings) -> Result<RunEnding, RunStop> {
    let Some(target) = context.operation.options.undo_of else {
        return Err(RunStop::Failed { code: "not_found", message: UNDO_TARGET_MISSING.to_owned() });
    };
    let store = context.store();
    let forecast = context.retry_while_unavailable(|| store.undo_forecast(target))?;
    let columns = context.retry_while_unavailable(|| store.columns_before(target))?;
    let has_later = context.retry_while_unavailable(|| store.has_later_changes(context.source.id, target))?;
    let columns = columns.map(|before| if has_later { append_columns(before, &context.catalog) } else { before });
    let mut progress = RunProgress {
        stage: Stage::Processing,
        message: undoing_message(ProgressCount { processed: 0, total: forecast.touched_items() }),
        percent: 0,
        stats: RunStats {
            items: ProgressCount { processed: 0, total: forecast.touched_items() },
            ..RunStats::default()
        },
    };
    context.reporter.report(progress.clone());
    // The columns are stored with the first batch, which also deletes the validators: until the next sync the catalog
    // matches no version of its source.
    let mut first_columns = Some(columns.clone().unwrap_or_else(|| {
        let Catalog { columns, column_types, .. } = context.catalog.clone();
        ColumnSnapshot { columns, column_types }
    }));
    let mut number = 0;
    let mut cursor = Some(UndoCursor::first());
    while let Some(from) = cursor {
        context.check_stop()?;
        let page = context.retry_while_unavailable(|| store.undo_page(target, from))?;
        cursor = page.next;
        if page.changes.is_empty() && first_columns.is_none() {
            continue;
        }
        number += 1;
        count_changes(&mut progress.stats, &page.changes);
        progress.message = undoing_message(progress.stats.items);
        let ProgressCount { processed, total } = progress.stats.items;
        progress.percent = UNDO_WEIGHTS.overall_percent(Stage::Processing, processed, total);
        let batch = build_batch(number, page.changes, first_columns.take())?;
        context.retry_while_unavailable(|| context.reporter.write_batch(&batch, &progress))?;
    }
    findings.stats = progress.stats;
    begin_finalizing(context, progress.stats)?;
    Ok(undone(context, std::mem::take(findings), target, forecast, columns))
}

/// Appends the columns that the catalog has beyond those from before the run, so that the fields of items which were
/// changed later stay readable.
fn append_columns(mut before: ColumnSnapshot, catalog: &Catalog) -> ColumnSnapshot {
    before.column_types.resize(before.columns.len(), ColumnType::default());
    for name in &catalog.columns {
        if !before.columns.contains(name) {
            before.column_types.push(catalog.column_type(name));
            before.columns.push(name.clone());
        }
    }
    before
}

/// Adds the changes of a page to the counts.
fn count_changes(stats: &mut RunStats, changes: &[Change]) {
    let count = |kind| changes.iter().filter(|change| change.kind == kind).count() as u64;
    stats.added += count(ChangeKind::Added);
    stats.updated += count(ChangeKind::Updated);
    stats.removed += count(ChangeKind::Removed);
    stats.items.processed += changes.len() as u64;
    stats.items.total = stats.items.total.max(stats.items.processed);
}

/// Builds the batch that makes these changes.
fn build_batch(number: i64, changes: Vec<Change>, columns: Option<ColumnSnapshot>) -> Result<ItemBatch, RunStop> {
    let (mut changed, mut removed) = (Vec::new(), Vec::new());
    for Change { key, after, .. } in &changes {
        match after {
            Some(fields) => changed.push(ItemWrite::from_fields(key, fields)?),
            None => removed.push(key.clone()),
        }
    }
    Ok(ItemBatch { number, changed, removed, changes, columns, ..ItemBatch::default() })
}

fn undone(
    context: &RunContext<'_>,
    findings: RunFindings,
    target: SyncId,
    forecast: UndoForecast,
    before: Option<ColumnSnapshot>,
) -> RunEnding {
    let stats = findings.stats;
    let done = UndoForecast { returns: stats.added, restores: stats.updated, removes: stats.removed, ..forecast };
    let message = undone_message(&context.source.noun, done, context.source.has_paused_schedule());
    let (columns, column_types) = before.map(|before| (before.columns, before.column_types)).unzip();
    let settled = SettledChange::Revert { target, returned: stats.added };
    let applied = AppliedChanges { columns, column_types, settled, ..AppliedChanges::default() };
    RunEnding { applied: Some(applied), ..findings.into_ending(Status::Completed, message) }
}
