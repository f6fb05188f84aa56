//! Where the parts of a segment are among its bytes. All numbers are little-endian.
//!
//! A segment is a row of blocks, each with up to [`MAX_BLOCK_ITEMS`] items: their ids, the times of their last change,
//! and one chunk of cells for each column.

/// The size up to which a segment stays in memory, in bytes.
pub(super) const MAX_MEMORY_BYTES: usize = 4 << 20;
/// The most items in a block.
pub(super) const MAX_BLOCK_ITEMS: usize = 16_384;
/// The size of the cells at which a block is closed, in bytes.
pub(super) const MAX_BLOCK_BYTES: usize = 4 << 20;
/// The most different values that a column may have to be stored as codes, which are positions in its dictionary.
pub(super) const MAX_DICTIONARY_VALUES: usize = 1 << 16;
/// The most memory that a dictionary takes while it grows, in bytes.
pub(super) const MAX_DICTIONARY_BYTES: usize = 6 << 20;
/// The most memory that all dictionaries of a segment take while they grow, in bytes. The columns share it equally.
pub(super) const MAX_DICTIONARIES_BYTES: usize = 48 << 20;
/// The memory that a value of a dictionary takes besides its text, which is kept twice, in bytes.
pub(super) const VALUE_OVERHEAD_BYTES: usize = 64;

/// The size of a code, of the end of a text, and of an id or a time, in bytes.
pub(super) const CODE_BYTES: usize = 2;
pub(super) const END_BYTES: usize = 4;
pub(super) const NUMBER_BYTES: usize = 8;

/// A block of items.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct BlockLayout {
    /// The position of its first item in the segment.
    pub(super) first: usize,
    /// The number of its items.
    pub(super) items: usize,
    /// Where its ids begin; the times of the last changes follow.
    pub(super) ids_offset: u64,
    /// The cells of each column.
    pub(super) chunks: Vec<ChunkLayout>,
}

/// The cells of one column in a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ChunkLayout {
    /// Where the chunk begins.
    pub(super) offset: u64,
    /// What it has.
    pub(super) encoding: ChunkEncoding,
}

/// How cells are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ChunkEncoding {
    /// As positions in the dictionary of the column.
    Codes,
    /// The cells as written: the end of each, then their texts. Then the same with the folded cells, unless each of
    /// them is the same as the cell.
    Texts {
        /// The length of the texts.
        written_bytes: usize,
        /// The length of the folded texts; `None` if they are the same.
        folded_bytes: Option<usize>,
    },
}
