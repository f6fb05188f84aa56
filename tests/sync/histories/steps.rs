//! The steps of a random history.

use proptest::prelude::*;

use super::model::BLOCKS;
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
    /// A sync; whether it accepts a changed key column.
    Sync { accept_rekey: bool, is_full: bool },
    /// A sync whose source breaks before this block of rows.
    BrokenSync(usize),
    /// A sync that is cancelled before this block of rows.
    CancelledSync(usize),
    /// A sync whose worker dies before this block of rows, and the sync that continues it.
    KilledSync(usize),
    /// A preview, an edit that may change nothing, and the application of the preview.
    ApplyPreview(Vec<(usize, Option<u8>)>),
    /// The removal of what was withheld.
    RemoveWithheld,
    /// The decision to keep what was withheld.
    KeepWithheld,
    /// The undo of one of the last runs, counted back.
    Undo(usize),
}

fn any_edit() -> impl Strategy<Value = Vec<(usize, Option<u8>)>> {
    prop::collection::vec((0..BLOCKS, prop::option::weighted(0.7, 0..3_u8)), 0..6)
}

/// Any step, the usual ones more often.
pub(super) fn any_step() -> impl Strategy<Value = HistoryStep> {
    prop_oneof![
        4 => any_edit().prop_map(HistoryStep::Edit),
        2 => (0..BLOCKS).prop_map(HistoryStep::Cut),
        2 => (0..3_u8).prop_map(HistoryStep::Fill),
        1 => Just(HistoryStep::Rekey),
        1 => Just(HistoryStep::ToggleColumn),
        6 => (prop::bool::weighted(0.2), any::<bool>())
            .prop_map(|(accept_rekey, is_full)| HistoryStep::Sync { accept_rekey, is_full }),
        2 => (0..BLOCKS).prop_map(HistoryStep::BrokenSync),
        1 => (0..BLOCKS).prop_map(HistoryStep::CancelledSync),
        1 => (0..BLOCKS).prop_map(HistoryStep::KilledSync),
        2 => any_edit().prop_map(HistoryStep::ApplyPreview),
        3 => Just(HistoryStep::RemoveWithheld),
        1 => Just(HistoryStep::KeepWithheld),
        5 => (0..4_usize).prop_map(HistoryStep::Undo),
    ]
}

impl HistoryStep {
    /// Makes the change of an editor. Returns whether the step is one.
    pub(super) fn edit(&self, sheet: &mut Sheet) -> bool {
        match self {
            Self::Edit(edits) => edits.iter().for_each(|(block, version)| sheet.set_block(*block, *version)),
            Self::Cut(kept) => sheet.cut(*kept),
            Self::Fill(version) => sheet.fill(*version),
            Self::Rekey => sheet.rekey(),
            Self::ToggleColumn => sheet.toggle_column(),
            _ => return false,
        }
        true
    }
}
