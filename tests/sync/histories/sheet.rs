//! The sheet that the editors of a random history change.

use std::collections::BTreeMap;

use super::model::{BLOCK_ROWS, BLOCKS, BlockContent, block_key};
use crate::support::memory_kind::MemoryTable;

/// The sheet that editors change: the version of each block, by the number of the block in the catalog.
#[derive(Clone, Default)]
pub(super) struct Sheet {
    pub(super) blocks: BTreeMap<usize, u8>,
    pub(super) has_note: bool,
    /// The distance of the keys from those of the first sheet, in blocks.
    shift: usize,
}

impl Sheet {
    pub(super) fn set_block(&mut self, block: usize, version: Option<u8>) {
        match version {
            Some(version) => self.blocks.insert(block + self.shift, version),
            None => self.blocks.remove(&(block + self.shift)),
        };
    }

    pub(super) fn cut(&mut self, kept: usize) {
        self.blocks = std::mem::take(&mut self.blocks).into_iter().take(kept).collect();
    }

    pub(super) fn fill(&mut self, version: u8) {
        self.blocks = (0..BLOCKS).map(|block| (block + self.shift, version)).collect();
    }

    pub(super) fn rekey(&mut self) {
        let other = if self.shift == 0 { BLOCKS } else { 0 };
        let moved = std::mem::take(&mut self.blocks).into_iter();
        self.blocks = moved.map(|(block, version)| (block % BLOCKS + other, version)).collect();
        self.shift = other;
    }

    pub(super) fn toggle_column(&mut self) {
        self.has_note = !self.has_note;
    }

    /// The blocks in the order of their rows.
    pub(super) fn contents(&self) -> Vec<(usize, BlockContent)> {
        self.blocks.iter().map(|(block, version)| (*block, (*version, self.has_note))).collect()
    }

    pub(super) fn table(&self) -> MemoryTable {
        let columns: &[&str] = if self.has_note { &["id", "title", "note"] } else { &["id", "title"] };
        let row = |block: usize, row: usize, version: u8| {
            let mut cells = vec![block_key(block, row), format!("Title {version}")];
            cells.extend(self.has_note.then(|| format!("Note {version}")));
            cells
        };
        let rows = self.blocks.iter().flat_map(|(block, version)| (0..BLOCK_ROWS).map(|n| row(*block, n, *version)));
        MemoryTable::from_rows(columns, rows.collect())
    }
}
