//! Reads the records of a part of an `.xlsb` file, and detects dates by the formats of cells.
//!
//! Source: [MS-XLSB] 2.1.4, "Record".

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};

use super::part_reader::{PartReader, ReadLimit};
use super::workbook_errors::{corrupt_workbook, too_large_unpacked};
use crate::fetch::FetchError;

/// The longest record in bytes. The text of a cell has at most 64 kB.
const MAX_RECORD_BYTES: usize = 4 * 1024 * 1024;

/// The records of a part, one after the other.
pub(super) struct RecordScanner<'z, 'a> {
    input: BufReader<PartReader<'z, 'a>>,
    limit: ReadLimit<'a>,
    record: Vec<u8>,
}

impl<'z, 'a> RecordScanner<'z, 'a> {
    /// Starts at the beginning of `part`.
    pub(super) fn new(part: PartReader<'z, 'a>) -> Self {
        let limit = part.limit();
        Self { input: BufReader::with_capacity(64 * 1024, part), limit, record: Vec::new() }
    }

    /// The type and the data of the next record. `None` at the end of the part.
    ///
    /// # Errors
    /// `corrupt_workbook` when the part is cut off, `too_large` when the record is longer than [`MAX_RECORD_BYTES`],
    /// and the errors of [`ReadLimit::check`].
    pub(super) fn next(&mut self) -> Result<Option<(u16, &[u8])>, FetchError> {
        match self.read_next() {
            Ok(None) => Ok(None),
            Ok(Some(_)) if self.record.len() > MAX_RECORD_BYTES => {
                Err(too_large_unpacked("It has a record of more than 4 MB."))
            }
            Ok(Some(kind)) => Ok(Some((kind, &self.record))),
            Err(error) => Err(PartReader::explain_io_error(&self.limit, &error)),
        }
    }

    fn read_next(&mut self) -> io::Result<Option<u16>> {
        if self.input.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let first = self.byte()?;
        let kind = if first & 0x80 == 0 {
            u16::from(first)
        } else {
            u16::from(first & 0x7F) + (u16::from(self.byte()? & 0x7F) << 7)
        };
        let mut length = 0;
        for position in 0..4 {
            let byte = self.byte()?;
            length += usize::from(byte & 0x7F) << (7 * position);
            if byte & 0x80 == 0 {
                break;
            }
        }
        self.record.clear();
        // One byte more than allowed shows that there are too many.
        let max = length.min(MAX_RECORD_BYTES + 1);
        self.record.resize(max, 0);
        self.input.read_exact(&mut self.record)?;
        Ok(Some(kind))
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.input.read_exact(&mut byte)?;
        Ok(byte[0])
    }
}

/// The 32 bits at `at`.
pub(super) fn u32_at(record: &[u8], at: usize) -> Result<u32, FetchError> {
    let bytes = record.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt_workbook)?;
    Ok(u32::from_le_bytes(bytes))
}

/// The 16 bits at `at`.
pub(super) fn u16_at(record: &[u8], at: usize) -> Result<u16, FetchError> {
    let bytes = record.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt_workbook)?;
    Ok(u16::from_le_bytes(bytes))
}

/// The number at `at`.
pub(super) fn f64_at(record: &[u8], at: usize) -> Result<f64, FetchError> {
    let bytes = record.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt_workbook)?;
    Ok(f64::from_le_bytes(bytes))
}

/// The number at `at` in 32 bits ([MS-XLSB] 2.5.122, "RkNumber").
pub(super) fn rk_at(record: &[u8], at: usize) -> Result<f64, FetchError> {
    let bits = u32_at(record, at)?;
    let number =
        if bits & 2 == 0 { f64::from_bits(u64::from(bits & !3) << 32) } else { f64::from(bits.cast_signed() >> 2) };
    Ok(if bits & 1 == 0 { number } else { number / 100.0 })
}

/// The text at `at`, which its length precedes, and its end.
pub(super) fn text_at(record: &[u8], at: usize) -> Result<(String, usize), FetchError> {
    let end = (u32_at(record, at)? as usize).checked_mul(2).and_then(|bytes| bytes.checked_add(at + 4));
    let end = end.ok_or_else(corrupt_workbook)?;
    let bytes = record.get(at + 4..end).ok_or_else(corrupt_workbook)?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    Ok((String::from_utf16_lossy(&units), end))
}

/// What a number in a cell is, according to the format of the cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NumberKind {
    Number,
    Date,
    Duration,
}

/// Reads from the styles what a number in a cell is, by the position of the cell's style.
pub(super) fn read_formats(mut styles: RecordScanner<'_, '_>) -> Result<Vec<NumberKind>, FetchError> {
    const FORMAT: u16 = 0x2C;
    const CELL_FORMATS_BEGIN: u16 = 0x269;
    const CELL_FORMATS_END: u16 = 0x26A;
    const CELL_FORMAT: u16 = 0x2F;
    let (mut custom, mut formats, mut inside) = (HashMap::new(), Vec::new(), false);
    while let Some((kind, record)) = styles.next()? {
        match kind {
            FORMAT => {
                custom.insert(u16_at(record, 0)?, kind_of_format(&text_at(record, 2)?.0));
            }
            CELL_FORMATS_BEGIN => inside = true,
            CELL_FORMATS_END => inside = false,
            CELL_FORMAT if inside => {
                let id = u16_at(record, 2)?;
                formats.push(match id {
                    14..=22 | 45 | 47 => NumberKind::Date,
                    46 => NumberKind::Duration,
                    _ => custom.get(&id).copied().unwrap_or(NumberKind::Number),
                });
            }
            _ => {}
        }
    }
    Ok(formats)
}

/// What a number in this format is, judged by the letters outside of quotes and brackets.
fn kind_of_format(format: &str) -> NumberKind {
    // The part after a semicolon formats negative numbers.
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        match character {
            ';' => return NumberKind::Number,
            '\\' | '_' | '*' => drop(characters.next()),
            '"' => drop(characters.by_ref().find(|c| *c == '"')),
            '[' => {
                let inside: String = characters.by_ref().take_while(|c| *c != ']').collect();
                let inside = inside.to_ascii_lowercase();
                if !inside.is_empty() && ["h", "m", "s"].iter().any(|unit| inside.replace(unit, "").is_empty()) {
                    return NumberKind::Duration;
                }
            }
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => return NumberKind::Date,
            // "General" has no letter of a date before its end.
            'G' | 'g' if format.to_ascii_lowercase().contains("general") => return NumberKind::Number,
            _ => {}
        }
    }
    NumberKind::Number
}

#[cfg(test)]
mod tests {
    use super::{NumberKind, kind_of_format};

    #[test]
    fn formats_distinguish_dates_from_numbers() {
        for format in ["yyyy-mm-dd", "d/m/yy h:mm", "[$-409]mmm d", "h:mm AM/PM", "\"on\" dd.mm.", "[Red]dd"] {
            assert_eq!(kind_of_format(format), NumberKind::Date, "{format}");
        }
        for format in ["[h]:mm:ss", "[mm]", "[ss].00"] {
            assert_eq!(kind_of_format(format), NumberKind::Duration, "{format}");
        }
        for format in ["General", "0.00%", "#,##0 \"days\"", "0\\d", "[Red]0;[Blue]yyyy", "#,##0*y", "_d0"] {
            assert_eq!(kind_of_format(format), NumberKind::Number, "{format}");
        }
    }
}
