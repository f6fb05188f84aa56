//! The sheet that the editors of a random history change.

use std::collections::BTreeMap;

use super::blocks::{BLOCK_ROWS, BLOCKS, BlockContent, block_key};
use crate::support::memory_kind::MemoryTable;

/// The sheet that editors change: the version of each block, by the number of the block in the catalog.
#[derive(Clone, Default)]
pub(super) struct Sheet {
    pub(super) blocks: BTreeMap<usize, u8>,
    pub(super) has_note: bool,
    /// The distance of the keys from those of the first sheet, in blocks.
    shift: usize,
}

/// The columns of a sheet with or without the column `note`.
pub(super) const fn column_names(has_note: bool) -> &'static [&'static str] {
    if has_note { &["id", "note", "title"] } else { &["id", "title"] }
}

/// The cells of a row of a block.
pub(super) fn row_cells(block: usize, row: usize, (version, has_note): BlockContent) -> Vec<String> {
    let mut cells = vec![block_key(block, row), format!("Title {version}")];
    if has_note {
        cells.insert(1, format!("https://example.org/{version}"));
    }
    cells
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
        let contents = self.contents().into_iter();
        let rows = contents.flat_map(|(block, content)| (0..BLOCK_ROWS).map(move |row| row_cells(block, row, content)));
        MemoryTable::from_rows(column_names(self.has_note), rows.collect())
    }
}
