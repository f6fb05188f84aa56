//! Reads the cells of an `.xlsb` tab in parallel with calamine, for what calamine does not return: which whole numbers
//! are dates, the errors of formulas, rich texts, and cells in a short form without a column number.
//!
//! Source: [MS-XLSB] 2.4, and for the short form, which Excel reads and some programs write, the sources of LibreOffice
//! (`oox`, `BIFF12_ID_MULTCELL_…`) and SheetJS (`BrtShort…`).

use super::cell_text::{flag_text, is_rounded, number_text, serial_text};
use super::row_collector::RowCollector;
use super::workbook_errors::{corrupt_workbook, unreadable_workbook};
use super::xlsb_records::{NumberKind, RecordScanner, f64_at, rk_at, text_at, u32_at};
use crate::fetch::FetchError;

/// The first record type of cells that calamine returns.
const FIRST_KNOWN: u16 = 2;
/// The last record type of cells that calamine returns.
const LAST_KNOWN: u16 = 10;
/// A formula with an error.
const FORMULA_ERROR: u16 = 11;
/// The record types from here on are cells in the short form. Such a cell is in the column after the previous cell.
const SHORT_BLANK: u16 = 12;
const SHORT_RK: u16 = 13;
const SHORT_ERROR: u16 = 14;
const SHORT_FLAG: u16 = 15;
const SHORT_NUMBER: u16 = 16;
const SHORT_TEXT: u16 = 17;
/// A cell in the short form with a shared text.
pub(super) const SHORT_SHARED_TEXT: u16 = 18;
/// A text with formatting inside.
const RICH_TEXT: u16 = 62;

/// Whether a record is a cell that is not blank.
pub(super) const fn is_filled_cell(kind: u16) -> bool {
    matches!(kind, FIRST_KNOWN..=FORMULA_ERROR | SHORT_RK..=SHORT_SHARED_TEXT | RICH_TEXT)
}

/// What the text of a cell depends on besides its record.
pub(super) struct CellContext<'f> {
    /// What a number in a cell is, by the position of the cell's style.
    pub(super) formats: &'f [NumberKind],
    /// The shared texts. Empty unless cells in the short form use them.
    pub(super) shared_texts: &'f [String],
    /// Whether the days of the workbook are counted from 1904.
    pub(super) is_1904: bool,
}

/// Reads the cells of a tab in parallel with calamine.
pub(super) struct CellFollower<'z, 'a, 'f> {
    records: RecordScanner<'z, 'a>,
    context: CellContext<'f>,
    row: u32,
    /// The column after that of the last cell.
    next_column: u32,
}

impl<'z, 'a, 'f> CellFollower<'z, 'a, 'f> {
    /// Starts at the first of `records`.
    pub(super) fn new(records: RecordScanner<'z, 'a>, context: CellContext<'f>) -> Self {
        Self { records, context, row: 0, next_column: 0 }
    }

    /// Reads up to the next cell that calamine returns, which is in `column`, or to the end with `None`. Adds the cells
    /// before it that calamine does not return to `collector`. Returns what a number in that cell is.
    ///
    /// # Errors
    /// `corrupt_workbook` when the cells are not those that calamine returns or the part is damaged, and the errors of
    /// `collector`.
    pub(super) fn follow_to(
        &mut self,
        column: Option<u32>,
        collector: &mut RowCollector<'_>,
    ) -> Result<NumberKind, FetchError> {
        const ROW: u16 = 0;
        const BLANK: u16 = 1;
        const END: u16 = 0x92;
        while let Some((kind, record)) = self.records.next()? {
            match kind {
                ROW => (self.row, self.next_column) = (u32_at(record, 0)?, 0),
                BLANK => self.next_column = u32_at(record, 0)?.saturating_add(1),
                FIRST_KNOWN..=LAST_KNOWN if column == Some(u32_at(record, 0)?) => {
                    self.next_column = u32_at(record, 0)?.saturating_add(1);
                    return Ok(self.context.number_kind(u32_at(record, 4)?));
                }
                FIRST_KNOWN..=LAST_KNOWN => return Err(unreadable_workbook("its cells could not be followed")),
                FORMULA_ERROR | RICH_TEXT => {
                    let column = u32_at(record, 0)?;
                    self.next_column = column.saturating_add(1);
                    let text = match kind {
                        RICH_TEXT => text_at(record, 9)?.0,
                        _ => error_at(record, 8)?,
                    };
                    collector.add_cell(self.row, column, text.len(), || text)?;
                }
                SHORT_BLANK..=SHORT_SHARED_TEXT => {
                    let column = self.next_column;
                    self.next_column = column.saturating_add(1);
                    let (text, number) = self.context.read_short(kind, record)?;
                    collector.add_cell(self.row, column, text.len(), || text)?;
                    if number.is_some_and(is_rounded) {
                        collector.mark_rounded(column);
                    }
                }
                END if column.is_none() => return Ok(NumberKind::Number),
                _ => {}
            }
        }
        Err(corrupt_workbook())
    }
}

impl CellContext<'_> {
    /// What a number in this style is.
    fn number_kind(&self, style: u32) -> NumberKind {
        self.formats.get((style & 0x00FF_FFFF) as usize).copied().unwrap_or(NumberKind::Number)
    }

    /// The text of a cell in the short form, and its number if it is not a date or duration.
    fn read_short(&self, kind: u16, record: &[u8]) -> Result<(String, Option<f64>), FetchError> {
        let number = match kind {
            SHORT_RK => rk_at(record, 4)?,
            SHORT_NUMBER => f64_at(record, 4)?,
            SHORT_ERROR => return Ok((error_at(record, 4)?, None)),
            SHORT_FLAG => return Ok((flag_text(*record.get(4).ok_or_else(corrupt_workbook)? != 0).to_owned(), None)),
            SHORT_TEXT => return Ok((text_at(record, 4)?.0, None)),
            SHORT_SHARED_TEXT => {
                let text = self.shared_texts.get(u32_at(record, 4)? as usize).ok_or_else(corrupt_workbook)?;
                return Ok((text.clone(), None));
            }
            _ => return Ok((String::new(), None)),
        };
        Ok(match self.number_kind(u32_at(record, 0)?) {
            NumberKind::Number => (number_text(number), Some(number)),
            NumberKind::Date => (serial_text(number, false, self.is_1904), None),
            NumberKind::Duration => (serial_text(number, true, self.is_1904), None),
        })
    }
}

/// The error whose code is at `at` ([MS-XLSB] 2.5.97.2, "BErr").
fn error_at(record: &[u8], at: usize) -> Result<String, FetchError> {
    let word = match *record.get(at).ok_or_else(corrupt_workbook)? {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        0x2B => "#GETTING_DATA",
        _ => "#UNKNOWN!",
    };
    Ok(word.to_owned())
}
