//! Blocks of a hundred rows each, so that a run has several batches and the model stays small.

use lockstep::domain::change_set::ChangeKind;

/// The number of blocks in a full sheet.
pub(super) const BLOCKS: usize = 14;
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

/// What a run did to a block: its content before and after, `None` if it was not in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct BlockChange {
    pub(super) before: Option<BlockContent>,
    pub(super) after: Option<BlockContent>,
}

impl BlockChange {
    pub(super) const fn kind(self) -> ChangeKind {
        match self {
            Self { before: None, .. } => ChangeKind::Added,
            Self { after: None, .. } => ChangeKind::Removed,
            _ => ChangeKind::Updated,
        }
    }
}

/// A block of items, also after it was removed, with the runs that added it and changed it last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct BlockItems {
    pub(super) content: BlockContent,
    pub(super) is_live: bool,
    pub(super) added_by: usize,
    pub(super) changed_by: usize,
}
