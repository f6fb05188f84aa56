//! The third step, the second reading of the content: writes what differs in fenced batches, or collects what a sync
//! would change.

mod batch;
mod merge_stored;

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use self::batch::ApplyBatch;
use self::merge_stored::{MergedItems, StoredMerge, added};
use super::comparison::StoredItems;
use super::context::RunContext;
use super::key_index::{KeyIndex, index_row};
use super::previewed_changes::PreviewedChanges;
use super::row_rules::RowClass;
use super::run_stop::RunStop;
use super::survey::source_survey::SourceSurvey;
use crate::domain::item::ColumnLayout;
use crate::domain::operation::Stage;
use crate::domain::progress::{ProgressCount, RunStats};
use crate::domain::run_text;
use crate::fetch::FetchedContent;
use crate::store::batch::ItemBatch;
use crate::store::column_snapshots::ColumnSnapshot;
use crate::store::lease::RunProgress;
use crate::sync::run_signal::StopReason;

/// Reads all rows again and writes the items that differ from the catalog. Returns the counts.
///
/// # Errors
/// [`RunStop`] when the content cannot be read, a batch cannot be written, or the run has to end. Batches that were
/// written stay.
pub(in crate::sync) fn apply_rows(
    context: &RunContext<'_>,
    content: &dyn FetchedContent,
    compared: ComparedRows<'_>,
) -> Result<RunStats, RunStop> {
    let readings = if context.operation.options.apply_preview.is_some() { 2 } else { 1 };
    ApplyStep { context, compared, readings }.run(content, ApplyTarget::Catalog)
}

/// Reads all rows again and adds what a sync would add and update to `changes`. Returns the counts.
///
/// # Errors
/// [`RunStop`] when the content cannot be read, or the run has to end.
pub(in crate::sync) fn collect_changes(
    context: &RunContext<'_>,
    content: &dyn FetchedContent,
    compared: ComparedRows<'_>,
    changes: &mut PreviewedChanges,
) -> Result<RunStats, RunStop> {
    let (readings, target) = match context.operation.options.apply_preview {
        // A sync that applies a preview compares all changes first and reads the rows once more to write them.
        Some(_) => (2, ApplyTarget::Check(changes)),
        None => (1, ApplyTarget::Preview(changes)),
    };
    ApplyStep { context, compared, readings }.run(content, target)
}

/// The rows of a source as they were compared with the catalog.
#[derive(Clone, Copy)]
pub(in crate::sync) struct ComparedRows<'a> {
    pub(in crate::sync) layout: &'a ColumnLayout,
    pub(in crate::sync) index: &'a KeyIndex,
    pub(in crate::sync) survey: &'a SourceSurvey<'a>,
}

impl ComparedRows<'_> {
    /// Returns the columns of the source with their types.
    pub(in crate::sync) fn columns(&self) -> ColumnSnapshot {
        ColumnSnapshot { columns: self.layout.column_names().to_vec(), column_types: self.survey.types.clone() }
    }
}

/// The destination of changes: the catalog, the list of a preview, or a comparison with an earlier preview.
enum ApplyTarget<'a> {
    Catalog,
    Preview(&'a mut PreviewedChanges),
    Check(&'a mut PreviewedChanges),
}

/// The values that the reading and the writing thread share.
#[derive(Clone, Copy)]
struct ApplyStep<'a> {
    context: &'a RunContext<'a>,
    compared: ComparedRows<'a>,
    /// How often the run reads all rows in this stage; the catalog is written in the last reading.
    readings: u64,
}

/// The progress of the writing.
struct BatchCursor {
    /// The columns, until the first batch has written them.
    columns: Option<ColumnSnapshot>,
    /// Batches that were written.
    batches: i64,
    /// Rows that turned out to be unchanged when they were merged with what is stored.
    unchanged: u64,
}

impl ApplyStep<'_> {
    /// Reading and writing take about the same time, so they run side by side: while one batch is written the next is
    /// read and compared. At most two batches wait between them, so memory stays flat.
    fn run(&self, content: &dyn FetchedContent, mut target: ApplyTarget<'_>) -> Result<RunStats, RunStop> {
        let items = ProgressCount { processed: 0, total: self.compared.survey.rows };
        let first = RunStats { items, ..self.context.reporter.current().stats };
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(1);
            let writer = scope.spawn(move || self.write_batches(&receiver, first, &mut target));
            let read = self.read_batches(content, first, &sender);
            drop(sender);
            // A panic of the writer is raised again here; the caller of the run catches it.
            let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            // If writing failed, reading failed as a consequence, because its receiver was gone. So the writer's error
            // comes first.
            let stats = written?;
            read.map(|()| stats)
        })
    }

    /// Reads and compares all rows and sends them on in batches.
    fn read_batches(
        &self,
        content: &dyn FetchedContent,
        first: RunStats,
        sender: &SyncSender<ApplyBatch>,
    ) -> Result<(), RunStop> {
        // The channel closes early only when the writer fails. The caller returns the writer's error instead of this
        // one.
        let disconnected = |_| RunStop::Early(StopReason::LeaseLost);
        let is_forced = self.context.operation.options.force_refresh;
        let mut batch = ApplyBatch::new(first);
        for row in content.rows()? {
            let row = row?;
            batch.rows += 1;
            batch.stats.items.processed += 1;
            match self.compared.survey.rules.classify(&row) {
                RowClass::Header | RowClass::NothingEntered => {}
                RowClass::WithoutKey(_) | RowClass::Surplus(_) | RowClass::Refused(_) => batch.stats.rejected += 1,
                RowClass::Keyed(key) => match self.compared.index.find_row(key, index_row(&row)) {
                    None => batch.stats.rejected += 1,
                    Some(found) => {
                        batch.add_row(self.compared.layout, found, &row, self.compared.survey.has_pending, is_forced);
                    }
                },
            }
            if batch.is_full() {
                let next = ApplyBatch::new(batch.stats);
                sender.send(std::mem::replace(&mut batch, next)).map_err(disconnected)?;
            }
        }
        if batch.rows > 0 {
            sender.send(batch).map_err(disconnected)?;
        }
        Ok(())
    }

    /// Writes batches as they arrive. Returns the counts after the last batch.
    fn write_batches(
        &self,
        receiver: &Receiver<ApplyBatch>,
        first: RunStats,
        target: &mut ApplyTarget<'_>,
    ) -> Result<RunStats, RunStop> {
        let mut cursor = BatchCursor { columns: Some(self.compared.columns()), batches: 0, unchanged: 0 };
        let mut stats = first;
        for batch in receiver {
            self.context.check_stop()?;
            stats = self.write_batch(batch, target, &mut cursor)?;
        }
        Ok(stats)
    }

    /// Writes one batch together with the progress it makes. Returns the counts.
    fn write_batch(
        &self,
        batch: ApplyBatch,
        target: &mut ApplyTarget<'_>,
        cursor: &mut BatchCursor,
    ) -> Result<RunStats, RunStop> {
        let RunContext { reporter, operation, source, weights, .. } = self.context;
        let ApplyBatch { new, changed, mut stats, .. } = batch;
        let merge = StoredMerge {
            layout: self.compared.layout,
            renamed: &self.compared.survey.renamed,
            is_forced: operation.options.force_refresh,
        };
        let keys = StoredMerge::compared_keys(&changed);
        let stored = if keys.is_empty() { HashMap::new() } else { self.context.stored_fields(&keys)? };
        let MergedItems { changed, refreshed, changes, unchanged } = merge.merge(changed, stored);
        cursor.unchanged += unchanged;
        stats.updated = stats.updated.saturating_sub(cursor.unchanged);
        stats.unchanged += cursor.unchanged;
        let items = stats.items;
        stats.articles = stats.articles.map(|found| processed_articles(found, items));
        let rows_read = match target {
            ApplyTarget::Catalog => items.processed + (self.readings - 1) * items.total,
            ApplyTarget::Preview(_) | ApplyTarget::Check(_) => items.processed,
        };
        let progress = RunProgress {
            stage: Stage::Processing,
            message: run_text::syncing_message(&source.noun, items),
            percent: weights.overall_percent(Stage::Processing, rows_read, items.total * self.readings),
            stats,
        };
        match target {
            ApplyTarget::Preview(previewed) => {
                new.iter().map(added).chain(changes).for_each(|change| previewed.add_change(change));
                reporter.report(progress);
            }
            ApplyTarget::Check(previewed) => {
                new.iter().map(added).chain(changes).for_each(|change| previewed.add_change(change));
                // Nothing is written in this reading, so the counts stay as they are.
                let RunProgress { message, stats, .. } = reporter.current();
                reporter.report(RunProgress { message, stats, ..progress });
            }
            ApplyTarget::Catalog if new.is_empty() && changed.is_empty() && refreshed.is_empty() => {
                reporter.report(progress);
            }
            ApplyTarget::Catalog => {
                cursor.batches += 1;
                let (number, columns) = (cursor.batches, cursor.columns.take());
                let batch = ItemBatch { number, new, changed, refreshed, changes, columns, ..ItemBatch::default() };
                self.context.retry_while_unavailable(|| reporter.write_batch(&batch, &progress))?;
            }
        }
        Ok(stats)
    }
}

/// Returns the count of processed articles. Some of the articles that were found may be left for the next sync.
fn processed_articles(found: ProgressCount, items: ProgressCount) -> ProgressCount {
    ProgressCount { processed: items.processed, total: found.total.max(items.total) }
}
