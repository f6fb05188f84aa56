//! Reads a segment.

use std::io;
use std::sync::OnceLock;

use fixedbitset::FixedBitSet;

use super::block::{CellBlock, CodeBlock, TextBlock, TextForm};
use super::bytes::SegmentBytes;
use super::layout::{BlockLayout, CODE_BYTES, ChunkEncoding, END_BYTES, NUMBER_BYTES};
use crate::domain::item::fold_for_search;

/// The items of a catalog at one time, stored by column. Items are numbered from 0 in the order of their ids.
#[derive(Debug)]
pub(in crate::catalog_index) struct ItemSegment {
    bytes: SegmentBytes,
    columns: Vec<SegmentColumn>,
    blocks: Vec<BlockLayout>,
    items: usize,
}

#[derive(Debug)]
struct SegmentColumn {
    name: String,
    /// The values that codes stand for.
    values: Vec<String>,
    folded_values: OnceLock<Vec<String>>,
    /// Whether all cells are stored as codes.
    is_coded: bool,
}

impl ItemSegment {
    pub(super) fn new(
        bytes: SegmentBytes,
        columns: Vec<(String, Vec<String>)>,
        blocks: Vec<BlockLayout>,
        items: usize,
    ) -> Self {
        let is_coded = |at: usize| blocks.iter().all(|block| block.chunks[at].encoding == ChunkEncoding::Codes);
        let columns = columns.into_iter().enumerate().map(|(at, (name, values))| SegmentColumn {
            name,
            values,
            folded_values: OnceLock::new(),
            is_coded: is_coded(at),
        });
        Self { bytes, columns: columns.collect(), blocks, items }
    }

    /// Returns the number of items.
    pub(in crate::catalog_index) const fn len(&self) -> usize {
        self.items
    }

    /// Returns the number of columns.
    pub(in crate::catalog_index) const fn column_count(&self) -> usize {
        self.columns.len()
    }

    /// Returns the position of a column.
    pub(in crate::catalog_index) fn find_column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Returns the values that the codes of a column stand for.
    pub(in crate::catalog_index) fn values(&self, column: usize) -> &[String] {
        &self.columns[column].values
    }

    /// Returns the folded values that the codes of a column stand for.
    pub(in crate::catalog_index) fn folded_values(&self, column: usize) -> &[String] {
        let column = &self.columns[column];
        column.folded_values.get_or_init(|| column.values.iter().map(|value| fold_for_search(value)).collect())
    }

    /// Returns whether all cells of a column are stored as codes, because it has few different values.
    pub(in crate::catalog_index) fn is_coded(&self, column: usize) -> bool {
        self.columns[column].is_coded
    }

    /// Returns roughly how many bytes of memory the segment takes.
    pub(in crate::catalog_index) fn memory_bytes(&self) -> usize {
        let values = |column: &SegmentColumn| column.values.iter().map(|value| value.len() + 24).sum::<usize>();
        self.bytes.memory_bytes() + self.columns.iter().map(values).sum::<usize>()
    }

    /// Calls `visit` with the number of the first item and the cells of each block of a column, as written or folded.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be read.
    pub(in crate::catalog_index) fn visit_blocks(
        &self,
        column: usize,
        form: TextForm,
        mut visit: impl FnMut(usize, CellBlock<'_>),
    ) -> io::Result<()> {
        let mut buffer = Vec::new();
        for block in &self.blocks {
            let chunk = &block.chunks[column];
            match chunk.encoding {
                ChunkEncoding::Codes => {
                    self.bytes.read(chunk.offset, block.items * CODE_BYTES, &mut buffer)?;
                    visit(block.first, CellBlock::Codes(CodeBlock::new(&buffer)));
                }
                ChunkEncoding::Texts { written_bytes, folded_bytes } => {
                    let ends = block.items * END_BYTES;
                    let (offset, bytes) = match folded_bytes.filter(|_| form == TextForm::Folded) {
                        Some(folded) => (chunk.offset + (ends + written_bytes) as u64, folded),
                        None => (chunk.offset, written_bytes),
                    };
                    self.bytes.read(offset, ends + bytes, &mut buffer)?;
                    visit(block.first, CellBlock::Texts(TextBlock::new(&buffer, block.items)));
                }
            }
        }
        Ok(())
    }

    /// Returns the cell of an item, as written.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be read.
    pub(in crate::catalog_index) fn cell(&self, column: usize, item: usize) -> io::Result<String> {
        let (block, index) = self.locate(item)?;
        let chunk = &block.chunks[column];
        let mut buffer = Vec::new();
        match chunk.encoding {
            ChunkEncoding::Codes => {
                self.bytes.read(chunk.offset + (index * CODE_BYTES) as u64, CODE_BYTES, &mut buffer)?;
                let code = CodeBlock::new(&buffer).codes().next().map_or(0, usize::from);
                Ok(self.columns[column].values.get(code).cloned().unwrap_or_default())
            }
            ChunkEncoding::Texts { .. } => {
                let first = index.saturating_sub(1);
                let ends = index - first + 1;
                self.bytes.read(chunk.offset + (first * END_BYTES) as u64, ends * END_BYTES, &mut buffer)?;
                let end_at = |at: usize| TextBlock::new(&buffer, ends).end_of(at);
                let (start, end) = if index == 0 { (0, end_at(0)) } else { (end_at(0) + 1, end_at(1)) };
                let texts = chunk.offset + (block.items * END_BYTES) as u64;
                self.bytes.read(texts + start as u64, end - start, &mut buffer)?;
                String::from_utf8(buffer).map_err(io::Error::other)
            }
        }
    }

    /// Returns the id of an item.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be read.
    pub(in crate::catalog_index) fn id(&self, item: usize) -> io::Result<i64> {
        let (block, index) = self.locate(item)?;
        let mut buffer = Vec::new();
        self.bytes.read(block.ids_offset + (index * NUMBER_BYTES) as u64, NUMBER_BYTES, &mut buffer)?;
        Ok(read_numbers(&buffer).next().unwrap_or_default())
    }

    /// Returns the position of the item with this id; `None` if it is not in the segment.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be read.
    pub(in crate::catalog_index) fn find_id(&self, id: i64) -> io::Result<Option<usize>> {
        let (mut low, mut high) = (0, self.items);
        while low < high {
            let middle = low.midpoint(high);
            if self.id(middle)? < id { low = middle + 1 } else { high = middle }
        }
        Ok(if low < self.items && self.id(low)? == id { Some(low) } else { None })
    }

    /// Returns the ids of all items, in ascending order.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be read.
    pub(in crate::catalog_index) fn ids(&self) -> io::Result<Vec<i64>> {
        self.read_all_numbers(|block| block.ids_offset)
    }

    /// Returns the times at which all items last changed, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be read.
    pub(in crate::catalog_index) fn change_times(&self) -> io::Result<Vec<i64>> {
        self.read_all_numbers(|block| block.ids_offset + (block.items * NUMBER_BYTES) as u64)
    }

    /// Removes the items with these ids, which are in ascending order, from a set of items of this segment.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be read.
    pub(in crate::catalog_index) fn remove_ids(&self, items: &mut FixedBitSet, ids: &[i64]) -> io::Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let known = self.ids()?;
        for id in ids {
            if let Ok(item) = known.binary_search(id) {
                items.set(item, false);
            }
        }
        Ok(())
    }

    fn read_all_numbers(&self, offset: impl Fn(&BlockLayout) -> u64) -> io::Result<Vec<i64>> {
        let (mut numbers, mut buffer) = (Vec::with_capacity(self.items), Vec::new());
        for block in &self.blocks {
            self.bytes.read(offset(block), block.items * NUMBER_BYTES, &mut buffer)?;
            numbers.extend(read_numbers(&buffer));
        }
        Ok(numbers)
    }

    /// Returns the block of an item and its position there.
    fn locate(&self, item: usize) -> io::Result<(&BlockLayout, usize)> {
        let after = self.blocks.partition_point(|block| block.first <= item);
        let block = after.checked_sub(1).and_then(|at| self.blocks.get(at)).ok_or(io::ErrorKind::InvalidInput)?;
        Ok((block, item - block.first))
    }
}

fn read_numbers(bytes: &[u8]) -> impl Iterator<Item = i64> + '_ {
    bytes.chunks_exact(NUMBER_BYTES).filter_map(|bytes| bytes.try_into().ok().map(i64::from_le_bytes))
}
