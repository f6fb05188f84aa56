//! The model: what a catalog holds after each run, by the rules as a person would say them.

use std::collections::BTreeMap;

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::removal_review::ReviewReason;
use lockstep::domain::undo_forecast::UndoForecast;

use super::blocks::{BATCH_BLOCKS, BLOCK_ROWS, BlockChange, BlockContent, BlockItems};
use super::columns::ModelColumns;
use super::review::ModelReview;
use super::sheet::Sheet;

/// What the guards allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Apply,
    /// Too many removals.
    Withhold,
    /// Removals of items that were kept.
    WithholdKept,
    Empty,
    Rekey,
}

impl Verdict {
    pub(super) const fn withholds(self) -> bool {
        matches!(self, Self::Withhold | Self::WithholdKept)
    }

    /// Whether a sync writes anything.
    pub(super) const fn is_applied(self) -> bool {
        matches!(self, Self::Apply) || self.withholds()
    }
}

#[derive(Clone, Default)]
struct RunLog {
    changes: Vec<(usize, BlockChange)>,
    columns_before: Option<ModelColumns>,
    /// By how many blocks it changed what later runs measure their removals by.
    settled_delta: isize,
}

/// The catalog as it should be.
#[derive(Clone, Default)]
pub(super) struct CatalogModel {
    blocks: BTreeMap<usize, BlockItems>,
    columns: ModelColumns,
    columns_by: Option<usize>,
    settled: Option<usize>,
    /// Whether the catalog is known to match a version of the sheet: then a sync of that version reads nothing.
    pub(super) is_current: bool,
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

    /// All blocks, removed ones included.
    pub(super) const fn items(&self) -> &BTreeMap<usize, BlockItems> {
        &self.blocks
    }

    pub(super) const fn columns(&self) -> &ModelColumns {
        &self.columns
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
        let additions = self.count_additions(sheet);
        let adds_most = (additions + live - baseline) * 2 > baseline;
        let removes_most = removals * 2 > baseline;
        let missing = self.missing_blocks(sheet);
        let (list, is_kept) = self.review.as_ref().map_or((&[][..], false), ModelReview::known_list);
        let listed = list.iter().filter(|block| missing.contains(block)).count();
        // Items that were missing before say nothing about the key column.
        let (known, newly_missing) = (live - listed, removals - listed);
        let is_rekey = newly_missing * 2 > known && additions * 2 > known;
        match (removes_most, is_rekey) {
            (true, _) if accept_rekey && (is_rekey || adds_most) => Verdict::Apply,
            (_, true) => Verdict::Rekey,
            (true, _) => Verdict::Withhold,
            // Items that were kept are not removed without a new question.
            (false, _) if !accept_rekey && listed > 0 && is_kept => Verdict::WithholdKept,
            (false, _) => Verdict::Apply,
        }
    }

    fn count_additions(&self, sheet: &Sheet) -> usize {
        sheet.blocks.keys().filter(|block| !self.is_live(**block)).count()
    }

    /// Whether a person who accepted the changed keys that wait for a decision saw what a sync would do now.
    pub(super) fn is_confirmed(&self, sheet: &Sheet) -> bool {
        let (missing, additions) = (self.missing_blocks(sheet), self.count_additions(sheet));
        self.review.as_ref().is_some_and(|review| review.is_confirmed(&missing, additions))
    }

    /// What a sync would write: the changes in the order of the rows, without removals.
    pub(super) fn pending_changes(&self, sheet: &Sheet) -> Vec<(usize, BlockChange)> {
        let live = self.live_blocks();
        let change =
            |(block, content)| (block, BlockChange { before: live.get(&block).copied(), after: Some(content) });
        sheet.contents().into_iter().map(change).filter(|(_, change)| change.before != change.after).collect()
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
                self.set_columns(run, ModelColumns::of_sheet(sheet.has_note));
                self.is_current = false;
            }
            for (block, change) in changes {
                self.change_block(run, *block, change.after);
            }
        }
    }

    /// Applies a sync that completes or that the guards refuse. Returns what they allowed.
    pub(super) fn sync(&mut self, run: usize, sheet: &Sheet, accept_rekey: bool) -> Verdict {
        let verdict = self.verdict(sheet, accept_rekey);
        let (missing, additions) = (self.missing_blocks(sheet), self.count_additions(sheet));
        let reason = match verdict {
            Verdict::Apply => None,
            Verdict::Withhold | Verdict::WithholdKept => Some(ReviewReason::Withheld),
            Verdict::Empty => Some(ReviewReason::EmptySource),
            Verdict::Rekey => Some(ReviewReason::KeyChanged),
        };
        if verdict.is_applied() {
            self.apply_batches(run, sheet, usize::MAX);
            if verdict == Verdict::Apply {
                self.remove_blocks(run, &missing);
            }
            self.set_columns(run, ModelColumns::of_sheet(sheet.has_note));
            self.is_current = verdict == Verdict::Apply;
        }
        if verdict == Verdict::Apply {
            self.settle(run);
        }
        let before = self.review.take();
        let reason = reason.filter(|_| !missing.is_empty());
        self.review = reason.map(|reason| ModelReview::after(before, missing, reason, additions));
        verdict
    }

    /// Applies a removal: of the listed blocks, those that the sheet still does not have.
    pub(super) fn remove_withheld(&mut self, run: usize, sheet: &Sheet) {
        let Some(review) = self.review.take() else { return };
        let missing = self.missing_blocks(sheet);
        let removals: Vec<usize> = review.blocks.into_iter().filter(|block| missing.contains(block)).collect();
        self.remove_blocks(run, &removals);
        self.settle(run);
        self.is_current = false;
    }

    /// What an undo of a run would do, in items.
    pub(super) fn forecast_undo(&self, run: usize) -> UndoForecast {
        let restores_columns = self.columns_by == Some(run);
        let mut forecast = UndoForecast { restores_columns, ..UndoForecast::default() };
        for (block, change) in &self.runs[run].changes {
            let rows = BLOCK_ROWS as u64;
            match change.kind() {
                _ if self.blocks[block].changed_by != run => forecast.leaves += rows,
                ChangeKind::Added => forecast.removes += rows,
                ChangeKind::Updated => forecast.restores += rows,
                ChangeKind::Removed => forecast.returns += rows,
            }
        }
        forecast
    }

    /// The runs that changed blocks of this run later, with the number of items.
    pub(super) fn later_changes(&self, run: usize) -> BTreeMap<usize, u64> {
        let mut later = BTreeMap::new();
        for (block, _) in &self.runs[run].changes {
            let changed_by = self.blocks[block].changed_by;
            if changed_by != run {
                *later.entry(changed_by).or_default() += BLOCK_ROWS as u64;
            }
        }
        later
    }

    /// The batches of an undo. It touches a block only if the run is the last that changed it; removed items return
    /// first, and new ones are removed last.
    pub(super) fn undo_batches(&self, target: usize) -> Vec<Vec<(usize, BlockChange)>> {
        let mut steps = [const { Vec::new() }; 4];
        for (block, change) in &self.runs[target].changes {
            let items = self.blocks[block];
            if items.changed_by == target {
                let is_new = items.added_by == target;
                let step = match change.kind() {
                    ChangeKind::Removed => 0,
                    ChangeKind::Updated => 1,
                    ChangeKind::Added => 2 + usize::from(is_new),
                };
                steps[step].push((*block, *change));
            }
        }
        let mut batches: Vec<_> = steps.iter().flat_map(|step| step.chunks(BATCH_BLOCKS)).map(<[_]>::to_vec).collect();
        // The first batch also restores the columns. It is written even if no items return.
        if steps[0].is_empty() {
            batches.insert(0, Vec::new());
        }
        batches
    }

    /// Applies the first `batches` batches of an undo, or all of them and its end.
    pub(super) fn undo(&mut self, run: usize, target: usize, batches: usize) {
        let all = self.undo_batches(target);
        let is_complete = batches >= all.len();
        let columns = self.runs[target].columns_before.clone().filter(|_| self.columns_by == Some(target));
        // Items that were changed later keep their columns readable.
        let has_later = self.blocks.values().any(|items| items.is_live && items.changed_by > target);
        if let Some(before) = columns.filter(|_| batches > 0) {
            let columns = if has_later { before.with_those_of(&self.columns) } else { before };
            self.set_columns(run, columns);
        }
        self.is_current &= batches == 0;
        for (block, change) in all.into_iter().take(batches).flatten() {
            self.change_block(run, block, change.before);
        }
        // What was withheld before the undone run is withheld again after its undo.
        if let Some(settled) = self.settled.filter(|_| is_complete) {
            let before = settled.saturating_add_signed(-self.runs[target].settled_delta);
            // Items that the undo left go on to count.
            let changes = self.runs[run].changes.iter();
            let returned = changes.filter(|(_, change)| change.kind() == ChangeKind::Added).count();
            let after = before.max(settled.min(self.live_blocks().len() - returned));
            self.runs[run].settled_delta = after.cast_signed() - settled.cast_signed();
            self.settled = Some(after);
            // A list of which the undo removed all items asks nothing.
            let live = self.live_blocks();
            self.review
                .take_if(|review| !review.is_kept && !review.blocks.iter().any(|block| live.contains_key(block)));
        }
    }

    /// The catalog is what later runs measure their removals by.
    fn settle(&mut self, run: usize) {
        let live = self.live_blocks().len();
        self.runs[run].settled_delta = live.cast_signed() - self.settled.unwrap_or(0).cast_signed();
        self.settled = Some(live);
    }

    fn remove_blocks(&mut self, run: usize, blocks: &[usize]) {
        blocks.iter().for_each(|block| self.change_block(run, *block, None));
    }

    /// Gives a block new content, or removes it.
    fn change_block(&mut self, run: usize, block: usize, after: Option<BlockContent>) {
        let known = self.blocks.get(&block).copied();
        let before = known.filter(|items| items.is_live).map(|items| items.content);
        if let Some(content) = after.or(before) {
            let added_by = known.map_or(run, |items| items.added_by);
            self.blocks.insert(block, BlockItems { content, is_live: after.is_some(), added_by, changed_by: run });
            self.runs[run].changes.push((block, BlockChange { before, after }));
        }
    }

    fn set_columns(&mut self, run: usize, columns: ModelColumns) {
        if self.columns != columns {
            let before = std::mem::replace(&mut self.columns, columns);
            self.runs[run].columns_before.get_or_insert(before);
            self.columns_by = Some(run);
        }
    }
}
