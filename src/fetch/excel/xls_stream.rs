//! Reduces the stream of an `.xls` workbook to one tab, and measures the tab before calamine reads it.
//!
//! Source: [MS-XLS] 2.1.4, "Record".

use super::workbook_errors::{corrupt_workbook, password_protected};
use super::xls_measurement::{TabMeasurement, XlsTabFacts, check_declared_area};
use super::xls_records::{
    BEGIN_RECORD, CALCULATION_RECORD, CELL_RECORDS, COLUMNS_RECORD, DIMENSIONS_RECORD, EMPTY_RECORD, END_RECORD,
    FORMULA_RECORD, MERGED_CELLS_RECORD, NAME_RECORD, PASSWORD_RECORD, ROW_RECORD, SHARED_TEXT, TAB_RECORD,
    TEXT_OF_FORMULA, TEXTS_RECORD, record_at, u16_at, u32_at,
};
use super::xls_texts::text_lengths;
use crate::fetch::FetchError;

/// The stream of a workbook.
pub(super) struct XlsStream {
    bytes: Vec<u8>,
    /// The position of each tab.
    tabs: Vec<usize>,
    /// The position and the value of the four bytes after the first record of each tab. They are overwritten to end a
    /// tab there.
    kept: Vec<(usize, [u8; 4])>,
    /// The largest possible length of each shared text in bytes.
    texts: Vec<u32>,
    /// Whether no spreadsheet program has calculated the workbook. Programs that calculate write a record about it.
    is_uncalculated: bool,
}

impl XlsStream {
    /// Reads the records about the whole workbook.
    ///
    /// # Errors
    /// `password_protected` when the workbook is encrypted, `corrupt_workbook` when it is damaged.
    pub(super) fn new(mut bytes: Vec<u8>) -> Result<Self, FetchError> {
        let (mut tabs, mut texts, mut at, mut is_uncalculated) = (Vec::new(), Vec::new(), 0, true);
        loop {
            let record = record_at(&bytes, at)?;
            let data = &bytes[record.data.clone()];
            match record.kind {
                PASSWORD_RECORD if u16_at(data, 0)? != 0 => return Err(password_protected()),
                TAB_RECORD => tabs.push(u32_at(data, 0)? as usize),
                TEXTS_RECORD => texts = text_lengths(&bytes, &record)?,
                CALCULATION_RECORD => is_uncalculated = false,
                NAME_RECORD => bytes[record.at..record.at + 2].copy_from_slice(&EMPTY_RECORD.to_le_bytes()),
                END_RECORD => break,
                _ => {}
            }
            at = record.data.end;
        }
        let mut kept = Vec::with_capacity(tabs.len());
        for tab in &tabs {
            let begin = record_at(&bytes, *tab)?;
            let after = begin.data.end;
            if begin.kind != BEGIN_RECORD {
                return Err(corrupt_workbook());
            }
            let four: [u8; 4] =
                bytes.get(after..after + 4).and_then(|four| four.try_into().ok()).ok_or_else(corrupt_workbook)?;
            kept.push((after, four));
        }
        Ok(Self { bytes, tabs, kept, texts, is_uncalculated })
    }

    /// The stream with only the tab at this position, or with none. The other tabs are empty.
    ///
    /// # Errors
    /// `corrupt_workbook` when there is no such tab.
    pub(super) fn with_tab(&mut self, tab: Option<usize>) -> Result<&[u8], FetchError> {
        for (position, (at, four)) in self.kept.iter().enumerate() {
            let end = [END_RECORD.to_le_bytes(), [0, 0]].concat();
            let four = if tab == Some(position) { four.as_slice() } else { end.as_slice() };
            self.bytes[*at..*at + 4].copy_from_slice(four);
        }
        match tab {
            Some(position) if position >= self.tabs.len() => Err(corrupt_workbook()),
            _ => Ok(&self.bytes),
        }
    }

    /// Checks that the tab at this position fits in memory, removes its formulas but not their values, and returns the
    /// facts about it that calamine does not return.
    ///
    /// # Errors
    /// `too_large` when the tab does not fit in memory, `corrupt_workbook` when it is damaged.
    pub(super) fn measure(&mut self, tab: usize, max_bytes: u64) -> Result<XlsTabFacts, FetchError> {
        self.with_tab(Some(tab))?;
        let mut at = record_at(&self.bytes, *self.tabs.get(tab).ok_or_else(corrupt_workbook)?)?.data.end;
        let mut measured = TabMeasurement::default();
        let mut depth = 0_u32;
        loop {
            let record = record_at(&self.bytes, at)?;
            at = record.data.end;
            let data = &self.bytes[record.data.clone()];
            match record.kind {
                // A chart in the tab has its own records.
                BEGIN_RECORD => depth += 1,
                END_RECORD if depth == 0 => break,
                END_RECORD => depth -= 1,
                _ if depth > 0 => {}
                DIMENSIONS_RECORD => check_declared_area(data)?,
                ROW_RECORD if u16_at(data, 12)? & 0x20 != 0 => measured.add_hidden_row(u16_at(data, 0)?),
                COLUMNS_RECORD if u16_at(data, 8)? & 1 != 0 => {
                    measured.add_hidden_columns(u16_at(data, 0)?, u16_at(data, 2)?);
                }
                MERGED_CELLS_RECORD => measured.add_merged_cells(data)?,
                TEXT_OF_FORMULA => measured.add_formula_text(data),
                kind if kind == FORMULA_RECORD || CELL_RECORDS.contains(&kind) => {
                    measured.add_cell(kind, data, self.is_uncalculated)?;
                    if kind == SHARED_TEXT {
                        measured.add_shared_text(self.texts.get(u32_at(data, 6)? as usize).copied().unwrap_or(0));
                    }
                    if kind == FORMULA_RECORD && data.len() >= 22 {
                        let length = record.data.start + 20;
                        self.bytes[length..length + 2].fill(0);
                    }
                }
                _ => {}
            }
            measured.check_limits(max_bytes)?;
        }
        Ok(measured.into_facts())
    }
}

#[cfg(test)]
mod tests;
