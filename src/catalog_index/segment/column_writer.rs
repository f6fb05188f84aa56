//! Writes the cells of one column, block by block.

use std::collections::HashMap;
use std::io;

use super::block::TEXT_END;
use super::bytes::ByteSink;
use super::layout::{ChunkEncoding, ChunkLayout, MAX_DICTIONARY_BYTES, MAX_DICTIONARY_VALUES};
use crate::domain::item::fold_for_search;

/// The dictionary of a column, and its cells in the current block.
pub(super) struct ColumnWriter {
    name: String,
    /// Positions in `values`; `None` after there were too many different values.
    codes_by_value: Option<HashMap<String, u16>>,
    values: Vec<String>,
    value_bytes: usize,
    cells: PendingCells,
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
    /// Begins a column.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            codes_by_value: Some(HashMap::new()),
            values: Vec::new(),
            value_bytes: 0,
            cells: PendingCells::Codes(Vec::new()),
        }
    }

    /// Returns the name of the column and its dictionary.
    pub(super) fn into_values(self) -> (String, Vec<String>) {
        (self.name, self.values)
    }

    /// Adds the cell of the next item.
    ///
    /// # Errors
    /// [`io::Error`] when the cells of a block are longer than four gigabytes.
    pub(super) fn add_cell(&mut self, cell: &str) -> io::Result<()> {
        let code = if matches!(self.cells, PendingCells::Codes(_)) { self.find_code(cell) } else { None };
        match (&mut self.cells, code) {
            (PendingCells::Codes(codes), Some(code)) => {
                codes.push(code);
                Ok(())
            }
            (PendingCells::Codes(codes), None) => {
                let mut texts = PendingTexts::default();
                for code in codes {
                    texts.push(self.values.get(usize::from(*code)).map_or("", String::as_str))?;
                }
                texts.push(cell)?;
                self.cells = PendingCells::Texts(texts);
                Ok(())
            }
            (PendingCells::Texts(texts), _) => texts.push(cell),
        }
    }

    /// The code of a value, which is new if the value is; `None` if there are too many values for codes.
    fn find_code(&mut self, value: &str) -> Option<u16> {
        let codes = self.codes_by_value.as_mut()?;
        if let Some(&code) = codes.get(value) {
            return Some(code);
        }
        let is_full = self.values.len() == MAX_DICTIONARY_VALUES;
        let code = u16::try_from(self.values.len()).ok().filter(|_| !is_full);
        let Some(code) = code.filter(|_| self.value_bytes + value.len() <= MAX_DICTIONARY_BYTES) else {
            self.codes_by_value = None;
            return None;
        };
        codes.insert(value.to_owned(), code);
        self.values.push(value.to_owned());
        self.value_bytes += value.len();
        Some(code)
    }

    /// Writes the cells of the current block and begins the next one.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be written.
    pub(super) fn write_chunk(&mut self, sink: &mut ByteSink) -> io::Result<ChunkLayout> {
        let offset = sink.length;
        let encoding = match &mut self.cells {
            PendingCells::Codes(codes) => {
                let bytes: Vec<u8> = codes.drain(..).flat_map(u16::to_le_bytes).collect();
                sink.append(&bytes)?;
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
