//! The cells of one column in a block, as they are read.

use super::layout::{CODE_BYTES, END_BYTES};

/// The byte after each text. It is in no text, because it is never part of UTF-8.
pub(in crate::catalog_index) const TEXT_END: u8 = 0xFF;

/// The form in which cells are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::catalog_index) enum TextForm {
    /// As written in the source.
    Written,
    /// Folded for searches.
    Folded,
}

/// The cells of one column in a block.
#[derive(Clone, Copy)]
pub(in crate::catalog_index) enum CellBlock<'a> {
    /// Positions in the dictionary of the column.
    Codes(CodeBlock<'a>),
    /// The texts themselves.
    Texts(TextBlock<'a>),
}

/// Positions in a dictionary.
#[derive(Clone, Copy)]
pub(in crate::catalog_index) struct CodeBlock<'a>(&'a [u8]);

impl<'a> CodeBlock<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Returns all codes in order.
    pub(in crate::catalog_index) fn codes(self) -> impl Iterator<Item = u16> + 'a {
        self.0.chunks_exact(CODE_BYTES).map(|code| u16::from_le_bytes([code[0], code[1]]))
    }
}

/// Texts one after the other.
#[derive(Clone, Copy)]
pub(in crate::catalog_index) struct TextBlock<'a> {
    ends: &'a [u8],
    /// The texts, each followed by [`TEXT_END`].
    bytes: &'a [u8],
}

impl<'a> TextBlock<'a> {
    /// Splits bytes into the ends of `count` texts and the texts.
    pub(super) fn new(bytes: &'a [u8], count: usize) -> Self {
        let (ends, bytes) = bytes.split_at((count * END_BYTES).min(bytes.len()));
        Self { ends, bytes }
    }

    /// Returns all texts, each followed by [`TEXT_END`].
    pub(in crate::catalog_index) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the number of texts.
    pub(in crate::catalog_index) const fn len(&self) -> usize {
        self.ends.len() / END_BYTES
    }

    /// Returns where the text at this position ends, without its mark.
    pub(in crate::catalog_index) fn end_of(&self, index: usize) -> usize {
        let at = index * END_BYTES;
        let end = self.ends.get(at..at + END_BYTES).and_then(|end| <[u8; END_BYTES]>::try_from(end).ok());
        end.map_or(self.bytes.len(), |end| u32::from_le_bytes(end) as usize)
    }

    /// Returns the text at this position.
    pub(in crate::catalog_index) fn text(&self, index: usize) -> &'a str {
        let start = if index == 0 { 0 } else { self.end_of(index - 1) + 1 };
        // The writer stores texts only, so a failure here cannot happen.
        self.bytes.get(start..self.end_of(index)).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Returns all texts in order.
    pub(in crate::catalog_index) fn texts(self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).map(move |index| self.text(index))
    }

    /// Returns the position of the text that contains the byte at `offset`, which is not before `from`.
    pub(in crate::catalog_index) fn find_position(&self, offset: usize, from: usize) -> usize {
        let (mut low, mut high) = (from, self.len());
        // The next match is usually close.
        let mut step = 1;
        while low + step < high && self.end_of(low + step) < offset {
            low += step;
            step *= 2;
        }
        high = high.min(low + step + 1);
        while low < high {
            let middle = low.midpoint(high);
            if self.end_of(middle) < offset { low = middle + 1 } else { high = middle }
        }
        low
    }
}
