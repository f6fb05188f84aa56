//! The second reading: writes what differs in fenced batches, or in a preview only says what would differ.

use std::borrow::Cow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::column_changes::RenamedColumn;
use super::compare::{FoundRow, KeyIndex, RowComparison, place};
use super::database_retry::outlast;
use super::merge_stored::{MergedItems, PendingItem, added};
use super::outcome::RunStop;
use super::pending_cells::pending_cells;
use super::row_rules::RowSort;
use super::survey::SourceSurvey;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::item::{ColumnLayout, search_text};
use crate::domain::operation::Stage;
use crate::domain::progress::{ProgressCount, RunStats, StageWeights};
use crate::domain::rows::row::TextRow;
use crate::domain::run_text;
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::fetch::FetchedContent;
use crate::store::batch::ItemBatch;
use crate::store::item_write::ItemWrite;
use crate::store::lease::RunProgress;
use crate::store::{Store, StoreError};
use crate::sync::progress::reporter::ProgressReporter;
use crate::sync::run_signal::{RunSignal, StopReason};

/// A batch is written when it holds this many rows …
const BATCH_ROWS: usize = 1000;
/// … or this many bytes of fields: rows can be large, and memory must not grow with them.
const BATCH_BYTES: usize = 4 << 20;
/// How many changes of a preview are kept by name; all are counted.
const PREVIEWED: usize = 10_000;

/// Where changes go.
pub(super) enum ApplyTarget {
    /// Into the catalog.
    Catalog,
    /// Into the result of a preview.
    Preview(Vec<Change>),
}

/// The second reading of one run.
pub(super) struct ApplyStep<'a> {
    pub(super) id: SyncId,
    pub(super) store: &'a Store,
    pub(super) source: &'a Source,
    pub(super) weights: StageWeights,
    pub(super) layout: &'a ColumnLayout,
    pub(super) index: &'a KeyIndex,
    /// The columns that have another name now.
    pub(super) renamed: &'a [RenamedColumn],
    pub(super) reporter: &'a ProgressReporter,
    pub(super) signal: &'a RunSignal,
    /// Whether items with an unchanged hash are written too.
    pub(super) force: bool,
}

/// Rows that were read and compared, on their way to their destination.
struct ApplyBatch {
    new: Vec<ItemWrite>,
    changed: Vec<PendingItem>,
    bytes: usize,
    rows: usize,
    /// The counts as they are once this portion has arrived.
    stats: RunStats,
}

impl ApplyBatch {
    fn after(stats: RunStats) -> Self {
        Self { new: Vec::new(), changed: Vec::new(), bytes: 0, rows: 0, stats }
    }

    fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }
}

/// The articles that are processed by now. Of those that were found some may be left for the next sync.
fn articles(found: ProgressCount, items: ProgressCount) -> ProgressCount {
    ProgressCount { processed: items.processed, total: found.total.max(items.total) }
}

/// How far the writing is.
struct BatchCursor {
    /// The columns, until the first batch has taken them along.
    columns: Option<Vec<String>>,
    /// Batches until now.
    batches: i64,
    /// Rows that differed from the catalog in nothing but the spelling of their keys, or values still loading.
    unchanged: u64,
}

impl ApplyStep<'_> {
    /// Does a step that asks the database, and waits with it while that is away.
    pub(super) fn outlast<T>(&self, step: impl FnMut() -> Result<T, StoreError>) -> Result<T, RunStop> {
        outlast(self.id, self.signal, Some(self.reporter), step)
    }

    /// Reads all rows once more and sends what differs to `destination`. Answers the counts.
    ///
    /// Reading and writing take about as long as each other, so they go side by side: while one portion is written the
    /// next is read and compared. Between them wait at most two, so memory stays flat.
    pub(super) fn run(
        &self,
        content: &dyn FetchedContent,
        survey: &SourceSurvey<'_>,
        destination: &mut ApplyTarget,
    ) -> Result<RunStats, RunStop> {
        let first = RunStats { items: ProgressCount { processed: 0, total: survey.rows }, ..self.reporter.now().stats };
        let columns = self.layout.columns().to_vec();
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(1);
            let arrived = scope.spawn(move || self.deliver(&receiver, columns, first, destination));
            let read = self.read(content, survey, first, &sender);
            drop(sender);
            // A panic over there is one here: the worker's edge catches it.
            let arrived = arrived.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            // When delivering failed, reading failed too, with nobody left to send to: the first cause is told.
            let stats = arrived?;
            read.map(|()| stats)
        })
    }

    /// Reads and compares all rows, and sends them on in portions.
    fn read(
        &self,
        content: &dyn FetchedContent,
        survey: &SourceSurvey<'_>,
        first: RunStats,
        portions: &SyncSender<ApplyBatch>,
    ) -> Result<(), RunStop> {
        let nobody = |_| RunStop::Early(StopReason::LeaseLost);
        let mut portion = ApplyBatch::after(first);
        for row in content.rows()? {
            let row = row?;
            portion.rows += 1;
            portion.stats.items.processed += 1;
            match survey.rules.sort(&row) {
                RowSort::Header | RowSort::Unfilled => {}
                RowSort::Unkeyed(_) | RowSort::Surplus(_) | RowSort::Refused(_) => portion.stats.rejected += 1,
                RowSort::Keyed(key) => match self.index.find(key, place(&row)) {
                    None => portion.stats.rejected += 1,
                    Some(found) => self.sort(&mut portion, found, &row, survey.has_pending),
                },
            }
            if portion.is_full() {
                let next = ApplyBatch::after(portion.stats);
                portions.send(std::mem::replace(&mut portion, next)).map_err(nobody)?;
            }
        }
        if portion.rows > 0 {
            portions.send(portion).map_err(nobody)?;
        }
        Ok(())
    }

    /// Takes portions to their destination as they come.
    fn deliver(
        &self,
        portions: &Receiver<ApplyBatch>,
        columns: Vec<String>,
        first: RunStats,
        destination: &mut ApplyTarget,
    ) -> Result<RunStats, RunStop> {
        let mut course = BatchCursor { columns: Some(columns), batches: 0, unchanged: 0 };
        let mut done = first;
        for mut portion in portions {
            portion.stats.articles = portion.stats.articles.map(|found| articles(found, portion.stats.items));
            if let Some(reason) = self.signal.reason() {
                return Err(RunStop::Early(reason));
            }
            done = self.flush(portion, destination, &mut course)?;
        }
        Ok(done)
    }

    fn sort(&self, portion: &mut ApplyBatch, found: FoundRow<'_>, row: &TextRow, has_pending: bool) {
        let pending_cells = if has_pending { pending_cells(row) } else { Vec::new() };
        let mut cells = Cow::Borrowed(&row.cells);
        if found.standing == RowComparison::New {
            pending_cells.iter().for_each(|&position| cells.to_mut()[position].clear());
        }
        let item = self.layout.item(&cells);
        let kind = match found.standing {
            RowComparison::Present(hash) if hash == item.hash && !self.force => {
                portion.stats.unchanged += 1;
                return;
            }
            RowComparison::Present(_) => ChangeKind::Updated,
            RowComparison::New | RowComparison::Returns => ChangeKind::Added,
        };
        portion.bytes += item.fields.len() * 2;
        let search_text = search_text(&cells);
        let key = found.stored_key.map_or(item.key, Cow::into_owned);
        let write = ItemWrite { key, fields: item.fields, hash: item.hash, search_text };
        match kind {
            ChangeKind::Updated => portion.stats.updated += 1,
            _ => portion.stats.added += 1,
        }
        if found.standing == RowComparison::New {
            portion.new.push(write);
        } else {
            let key_cell = Some(self.layout.key_cell(&cells)).filter(|cell| *cell != write.key).map(str::to_owned);
            portion.changed.push(PendingItem { write, kind, key_cell, pending_cells });
        }
    }

    /// Takes one portion to its destination, together with the progress it makes. Answers the counts.
    fn flush(
        &self,
        portion: ApplyBatch,
        destination: &mut ApplyTarget,
        course: &mut BatchCursor,
    ) -> Result<RunStats, RunStop> {
        let ApplyBatch { new, changed, mut stats, .. } = portion;
        let MergedItems { changed, changes, unchanged } = self.settle(changed)?;
        course.unchanged += unchanged;
        stats.updated = stats.updated.saturating_sub(course.unchanged);
        stats.unchanged += course.unchanged;
        let items = stats.items;
        let progress = RunProgress {
            stage: Stage::Processing,
            message: run_text::syncing_message(&self.source.noun, items),
            percent: self.weights.percent(Stage::Processing, items.processed, items.total),
            stats,
        };
        match destination {
            ApplyTarget::Preview(found) => {
                let room = PREVIEWED.saturating_sub(found.len());
                found.extend(new.iter().map(added).chain(changes).take(room));
                self.reporter.set(progress);
            }
            ApplyTarget::Catalog if new.is_empty() && changed.is_empty() => self.reporter.set(progress),
            ApplyTarget::Catalog => {
                course.batches += 1;
                let batch = ItemBatch { number: course.batches, new, changed, changes, columns: course.columns.take() };
                self.outlast(|| self.reporter.write_batch(&batch, &progress))?;
            }
        }
        Ok(stats)
    }
}
