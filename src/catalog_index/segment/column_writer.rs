//! Writes the cells of one column, block by block: as codes of a dictionary where values repeat, else as texts.

use std::io;

use super::block::TEXT_END;
use super::bytes::ByteSink;
use super::dictionary::ValueDictionary;
use super::layout::{ChunkEncoding, ChunkLayout};
use crate::domain::item::fold_for_search;

/// The number of values from which a column may count as one whose values do not repeat. Fewer values are kept as
/// codes: a small catalog may still grow.
const MIN_UNIQUE_VALUES: usize = 1024;

/// The dictionary of a column, and its cells in the current block.
pub(super) struct ColumnWriter {
    name: String,
    dictionary: ValueDictionary,
    cells: PendingCells,
    /// Whether the cells of an earlier block are stored as codes.
    has_written_codes: bool,
}

enum PendingCells {
    Codes(Vec<u16>),
    Texts(PendingTexts),
}

/// Texts one after the other, as [`super::block::TextBlock`] reads them.
#[derive(Default)]
struct PendingTexts {
    ends: Vec<u8>,
    bytes: Vec<u8>,
}

impl PendingTexts {
    fn push(&mut self, text: &str) -> io::Result<()> {
        self.bytes.extend_from_slice(text.as_bytes());
        let end = u32::try_from(self.bytes.len()).map_err(io::Error::other)?;
        self.ends.extend_from_slice(&end.to_le_bytes());
        self.bytes.push(TEXT_END);
        Ok(())
    }

    /// The same texts, folded; `None` if they are the same.
    fn fold(&self) -> io::Result<Option<Self>> {
        let mut folded =
            Self { ends: Vec::with_capacity(self.ends.len()), bytes: Vec::with_capacity(self.bytes.len()) };
        for text in self.bytes.split(|&byte| byte == TEXT_END).take(self.ends.len() / 4) {
            // They were texts when they were pushed.
            let text = std::str::from_utf8(text).map_err(io::Error::other)?;
            if text.is_ascii() {
                let start = folded.bytes.len();
                folded.push(text)?;
                folded.bytes[start..].make_ascii_lowercase();
            } else {
                folded.push(&fold_for_search(text))?;
            }
        }
        Ok((folded.bytes != self.bytes).then_some(folded))
    }

    fn write(&self, sink: &mut ByteSink) -> io::Result<usize> {
        sink.append(&self.ends)?;
        sink.append(&self.bytes)?;
        Ok(self.bytes.len())
    }
}

impl ColumnWriter {
    /// Begins a column whose dictionary takes up to `max_dictionary_bytes` of memory.
    pub(super) fn new(name: &str, max_dictionary_bytes: usize) -> Self {
        Self {
            name: name.to_owned(),
            dictionary: ValueDictionary::new(max_dictionary_bytes),
            cells: PendingCells::Codes(Vec::new()),
            has_written_codes: false,
        }
    }

    /// Returns the name of the column and the values of its dictionary.
    pub(super) fn into_values(self) -> (String, Vec<String>) {
        (self.name, self.dictionary.into_values())
    }

    /// Adds the cell of the next item.
    ///
    /// # Errors
    /// [`io::Error`] when the cells of a block are longer than four gigabytes.
    pub(super) fn add_cell(&mut self, cell: &str) -> io::Result<()> {
        match &mut self.cells {
            PendingCells::Texts(texts) => texts.push(cell),
            PendingCells::Codes(codes) => {
                if let Some(code) = self.dictionary.find_code(cell) {
                    codes.push(code);
                    return Ok(());
                }
                let mut texts = self.take_texts()?;
                texts.push(cell)?;
                self.cells = PendingCells::Texts(texts);
                Ok(())
            }
        }
    }

    /// The cells of the current block as texts. If no cell is stored as a code, the dictionary is not needed any more.
    fn take_texts(&mut self) -> io::Result<PendingTexts> {
        let mut texts = PendingTexts::default();
        if let PendingCells::Codes(codes) = &self.cells {
            for code in codes {
                texts.push(self.dictionary.value(*code))?;
            }
        }
        if self.has_written_codes {
            self.dictionary.close();
        } else {
            self.dictionary.clear();
        }
        Ok(texts)
    }

    /// Writes the cells of the current block and begins the next one.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be written.
    pub(super) fn write_chunk(&mut self, sink: &mut ByteSink) -> io::Result<ChunkLayout> {
        // Where nearly all of many values in the first block are different, codes save nothing. The days of some
        // decades repeat more than that, and are worth it: they are sorted by value.
        let values = self.dictionary.len();
        let saves_nothing = |codes: &[u16]| values >= MIN_UNIQUE_VALUES && values * 8 > codes.len() * 7;
        if matches!(&self.cells, PendingCells::Codes(codes) if !self.has_written_codes && saves_nothing(codes)) {
            self.cells = PendingCells::Texts(self.take_texts()?);
        }
        let offset = sink.length;
        let encoding = match &mut self.cells {
            PendingCells::Codes(codes) => {
                let bytes: Vec<u8> = codes.drain(..).flat_map(u16::to_le_bytes).collect();
                sink.append(&bytes)?;
                self.has_written_codes = true;
                ChunkEncoding::Codes
            }
            PendingCells::Texts(texts) => {
                let written_bytes = texts.write(sink)?;
                let folded_bytes = texts.fold()?.map(|folded| folded.write(sink)).transpose()?;
                texts.ends.clear();
                texts.bytes.clear();
                ChunkEncoding::Texts { written_bytes, folded_bytes }
            }
        };
        Ok(ChunkLayout { offset, encoding })
    }
}
