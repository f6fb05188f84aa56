//! The steps of a random history.

use std::ops::Range;

use proptest::prelude::*;

use super::blocks::{BATCH_BLOCKS, BLOCKS};
use super::sheet::Sheet;

/// One step of a history.
#[derive(Clone, Debug)]
pub(super) enum HistoryStep {
    /// An editor changes the sheet: these blocks get a version or are deleted.
    Edit(Vec<(usize, Option<u8>)>),
    /// An editor keeps only the first blocks.
    Cut(usize),
    /// An editor fills the whole sheet.
    Fill(u8),
    /// An editor moves all rows to other keys.
    Rekey,
    /// An editor adds or deletes the column `note`.
    ToggleColumn,
    /// An editor takes the last change of the sheet back.
    Revert,
    /// A sync; whether it accepts a changed key column, reads everything, and rewrites equal items.
    Sync { accept_rekey: bool, is_full: bool, is_forced: bool },
    /// A sync whose source breaks before this block of rows.
    BrokenSync(usize),
    /// A sync that is cancelled before this block of rows.
    CancelledSync(usize),
    /// A sync whose worker dies before this block of rows, and the sync that continues it.
    KilledSync(usize),
    /// A preview, steps that may change what a sync would do, and the application of the preview.
    ApplyPreview(Vec<HistoryStep>),
    /// The removal of what was withheld.
    RemoveWithheld,
    /// The decision to keep what was withheld.
    KeepWithheld,
    /// The undo of one of the last runs, counted back.
    Undo(usize),
    /// The undo of one of the last runs, which fails after this number of batches.
    BrokenUndo(usize, usize),
}

/// The usual sync.
const SYNC: HistoryStep = HistoryStep::Sync { accept_rekey: false, is_full: true, is_forced: false };
/// A sync that may find that its source did not change.
const INCREMENTAL_SYNC: HistoryStep = HistoryStep::Sync { accept_rekey: false, is_full: false, is_forced: false };

/// Any change of an editor.
pub(super) fn any_edit() -> impl Strategy<Value = HistoryStep> {
    let blocks = prop::collection::vec((0..BLOCKS, prop::option::weighted(0.7, 0..3_u8)), 1..6);
    prop_oneof![
        5 => blocks.prop_map(HistoryStep::Edit),
        2 => any_cut(),
        2 => (0..3_u8).prop_map(HistoryStep::Fill),
        1 => Just(HistoryStep::Rekey),
        2 => Just(HistoryStep::ToggleColumn),
        2 => Just(HistoryStep::Revert),
    ]
}

/// A sheet that loses most rows, or all.
fn any_cut() -> impl Strategy<Value = HistoryStep> {
    prop_oneof![1 => Just(0), 2 => 1..BLOCKS / 2].prop_map(HistoryStep::Cut)
}

/// An edit that brings some blocks back.
fn any_return() -> impl Strategy<Value = HistoryStep> {
    prop::collection::vec((0..BLOCKS, (0..3_u8).prop_map(Some)), 2..9).prop_map(HistoryStep::Edit)
}

fn any_sync() -> impl Strategy<Value = HistoryStep> {
    (prop::bool::weighted(0.2), any::<bool>(), prop::bool::weighted(0.2))
        .prop_map(|(accept_rekey, is_full, is_forced)| HistoryStep::Sync { accept_rekey, is_full, is_forced })
}

/// A sync that ends early.
fn any_early_end() -> impl Strategy<Value = HistoryStep> {
    // Usually after the first batch.
    let block = || prop_oneof![1 => 0..BATCH_BLOCKS, 3 => BATCH_BLOCKS..BLOCKS];
    prop_oneof![
        2 => block().prop_map(HistoryStep::BrokenSync),
        1 => block().prop_map(HistoryStep::CancelledSync),
        1 => block().prop_map(HistoryStep::KilledSync),
    ]
}

fn any_undo() -> impl Strategy<Value = HistoryStep> {
    prop_oneof![
        3 => (0..4_usize).prop_map(HistoryStep::Undo),
        1 => (0..3_usize, 0..4_usize).prop_map(|(back, batches)| HistoryStep::BrokenUndo(back, batches)),
    ]
}

fn any_decision() -> impl Strategy<Value = HistoryStep> {
    prop_oneof![Just(HistoryStep::RemoveWithheld), Just(HistoryStep::KeepWithheld)]
}

fn any_preview() -> impl Strategy<Value = HistoryStep> {
    let one_block = (0..BLOCKS, prop::option::of(0..3_u8)).prop_map(|edit| HistoryStep::Edit(vec![edit]));
    let between = prop_oneof![
        1 => Just(Vec::new()),
        3 => one_block.prop_map(|edit| vec![edit]),
        2 => any_edit().prop_map(|edit| vec![edit]),
        1 => any_decision().prop_map(|decision| vec![decision]),
        // The sheet is as it was, and the catalog is not.
        1 => any_edit().prop_map(|edit| vec![edit, SYNC, HistoryStep::Revert]),
    ];
    between.prop_map(HistoryStep::ApplyPreview)
}

fn any_run() -> impl Strategy<Value = HistoryStep> {
    prop_oneof![5 => any_sync(), 3 => any_early_end(), 3 => any_preview(), 1 => any_decision(), 4 => any_undo()]
}

/// Most rows leave the sheet, a sync withholds their items, an admin decides, and the sheet changes again.
fn any_decided_list() -> impl Strategy<Value = Vec<HistoryStep>> {
    let edit = || prop_oneof![any_edit(), any_return()];
    let decision = prop::option::weighted(0.8, any_decision());
    let run = prop_oneof![any_sync(), any_preview()];
    (any_cut(), prop::option::weighted(0.4, edit()), decision, edit(), run).prop_map(
        |(cut, meanwhile, decision, edit, run)| {
            let steps = [Some(cut), Some(SYNC), meanwhile, decision, Some(edit), Some(run)];
            steps.into_iter().flatten().collect()
        },
    )
}

/// An early end, or a decision, and a sheet that is again as it was before.
fn any_reverted_sheet() -> impl Strategy<Value = Vec<HistoryStep>> {
    let run = prop_oneof![any_early_end(), Just(SYNC)];
    (any_edit(), run, prop::option::of(any_decision())).prop_map(|(edit, run, decision)| {
        let steps = [Some(edit), Some(run), decision, Some(HistoryStep::Revert), Some(INCREMENTAL_SYNC)];
        steps.into_iter().flatten().collect()
    })
}

/// Steps that belong together: without them, a random history would seldom come to what is hard.
fn any_episode() -> impl Strategy<Value = Vec<HistoryStep>> {
    let edit_and_run = (prop::option::weighted(0.7, any_edit()), any_run());
    let undone_run = (any_edit(), any_run(), any_undo(), any_undo());
    prop_oneof![
        5 => edit_and_run.prop_map(|(edit, run)| edit.into_iter().chain([run]).collect()),
        2 => any_decided_list(),
        1 => any_reverted_sheet(),
        2 => undone_run.prop_map(|(edit, run, undo, again)| vec![edit, run, undo, again]),
    ]
}

/// Any history; nearly all begin with a complete load.
pub(super) fn any_history(episodes: Range<usize>) -> impl Strategy<Value = Vec<HistoryStep>> {
    (prop::bool::weighted(0.9), prop::collection::vec(any_episode(), episodes)).prop_map(|(is_loaded, episodes)| {
        let load = is_loaded.then_some(SYNC);
        load.into_iter().chain(episodes.concat()).collect()
    })
}

impl HistoryStep {
    /// Makes the change of an editor; `former` is the sheet before the last one. Returns whether the step is one.
    pub(super) fn edit(&self, sheet: &mut Sheet, former: &mut Sheet) -> bool {
        let before = sheet.clone();
        match self {
            Self::Edit(edits) => edits.iter().for_each(|(block, version)| sheet.set_block(*block, *version)),
            Self::Cut(kept) => sheet.cut(*kept),
            Self::Fill(version) => sheet.fill(*version),
            Self::Rekey => sheet.rekey(),
            Self::ToggleColumn => sheet.toggle_column(),
            Self::Revert => sheet.clone_from(former),
            _ => return false,
        }
        *former = before;
        true
    }
}
