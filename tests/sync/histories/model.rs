//! The model: what a catalog holds after each run, by the rules as a person would say them. Rows come in blocks of a
//! hundred, so that a run has several batches and the model stays small.

use std::collections::BTreeMap;

use lockstep::domain::removal_review::ReviewReason;
use lockstep::domain::undo_forecast::UndoForecast;

use super::sheet::Sheet;

/// The number of blocks in a full sheet.
pub(super) const BLOCKS: usize = 24;
/// The number of rows in a block.
pub(super) const BLOCK_ROWS: usize = 100;
/// The number of blocks that a run writes together.
pub(super) const BATCH_BLOCKS: usize = 10;

/// The content of a block: its version, and whether it has the column `note`.
pub(super) type BlockContent = (u8, bool);

/// The key of a row of a block.
pub(super) fn block_key(block: usize, row: usize) -> String {
    format!("key-{block:02}-{row:02}")
}

/// What a run did to a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BlockChange {
    Added,
    Updated(BlockContent),
    Removed(BlockContent),
}

/// A block of items in the catalog, also after it was removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct BlockItems {
    content: BlockContent,
    is_live: bool,
    changed_by: usize,
}

/// What the guards allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Apply,
    Withhold,
    Empty,
    Rekey,
}

/// The columns of the catalog, and whether they have the column `note`: `None` before the first sync. The second value
/// is for the types of the columns.
type Columns = (Option<bool>, Option<bool>);

/// The removals that wait for a decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ModelReview {
    pub(super) blocks: Vec<usize>,
    pub(super) reason: ReviewReason,
    pub(super) is_kept: bool,
}

#[derive(Clone, Default)]
struct RunLog {
    changes: Vec<(usize, BlockChange)>,
    columns_before: Option<Columns>,
    /// By how many blocks it changed what later runs measure their removals by.
    settled_delta: isize,
}

/// The catalog as it should be.
#[derive(Clone, Default)]
pub(super) struct CatalogModel {
    blocks: BTreeMap<usize, BlockItems>,
    columns: Columns,
    columns_by: Option<usize>,
    settled: Option<usize>,
    pub(super) review: Option<ModelReview>,
    runs: Vec<RunLog>,
}

impl CatalogModel {
    /// Begins a run. Returns its number.
    pub(super) fn begin_run(&mut self) -> usize {
        self.runs.push(RunLog::default());
        self.runs.len() - 1
    }

    /// The content of all live blocks.
    pub(super) fn live_blocks(&self) -> BTreeMap<usize, BlockContent> {
        self.blocks.iter().filter(|(_, items)| items.is_live).map(|(block, items)| (*block, items.content)).collect()
    }

    /// Whether the catalog has the column `note`; `None` before the first sync.
    pub(super) fn columns(&self) -> Option<bool> {
        self.columns.0
    }

    /// What a run did, block by block.
    pub(super) fn changes_of(&self, run: usize) -> &[(usize, BlockChange)] {
        &self.runs[run].changes
    }

    fn is_live(&self, block: usize) -> bool {
        self.blocks.get(&block).is_some_and(|items| items.is_live)
    }

    /// The live blocks that the sheet does not have.
    pub(super) fn missing_blocks(&self, sheet: &Sheet) -> Vec<usize> {
        self.live_blocks().into_keys().filter(|block| !sheet.blocks.contains_key(block)).collect()
    }

    /// What the guards allow: an empty sheet never empties the catalog, and more than half of it is not removed
    /// unasked.
    pub(super) fn verdict(&self, sheet: &Sheet, accept_rekey: bool) -> Verdict {
        if sheet.blocks.is_empty() {
            return Verdict::Empty;
        }
        let live = self.live_blocks().len();
        let baseline = self.settled.unwrap_or(live).min(live);
        let removals = self.missing_blocks(sheet).len();
        let additions = sheet.blocks.keys().filter(|block| !self.is_live(**block)).count();
        let adds_most = (additions + live - baseline) * 2 > baseline;
        let removes_most = |removals: usize| removals > 0 && removals * 2 > baseline;
        let missing = self.missing_blocks(sheet);
        let list = self.review.as_ref().filter(|review| review.reason == ReviewReason::Withheld);
        let listed = list.map_or(0, |list| list.blocks.iter().filter(|block| missing.contains(block)).count());
        match (removes_most(removals), adds_most) {
            // Items that were kept are not removed without a new question.
            (false, _) if !accept_rekey && listed > 0 && list.is_some_and(|list| list.is_kept) => Verdict::Withhold,
            (false, _) => Verdict::Apply,
            (true, true) if accept_rekey => Verdict::Apply,
            // Items that were missing before say nothing about the key column.
            (true, true) if removes_most(removals - listed) => Verdict::Rekey,
            (true, _) => Verdict::Withhold,
        }
    }

    /// What a sync would write: the changes in the order of the rows, without removals.
    pub(super) fn pending_changes(&self, sheet: &Sheet) -> Vec<(usize, BlockContent, BlockChange)> {
        let change = |(block, content): (usize, BlockContent)| match self.blocks.get(&block) {
            Some(items) if items.is_live && items.content == content => None,
            Some(items) if items.is_live => Some((block, content, BlockChange::Updated(items.content))),
            _ => Some((block, content, BlockChange::Added)),
        };
        sheet.contents().into_iter().filter_map(change).collect()
    }

    /// Applies the first `batches` batches that have changes.
    pub(super) fn apply_batches(&mut self, run: usize, sheet: &Sheet, batches: usize) {
        let pending = self.pending_changes(sheet);
        let mut written = 0;
        for rows in sheet.contents().chunks(BATCH_BLOCKS) {
            let changes: Vec<_> = pending.iter().filter(|change| rows.iter().any(|row| row.0 == change.0)).collect();
            if changes.is_empty() || written == batches {
                continue;
            }
            written += 1;
            if written == 1 {
                self.set_columns(run, Some(sheet.has_note), self.columns.1);
            }
            for (block, content, change) in changes {
                self.change_block(run, *block, *content, true, *change);
            }
        }
    }

    /// Applies a sync that completes or that the guards refuse. Returns what they allowed.
    pub(super) fn sync(&mut self, run: usize, sheet: &Sheet, accept_rekey: bool) -> Verdict {
        let verdict = self.verdict(sheet, accept_rekey);
        let missing = self.missing_blocks(sheet);
        let reason = match verdict {
            Verdict::Apply => None,
            Verdict::Withhold => Some(ReviewReason::Withheld),
            Verdict::Empty => Some(ReviewReason::EmptySource),
            Verdict::Rekey => Some(ReviewReason::KeyChanged),
        };
        if matches!(verdict, Verdict::Apply | Verdict::Withhold) {
            self.apply_batches(run, sheet, usize::MAX);
            if verdict == Verdict::Apply {
                self.remove_blocks(run, &missing);
            }
            self.set_columns(run, Some(sheet.has_note), Some(sheet.has_note));
        }
        if verdict == Verdict::Apply {
            self.settle(run);
        }
        self.review = reason.filter(|_| !missing.is_empty()).map(|reason| {
            let known = self.review.take().filter(|review| (&review.blocks, review.reason) == (&missing, reason));
            known.unwrap_or(ModelReview { blocks: missing, reason, is_kept: false })
        });
        verdict
    }

    /// Applies a removal: of the listed blocks, those that the sheet still does not have.
    pub(super) fn remove_withheld(&mut self, run: usize, sheet: &Sheet) {
        let Some(review) = self.review.take() else { return };
        let missing = self.missing_blocks(sheet);
        let removals: Vec<usize> = review.blocks.into_iter().filter(|block| missing.contains(block)).collect();
        self.remove_blocks(run, &removals);
        self.settle(run);
    }

    /// What an undo of a run would do, in items.
    pub(super) fn forecast_undo(&self, run: usize) -> UndoForecast {
        let restores_columns = self.columns_by == Some(run);
        let mut forecast = UndoForecast { restores_columns, ..UndoForecast::default() };
        for (block, change) in &self.runs[run].changes {
            let rows = BLOCK_ROWS as u64;
            match change {
                _ if self.blocks[block].changed_by != run => forecast.leaves += rows,
                BlockChange::Added => forecast.removes += rows,
                BlockChange::Updated(_) => forecast.restores += rows,
                BlockChange::Removed(_) => forecast.returns += rows,
            }
        }
        forecast
    }

    /// Applies an undo: it touches a block only if the run is the last that changed it.
    pub(super) fn undo(&mut self, run: usize, target: usize) {
        let columns = self.runs[target].columns_before.filter(|_| self.columns_by == Some(target));
        // Items that were changed later keep their columns readable.
        let has_later = self.blocks.values().any(|items| items.is_live && items.changed_by > target);
        let columns = columns.map(|(names, types)| match names.max(self.columns.0) {
            union @ Some(_) if has_later => (union, union),
            _ => (names, types),
        });
        for (block, change) in self.runs[target].changes.clone() {
            let items = self.blocks[&block];
            if items.changed_by != target {
                continue;
            }
            match change {
                BlockChange::Added => {
                    self.change_block(run, block, items.content, false, BlockChange::Removed(items.content));
                }
                BlockChange::Updated(before) => {
                    self.change_block(run, block, before, true, BlockChange::Updated(items.content));
                }
                BlockChange::Removed(before) => self.change_block(run, block, before, true, BlockChange::Added),
            }
        }
        if let Some((names, types)) = columns {
            self.set_columns(run, names, types);
        }
        // What was withheld before the undone run is withheld again after its undo.
        if let Some(settled) = self.settled {
            let after = settled.saturating_add_signed(-self.runs[target].settled_delta);
            self.runs[run].settled_delta = after.cast_signed() - settled.cast_signed();
            self.settled = Some(after);
        }
    }

    /// The catalog is what later runs measure their removals by.
    fn settle(&mut self, run: usize) {
        let live = self.live_blocks().len();
        self.runs[run].settled_delta = live.cast_signed() - self.settled.unwrap_or(0).cast_signed();
        self.settled = Some(live);
    }

    fn remove_blocks(&mut self, run: usize, blocks: &[usize]) {
        for block in blocks {
            let content = self.blocks[block].content;
            self.change_block(run, *block, content, false, BlockChange::Removed(content));
        }
    }

    fn change_block(&mut self, run: usize, block: usize, content: BlockContent, is_live: bool, change: BlockChange) {
        self.blocks.insert(block, BlockItems { content, is_live, changed_by: run });
        self.runs[run].changes.push((block, change));
    }

    fn set_columns(&mut self, run: usize, names: Option<bool>, types: Option<bool>) {
        if self.columns == (names, types) {
            return;
        }
        self.runs[run].columns_before.get_or_insert(self.columns);
        self.columns = (names, types);
        self.columns_by = Some(run);
    }
}
