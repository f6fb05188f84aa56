//! Splits the stream of an `.xls` workbook into its records, and names their types.
//!
//! Source: [MS-XLS] 2.1.4, "Record".

use std::ops::Range;

use super::workbook_errors::corrupt_workbook;
use crate::fetch::FetchError;

pub(super) const FORMULA_RECORD: u16 = 0x06;
pub(super) const END_RECORD: u16 = 0x0A;
pub(super) const NAME_RECORD: u16 = 0x18;
pub(super) const PASSWORD_RECORD: u16 = 0x2F;
/// A record that continues the one before it.
pub(super) const CONTINUE_RECORD: u16 = 0x3C;
pub(super) const COLUMNS_RECORD: u16 = 0x7D;
pub(super) const TAB_RECORD: u16 = 0x85;
pub(super) const SEVERAL_NUMBERS: u16 = 0xBD;
pub(super) const MERGED_CELLS_RECORD: u16 = 0xE5;
pub(super) const TEXTS_RECORD: u16 = 0xFC;
pub(super) const SHARED_TEXT: u16 = 0xFD;
/// "RecalcId": which version of a spreadsheet program calculated the workbook.
pub(super) const CALCULATION_RECORD: u16 = 0x1C1;
pub(super) const DIMENSIONS_RECORD: u16 = 0x200;
pub(super) const CELL_RECORDS: [u16; 7] = [0x203, 0x204, 0x205, 0xD6, 0x27E, SHARED_TEXT, SEVERAL_NUMBERS];
pub(super) const TEXT_OF_FORMULA: u16 = 0x207;
pub(super) const ROW_RECORD: u16 = 0x208;
pub(super) const BEGIN_RECORD: u16 = 0x809;
/// A type that no record has. calamine skips it.
pub(super) const EMPTY_RECORD: u16 = 0x1FFF;

/// A record: its type, its position, and the range of its data.
pub(super) struct XlsRecord {
    pub(super) kind: u16,
    pub(super) at: usize,
    pub(super) data: Range<usize>,
}

pub(super) fn record_at(bytes: &[u8], at: usize) -> Result<XlsRecord, FetchError> {
    let head = bytes.get(at..).unwrap_or_default();
    let (kind, length) = (u16_at(head, 0)?, usize::from(u16_at(head, 2)?));
    let data = at + 4..at + 4 + length;
    if data.end > bytes.len() { Err(corrupt_workbook()) } else { Ok(XlsRecord { kind, at, data }) }
}

pub(super) fn u16_at(data: &[u8], at: usize) -> Result<u16, FetchError> {
    let bytes = data.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt_workbook)?;
    Ok(u16::from_le_bytes(bytes))
}

pub(super) fn u32_at(data: &[u8], at: usize) -> Result<u32, FetchError> {
    let bytes = data.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt_workbook)?;
    Ok(u32::from_le_bytes(bytes))
}
