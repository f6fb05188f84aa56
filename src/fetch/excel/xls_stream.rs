//! The stream of an `.xls` workbook: measured before it is read, and cut down to one tab.
//!
//! Source: [MS-XLS] 2.1.4, "Record".

use std::ops::Range;

use super::failure::{corrupt, password_protected, too_large_unpacked};
use super::layout::TabLayout;
use crate::fetch::FetchError;

/// The most cells of the rectangle that a tab takes up. A tab of the format has at most 65,536 rows.
pub(super) const MAX_RECTANGLE: u64 = 65_536 * 32;

const FORMULA: u16 = 0x06;
const END: u16 = 0x0A;
const NAME: u16 = 0x18;
const CONTINUED: u16 = 0x3C;
const PASSWORD: u16 = 0x2F;
const COLUMNS: u16 = 0x7D;
const TAB: u16 = 0x85;
const SEVERAL_NUMBERS: u16 = 0xBD;
const MERGED: u16 = 0xE5;
const TEXTS: u16 = 0xFC;
const SHARED_TEXT: u16 = 0xFD;
const DIMENSIONS: u16 = 0x200;
const CELLS: [u16; 7] = [0x203, 0x204, 0x205, 0xD6, 0x27E, SHARED_TEXT, SEVERAL_NUMBERS];
const TEXT_OF_FORMULA: u16 = 0x207;
const ROW: u16 = 0x208;
const BEGIN: u16 = 0x809;
/// A type that no record has, which calamine passes over.
const NOTHING: u16 = 0x1FFF;

/// A record: its type, and where its data is.
struct Record {
    kind: u16,
    at: usize,
    data: Range<usize>,
}

/// The stream of a workbook.
pub(super) struct XlsStream {
    bytes: Vec<u8>,
    /// Where each tab begins.
    tabs: Vec<usize>,
    /// The four bytes behind the beginning of each tab, which are overwritten to end it there.
    kept: Vec<(usize, [u8; 4])>,
    /// How long each shared text is at most.
    texts: Vec<u32>,
}

impl XlsStream {
    /// Goes through the records that are about the whole workbook.
    ///
    /// # Errors
    /// Where it is encrypted or damaged.
    pub(super) fn new(mut bytes: Vec<u8>) -> Result<Self, FetchError> {
        let (mut tabs, mut texts, mut at) = (Vec::new(), Vec::new(), 0);
        loop {
            let record = record_at(&bytes, at)?;
            let data = &bytes[record.data.clone()];
            match record.kind {
                PASSWORD if u16_at(data, 0)? != 0 => return Err(password_protected()),
                TAB => tabs.push(u32_at(data, 0)? as usize),
                TEXTS => texts = text_lengths(&bytes, &record)?,
                NAME => bytes[record.at..record.at + 2].copy_from_slice(&NOTHING.to_le_bytes()),
                END => break,
                _ => {}
            }
            at = record.data.end;
        }
        let mut kept = Vec::with_capacity(tabs.len());
        for tab in &tabs {
            let begin = record_at(&bytes, *tab)?;
            let behind = begin.data.end;
            if begin.kind != BEGIN {
                return Err(corrupt());
            }
            let four: [u8; 4] =
                bytes.get(behind..behind + 4).and_then(|four| four.try_into().ok()).ok_or_else(corrupt)?;
            kept.push((behind, four));
        }
        Ok(Self { bytes, tabs, kept, texts })
    }

    /// The stream with the tab at this position alone, or with none: the others are empty.
    pub(super) fn with_tab(&mut self, tab: Option<usize>) -> Result<&[u8], FetchError> {
        for (position, (at, four)) in self.kept.iter().enumerate() {
            let end = [END.to_le_bytes(), [0, 0]].concat();
            let four = if tab == Some(position) { four.as_slice() } else { end.as_slice() };
            self.bytes[*at..*at + 4].copy_from_slice(four);
        }
        match tab {
            Some(position) if position >= self.tabs.len() => Err(corrupt()),
            _ => Ok(&self.bytes),
        }
    }

    /// Makes sure that the tab at this position can be read in memory, takes the formulas out of it, of which the
    /// values stay, and says what is hidden or merged.
    ///
    /// # Errors
    /// Where it is larger than may be, or damaged.
    pub(super) fn measure(&mut self, tab: usize, max_bytes: u64) -> Result<TabLayout, FetchError> {
        self.with_tab(Some(tab))?;
        let mut layout = TabLayout::default();
        let mut at = record_at(&self.bytes, *self.tabs.get(tab).ok_or_else(corrupt)?)?.data.end;
        let (mut rectangle, mut text, mut depth) = (Rectangle::default(), 0_u64, 0_u32);
        let mut hidden_rows = std::collections::BTreeSet::new();
        loop {
            let record = record_at(&self.bytes, at)?;
            at = record.data.end;
            let data = &self.bytes[record.data.clone()];
            match record.kind {
                // A chart in the tab has records of its own.
                BEGIN => depth += 1,
                END if depth == 0 => break,
                END => depth -= 1,
                _ if depth > 0 => {}
                DIMENSIONS => bounds_of(data)?,
                ROW if u16_at(data, 12)? & 0x20 != 0 => drop(hidden_rows.insert(u16_at(data, 0)?)),
                COLUMNS if u16_at(data, 8)? & 1 != 0 => {
                    layout.hide_columns(u32::from(u16_at(data, 0)?), u32::from(u16_at(data, 2)?));
                }
                MERGED => {
                    for area in data.get(2..).unwrap_or_default().chunks_exact(8) {
                        let number = |at: usize| u16_at(area, at).map(u32::from);
                        layout.merge((number(0)?, number(4)?), (number(2)?, number(6)?));
                    }
                }
                kind if kind == FORMULA || CELLS.contains(&kind) => {
                    let (row, mut column) = (u16_at(data, 0)?, u16_at(data, 2)?);
                    if kind == SEVERAL_NUMBERS {
                        column = u16_at(data, data.len().saturating_sub(2))?.max(column);
                    }
                    rectangle.add(row, u16_at(data, 2)?, column);
                    if kind == SHARED_TEXT {
                        text += u64::from(self.texts.get(u32_at(data, 6)? as usize).copied().unwrap_or(0));
                    }
                    if kind == FORMULA && data.len() >= 22 {
                        let length = record.data.start + 20;
                        self.bytes[length..length + 2].fill(0);
                    }
                    if hidden_rows.remove(&row) {
                        layout.hide_row(u64::from(row) + 1);
                    }
                }
                TEXT_OF_FORMULA => text += data.len() as u64 * 3,
                _ => {}
            }
            // Each character was counted as three bytes.
            if text > max_bytes.saturating_mul(3) {
                let most = max_bytes.div_ceil(1_000_000);
                return Err(too_large_unpacked(&format!("The texts of its tab have more than {most} MB.")));
            }
            if rectangle.cells() > MAX_RECTANGLE {
                return Err(too_many_cells());
            }
        }
        Ok(layout)
    }
}

/// That the area which the cells of a tab take up is too large.
fn too_many_cells() -> FetchError {
    too_large_unpacked(&format!(
        "A tab in the old format .xls may take up {} million cells; save it as .xlsx.",
        MAX_RECTANGLE / 1_000_000
    ))
}

/// Memory is set aside for the cells that a tab claims to have.
fn bounds_of(data: &[u8]) -> Result<(), FetchError> {
    let (first, last) = match data.len() {
        10 => (u32::from(u16_at(data, 0)?), u32::from(u16_at(data, 2)?)),
        14 => (u32_at(data, 0)?, u32_at(data, 4)?),
        _ => return Err(corrupt()),
    };
    let at = data.len() - 6;
    let (left, right) = (u16_at(data, at)?, u16_at(data, at + 2)?);
    // calamine takes a first column beyond the last possible one for the first.
    let left = if left > 0xFF || right < left { 0 } else { left };
    if last < first && last > 0 {
        return Err(corrupt());
    }
    let cells = u64::from(last.saturating_sub(first) + 1) * u64::from(right.saturating_sub(left) + 1);
    if last > 65_536 || cells > MAX_RECTANGLE * 8 { Err(too_many_cells()) } else { Ok(()) }
}

/// The rectangle around the cells.
#[derive(Default)]
struct Rectangle {
    rows: Option<(u16, u16)>,
    columns: (u16, u16),
}

impl Rectangle {
    fn add(&mut self, row: u16, first: u16, last: u16) {
        let (top, bottom) = self.rows.unwrap_or((row, row));
        let (left, right) = if self.rows.is_some() { self.columns } else { (first, last) };
        self.rows = Some((top.min(row), bottom.max(row)));
        self.columns = (left.min(first), right.max(last));
    }

    fn cells(&self) -> u64 {
        let Some((top, bottom)) = self.rows else { return 0 };
        (u64::from(bottom - top) + 1) * (u64::from(self.columns.1 - self.columns.0) + 1)
    }
}

fn record_at(bytes: &[u8], at: usize) -> Result<Record, FetchError> {
    let head = bytes.get(at..).unwrap_or_default();
    let (kind, length) = (u16_at(head, 0)?, usize::from(u16_at(head, 2)?));
    let data = at + 4..at + 4 + length;
    if data.end > bytes.len() { Err(corrupt()) } else { Ok(Record { kind, at, data }) }
}

fn u16_at(data: &[u8], at: usize) -> Result<u16, FetchError> {
    let bytes = data.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt)?;
    Ok(u16::from_le_bytes(bytes))
}

fn u32_at(data: &[u8], at: usize) -> Result<u32, FetchError> {
    let bytes = data.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt)?;
    Ok(u32::from_le_bytes(bytes))
}

/// How many bytes each shared text has at most: cells repeat them, so a small file may hold much text.
///
/// The texts lie in the record and in those that continue it. Where the characters of a text go on in the next
/// record, it begins with a byte that says anew how wide they are ([MS-XLS] 2.5.293, "XLUnicodeRichExtendedString").
fn text_lengths(bytes: &[u8], first: &Record) -> Result<Vec<u32>, FetchError> {
    let mut pieces = TextPieces { bytes, data: first.data.clone(), end: first.data.end };
    pieces.skip(8)?;
    let mut lengths = Vec::new();
    while pieces.has_more()? {
        let characters = usize::from(pieces.u16()?);
        let flags = pieces.byte()?;
        let runs = if flags & 0x08 == 0 { 0 } else { usize::from(pieces.u16()?) };
        let extra = if flags & 0x04 == 0 { 0 } else { usize::from(pieces.u16()?) + (usize::from(pieces.u16()?) << 16) };
        pieces.skip_characters(characters, flags & 1 != 0)?;
        pieces.skip(runs * 4)?;
        pieces.skip(extra)?;
        // A character of UTF-16 has at most three bytes in UTF-8.
        lengths.push(u32::try_from(characters * 3).map_err(|_| corrupt())?);
    }
    Ok(lengths)
}

/// The data of a record and of those that continue it.
struct TextPieces<'a> {
    bytes: &'a [u8],
    /// What is left of the present record.
    data: Range<usize>,
    /// Where it ends.
    end: usize,
}

impl TextPieces<'_> {
    /// Whether there is more, in this record or the next.
    fn has_more(&mut self) -> Result<bool, FetchError> {
        while self.data.is_empty() {
            let next = record_at(self.bytes, self.end)?;
            if next.kind != CONTINUED {
                return Ok(false);
            }
            (self.data, self.end) = (next.data.clone(), next.data.end);
        }
        Ok(true)
    }

    fn byte(&mut self) -> Result<u8, FetchError> {
        if !self.has_more()? {
            return Err(corrupt());
        }
        let byte = self.bytes[self.data.start];
        self.data.start += 1;
        Ok(byte)
    }

    fn u16(&mut self) -> Result<u16, FetchError> {
        Ok(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn skip(&mut self, mut count: usize) -> Result<(), FetchError> {
        while count > 0 {
            if !self.has_more()? {
                return Err(corrupt());
            }
            let here = count.min(self.data.len());
            self.data.start += here;
            count -= here;
        }
        Ok(())
    }

    fn skip_characters(&mut self, mut count: usize, mut is_wide: bool) -> Result<(), FetchError> {
        while count > 0 {
            if self.data.is_empty() {
                if !self.has_more()? {
                    return Err(corrupt());
                }
                is_wide = self.byte()? & 1 != 0;
            }
            let width = 1 + usize::from(is_wide);
            let here = count.min(self.data.len() / width);
            if here == 0 {
                return Err(corrupt());
            }
            self.data.start += here * width;
            count -= here;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "xls_stream_tests.rs"]
mod tests;
