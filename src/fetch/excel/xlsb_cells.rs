//! Follows the cells of an `.xlsb` tab beside calamine, for what it does not tell: which whole numbers are dates, the
//! errors of formulas, rich texts, and cells in a short form that leave their column out.
//!
//! Source: [MS-XLSB] 2.4, and for the short form, which Excel reads and some programs write, the sources of LibreOffice
//! (`oox`, `BIFF12_ID_MULTCELL_…`) and SheetJS (`BrtShort…`).

use super::cell_text::{flag_text, is_rounded, number_text, serial_text};
use super::row_collector::RowCollector;
use super::workbook_errors::{corrupt_workbook, unreadable_workbook};
use super::xlsb_records::{NumberKind, RecordScanner, f64_at, rk_at, text_at, u32_at};
use crate::fetch::FetchError;

/// Cells that calamine gives.
const FIRST_GIVEN: u16 = 2;
const LAST_GIVEN: u16 = 10;
/// A formula with an error.
const FORMULA_ERROR: u16 = 11;
/// Cells in the short form: their column is the one after that of the cell before.
const SHORT_BLANK: u16 = 12;
const SHORT_RK: u16 = 13;
const SHORT_ERROR: u16 = 14;
const SHORT_FLAG: u16 = 15;
const SHORT_NUMBER: u16 = 16;
const SHORT_TEXT: u16 = 17;
/// A cell in the short form with a text that cells share.
pub(super) const SHORT_SHARED_TEXT: u16 = 18;
/// A text with its own formats.
const RICH_TEXT: u16 = 62;

/// Whether a record is a cell that has something in it.
pub(super) const fn is_filled_cell(kind: u16) -> bool {
    matches!(kind, FIRST_GIVEN..=FORMULA_ERROR | SHORT_RK..=SHORT_SHARED_TEXT | RICH_TEXT)
}

/// What is needed to read cells.
pub(super) struct CellContext<'f> {
    /// What the number of a cell is, by the position of its style.
    pub(super) formats: &'f [NumberKind],
    /// The texts that cells share, where cells in the short form have some.
    pub(super) shared_texts: &'f [String],
    /// Whether the days of the workbook are counted from 1904.
    pub(super) is_1904: bool,
}

/// Follows the cells of a tab.
pub(super) struct CellFollower<'z, 'a, 'f> {
    records: RecordScanner<'z, 'a>,
    context: CellContext<'f>,
    row: u32,
    /// The column after that of the last cell.
    next_column: u32,
}

impl<'z, 'a, 'f> CellFollower<'z, 'a, 'f> {
    /// Begins at the first of `records`.
    pub(super) fn new(records: RecordScanner<'z, 'a>, context: CellContext<'f>) -> Self {
        Self { records, context, row: 0, next_column: 0 }
    }

    /// What the number in the next cell is that calamine gives; it is in `column`, or there is no further one. The
    /// cells before it that calamine does not give go to `collector`.
    ///
    /// # Errors
    /// Where the cells are not those that calamine gives, or the part is damaged.
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
                FIRST_GIVEN..=LAST_GIVEN if column == Some(u32_at(record, 0)?) => {
                    self.next_column = u32_at(record, 0)?.saturating_add(1);
                    return Ok(self.context.number_kind(u32_at(record, 4)?));
                }
                FIRST_GIVEN..=LAST_GIVEN => return Err(unreadable_workbook("its cells could not be followed")),
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
    /// What a number is that is shown in this style.
    fn number_kind(&self, style: u32) -> NumberKind {
        self.formats.get((style & 0x00FF_FFFF) as usize).copied().unwrap_or(NumberKind::Number)
    }

    /// The text of a cell in the short form, and its number where it is a plain one.
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
