//! Writes a segment, one item after the other.

use std::io;
use std::path::Path;

use super::bytes::ByteSink;
use super::column_writer::ColumnWriter;
use super::layout::{
    BlockLayout, MAX_BLOCK_BYTES, MAX_BLOCK_ITEMS, MAX_DICTIONARIES_BYTES, MAX_DICTIONARY_BYTES, MAX_MEMORY_BYTES,
};
use super::reader::ItemSegment;

/// Writes a segment. Items are added in the order of their ids.
pub(in crate::catalog_index) struct SegmentWriter {
    sink: ByteSink,
    columns: Vec<ColumnWriter>,
    blocks: Vec<BlockLayout>,
    ids: Vec<i64>,
    /// The times of the last changes, in milliseconds since 1970.
    changed: Vec<i64>,
    /// The number of items in finished blocks.
    written_items: usize,
    block_bytes: usize,
}

impl SegmentWriter {
    /// Begins a segment with these columns. A temporary file, if the segment is large, is in this folder.
    pub(in crate::catalog_index) fn new(folder: &Path, columns: &[String]) -> Self {
        let max_dictionary_bytes = MAX_DICTIONARY_BYTES.min(MAX_DICTIONARIES_BYTES / columns.len().max(1));
        Self {
            sink: ByteSink::new(folder, MAX_MEMORY_BYTES),
            columns: columns.iter().map(|name| ColumnWriter::new(name, max_dictionary_bytes)).collect(),
            blocks: Vec::new(),
            ids: Vec::new(),
            changed: Vec::new(),
            written_items: 0,
            block_bytes: 0,
        }
    }

    /// Adds an item with one cell for each column.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be written.
    pub(in crate::catalog_index) fn add_item<'a>(
        &mut self,
        id: i64,
        changed_ms: i64,
        cells: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<()> {
        self.ids.push(id);
        self.changed.push(changed_ms);
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.block_bytes += cell.len();
            column.add_cell(cell)?;
        }
        if self.ids.len() == MAX_BLOCK_ITEMS || self.block_bytes >= MAX_BLOCK_BYTES { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> io::Result<()> {
        let items = self.ids.len();
        let ids_offset = self.sink.length;
        for number in self.ids.drain(..).chain(self.changed.drain(..)) {
            self.sink.append(&number.to_le_bytes())?;
        }
        let mut chunks = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            chunks.push(column.write_chunk(&mut self.sink)?);
        }
        self.blocks.push(BlockLayout { first: self.written_items, items, ids_offset, chunks });
        self.written_items += items;
        self.block_bytes = 0;
        Ok(())
    }

    /// Ends the segment.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be written.
    pub(in crate::catalog_index) fn finish(mut self) -> io::Result<ItemSegment> {
        if !self.ids.is_empty() {
            self.end_block()?;
        }
        let columns = self.columns.into_iter().map(ColumnWriter::into_values).collect();
        Ok(ItemSegment::new(self.sink.finish()?, columns, self.blocks, self.written_items))
    }
}
