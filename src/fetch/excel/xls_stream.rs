//! Measures the stream of an `.xls` workbook before calamine reads it, and reduces it to one tab.
//!
//! Source: [MS-XLS] 2.1.4, "Record".

use super::layout::TabLayout;
use super::workbook_errors::{corrupt_workbook, over_max_bytes, password_protected, too_large_unpacked};
use super::xls_records::{record_at, u16_at, u32_at};
use super::xls_texts::text_lengths;
use crate::fetch::FetchError;

/// The most cells of the rectangle that a tab takes up. A tab of the format has at most 65,536 rows.
pub(super) const MAX_RECTANGLE: u64 = 65_536 * 32;

const FORMULA_RECORD: u16 = 0x06;
const END_RECORD: u16 = 0x0A;
const NAME_RECORD: u16 = 0x18;
const PASSWORD_RECORD: u16 = 0x2F;
const COLUMNS_RECORD: u16 = 0x7D;
const TAB_RECORD: u16 = 0x85;
const SEVERAL_NUMBERS: u16 = 0xBD;
const MERGED_CELLS_RECORD: u16 = 0xE5;
const TEXTS_RECORD: u16 = 0xFC;
const SHARED_TEXT: u16 = 0xFD;
/// "RecalcId": which version of a spreadsheet program calculated the workbook.
const CALCULATION_RECORD: u16 = 0x1C1;
const DIMENSIONS_RECORD: u16 = 0x200;
const CELL_RECORDS: [u16; 7] = [0x203, 0x204, 0x205, 0xD6, 0x27E, SHARED_TEXT, SEVERAL_NUMBERS];
const TEXT_OF_FORMULA: u16 = 0x207;
const ROW_RECORD: u16 = 0x208;
const BEGIN_RECORD: u16 = 0x809;
/// A type that no record has. calamine skips it.
const EMPTY_RECORD: u16 = 0x1FFF;

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
        let XlsTabFacts { mut layout, mut odd_cells } = XlsTabFacts::default();
        let (mut places, mut textless_formula) = (CellPlaces::default(), None);
        let mut at = record_at(&self.bytes, *self.tabs.get(tab).ok_or_else(corrupt_workbook)?)?.data.end;
        let (mut rectangle, mut text, mut depth) = (CellBounds::default(), 0_u64, 0_u32);
        let mut hidden_rows = std::collections::BTreeSet::new();
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
                ROW_RECORD if u16_at(data, 12)? & 0x20 != 0 => drop(hidden_rows.insert(u16_at(data, 0)?)),
                COLUMNS_RECORD if u16_at(data, 8)? & 1 != 0 => {
                    layout.hide_columns(u32::from(u16_at(data, 0)?), u32::from(u16_at(data, 2)?));
                }
                MERGED_CELLS_RECORD => {
                    for area in data.get(2..).unwrap_or_default().chunks_exact(8) {
                        let number = |at: usize| u16_at(area, at).map(u32::from);
                        layout.merge((number(0)?, number(4)?), (number(2)?, number(6)?));
                    }
                }
                TEXT_OF_FORMULA => {
                    textless_formula = None;
                    text += data.len() as u64 * 3;
                }
                kind if kind == FORMULA_RECORD || CELL_RECORDS.contains(&kind) => {
                    let (row, mut column) = (u16_at(data, 0)?, u16_at(data, 2)?);
                    if kind == SEVERAL_NUMBERS {
                        column = u16_at(data, data.len().saturating_sub(2))?.max(column);
                    }
                    let first_column = u16_at(data, 2)?;
                    rectangle.add(row, first_column, column);
                    let repeated = places.add(row, first_column..=column);
                    odd_cells.extend(repeated.map(|column| (row, column, OddCell::Repeated)));
                    odd_cells.extend(textless_formula.take());
                    if kind == FORMULA_RECORD && self.is_uncalculated {
                        match formula_result(data) {
                            FormulaResult::TextFollows => {
                                textless_formula = Some((row, column, OddCell::UnsavedFormula));
                            }
                            FormulaResult::Empty => odd_cells.push((row, column, OddCell::UnsavedFormula)),
                            FormulaResult::Other => {}
                        }
                    }
                    if kind == SHARED_TEXT {
                        text += u64::from(self.texts.get(u32_at(data, 6)? as usize).copied().unwrap_or(0));
                    }
                    if kind == FORMULA_RECORD && data.len() >= 22 {
                        let length = record.data.start + 20;
                        self.bytes[length..length + 2].fill(0);
                    }
                    if hidden_rows.remove(&row) {
                        layout.hide_row(u64::from(row) + 1);
                    }
                }
                _ => {}
            }
            // Each character was counted as three bytes.
            if text > max_bytes.saturating_mul(3) {
                let max = max_bytes.div_ceil(1_000_000);
                return Err(over_max_bytes(&format!("The texts of its tab have more than {max} MB.")));
            }
            if rectangle.cells() > MAX_RECTANGLE {
                return Err(too_many_cells());
            }
        }
        odd_cells.extend(textless_formula);
        odd_cells.sort_unstable();
        Ok(XlsTabFacts { layout, odd_cells })
    }
}

/// The facts about a tab that calamine does not return.
#[derive(Default, Debug)]
pub(super) struct XlsTabFacts {
    pub(super) layout: TabLayout,
    /// The rows and columns of cells whose value in the file is not reliable, in order.
    pub(super) odd_cells: Vec<(u16, u16, OddCell)>,
}

/// Why the value of a cell is not reliable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum OddCell {
    /// The cell is a formula without a saved value.
    UnsavedFormula,
    /// There is more than one cell at this place.
    Repeated,
}

/// The saved result of a formula.
#[derive(PartialEq, Eq)]
enum FormulaResult {
    /// A text, which is in the next record.
    TextFollows,
    /// The empty text, which programs that cannot calculate write.
    Empty,
    /// Any other result.
    Other,
}

/// Reads the result in the record of a formula ([MS-XLS] 2.5.133, "FormulaValue").
fn formula_result(data: &[u8]) -> FormulaResult {
    match data.get(6..14) {
        Some([0, .., 0xFF, 0xFF]) => FormulaResult::TextFollows,
        Some([3, .., 0xFF, 0xFF]) => FormulaResult::Empty,
        _ => FormulaResult::Other,
    }
}

/// The cells of a tab that were read so far.
#[derive(Default)]
struct CellPlaces {
    /// By row, a bit for each of the 256 columns of the format.
    rows: Vec<[u64; 4]>,
}

impl CellPlaces {
    /// Adds cells of a row. Returns the first of these columns that was added before, if any.
    fn add(&mut self, row: u16, columns: std::ops::RangeInclusive<u16>) -> Option<u16> {
        let row = usize::from(row);
        if self.rows.len() <= row {
            self.rows.resize(row + 1, [0; 4]);
        }
        let mut first_known = None;
        for column in columns.take_while(|column| *column < 256) {
            let (word, bit) = (usize::from(column) / 64, 1_u64 << (column % 64));
            if self.rows[row][word] & bit != 0 {
                first_known = first_known.or(Some(column));
            }
            self.rows[row][word] |= bit;
        }
        first_known
    }
}

/// The error for a tab whose cells span too large an area.
fn too_many_cells() -> FetchError {
    too_large_unpacked(&format!(
        "A tab in the old format .xls may span at most {} million cells; save it as .xlsx.",
        MAX_RECTANGLE / 1_000_000
    ))
}

/// Refuses a tab that declares too large an area, because calamine allocates memory for all its cells.
fn check_declared_area(data: &[u8]) -> Result<(), FetchError> {
    let (first, last) = match data.len() {
        10 => (u32::from(u16_at(data, 0)?), u32::from(u16_at(data, 2)?)),
        14 => (u32_at(data, 0)?, u32_at(data, 4)?),
        _ => return Err(corrupt_workbook()),
    };
    let at = data.len() - 6;
    let (left, right) = (u16_at(data, at)?, u16_at(data, at + 2)?);
    // calamine starts at the first column if the declared one is beyond the last possible column.
    let left = if left > 0xFF || right < left { 0 } else { left };
    if last < first && last > 0 {
        return Err(corrupt_workbook());
    }
    let cells = u64::from(last.saturating_sub(first) + 1) * u64::from(right.saturating_sub(left) + 1);
    if last > 65_536 || cells > MAX_RECTANGLE * 8 { Err(too_many_cells()) } else { Ok(()) }
}

/// The rectangle around the cells.
#[derive(Default)]
struct CellBounds {
    rows: Option<(u16, u16)>,
    columns: (u16, u16),
}

impl CellBounds {
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

#[cfg(test)]
mod tests;
