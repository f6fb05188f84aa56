//! Splits the stream of an `.xls` workbook into its records.
//!
//! Source: [MS-XLS] 2.1.4, "Record".

use std::ops::Range;

use super::workbook_errors::corrupt_workbook;
use crate::fetch::FetchError;

/// The type of a record that continues the one before it.
pub(super) const CONTINUE_RECORD: u16 = 0x3C;

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
