//! Measures the shared texts of an `.xls` workbook.

use std::ops::Range;

use super::workbook_errors::corrupt_workbook;
use super::xls_records::{CONTINUE_RECORD, XlsRecord, record_at};
use crate::fetch::FetchError;

/// The largest possible length of each shared text in bytes. Many cells may share a text, so a small file may contain
/// much text.
///
/// The texts are in the record `first` and in the records that continue it. If the characters of a text continue in the
/// next record, that record begins with a byte for their width ([MS-XLS] 2.5.293, "XLUnicodeRichExtendedString").
pub(super) fn text_lengths(bytes: &[u8], first: &XlsRecord) -> Result<Vec<u32>, FetchError> {
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
        lengths.push(u32::try_from(characters * 3).map_err(|_| corrupt_workbook())?);
    }
    Ok(lengths)
}

/// The data of a record and of the records that continue it.
struct TextPieces<'a> {
    bytes: &'a [u8],
    /// The rest of the current record.
    data: Range<usize>,
    /// The end of the current record.
    end: usize,
}

impl TextPieces<'_> {
    /// Whether there is more, in this record or the next.
    fn has_more(&mut self) -> Result<bool, FetchError> {
        while self.data.is_empty() {
            let next = record_at(self.bytes, self.end)?;
            if next.kind != CONTINUE_RECORD {
                return Ok(false);
            }
            (self.data, self.end) = (next.data.clone(), next.data.end);
        }
        Ok(true)
    }

    fn byte(&mut self) -> Result<u8, FetchError> {
        if !self.has_more()? {
            return Err(corrupt_workbook());
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
                return Err(corrupt_workbook());
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
                    return Err(corrupt_workbook());
                }
                is_wide = self.byte()? & 1 != 0;
            }
            let width = 1 + usize::from(is_wide);
            let here = count.min(self.data.len() / width);
            if here == 0 {
                return Err(corrupt_workbook());
            }
            self.data.start += here * width;
            count -= here;
        }
        Ok(())
    }
}
