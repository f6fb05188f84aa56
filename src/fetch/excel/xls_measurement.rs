//! Measures one tab of an `.xls` workbook: its area, its texts, and the facts about it that calamine does not return.

use std::collections::BTreeSet;

use super::layout::TabLayout;
use super::workbook_errors::{corrupt_workbook, over_max_bytes, too_large_unpacked};
use super::xls_records::{FORMULA_RECORD, SEVERAL_NUMBERS, u16_at, u32_at};
use crate::fetch::FetchError;

/// The most cells of the rectangle that a tab takes up. A tab of the format has at most 65,536 rows.
const MAX_RECTANGLE: u64 = 65_536 * 32;

/// The measurements of a tab, from the records read so far.
#[derive(Default)]
pub(super) struct TabMeasurement {
    layout: TabLayout,
    odd_cells: Vec<(u16, u16, OddCell)>,
    places: CellPlaces,
    /// The rectangle around all cells.
    area: CellBounds,
    /// The texts of the cells in bytes. Each character counts as three.
    text_bytes: u64,
    /// The last formula, as long as the record with its text has not come.
    textless_formula: Option<(u16, u16, OddCell)>,
    /// The hidden rows in which no cell has come yet.
    hidden_rows: BTreeSet<u16>,
}

impl TabMeasurement {
    /// Adds a hidden row. It counts once a cell in it is added.
    pub(super) fn add_hidden_row(&mut self, row: u16) {
        self.hidden_rows.insert(row);
    }

    pub(super) fn add_hidden_columns(&mut self, first: u16, last: u16) {
        self.layout.hide_columns(u32::from(first), u32::from(last));
    }

    /// Adds the record with the text of the formula before it.
    pub(super) fn add_formula_text(&mut self, data: &[u8]) {
        self.textless_formula = None;
        self.text_bytes += data.len() as u64 * 3;
    }

    /// Adds a shared text of this length in bytes.
    pub(super) fn add_shared_text(&mut self, length: u32) {
        self.text_bytes += u64::from(length);
    }

    /// Adds the record of the merged areas.
    ///
    /// # Errors
    /// `corrupt_workbook` when it is damaged.
    pub(super) fn add_merged_cells(&mut self, data: &[u8]) -> Result<(), FetchError> {
        for area in data.get(2..).unwrap_or_default().chunks_exact(8) {
            let number = |at: usize| u16_at(area, at).map(u32::from);
            self.layout.merge((number(0)?, number(4)?), (number(2)?, number(6)?));
        }
        Ok(())
    }

    /// Adds the record of one cell, or of several numbers next to each other.
    ///
    /// # Errors
    /// `corrupt_workbook` when it is damaged.
    pub(super) fn add_cell(&mut self, kind: u16, data: &[u8], is_uncalculated: bool) -> Result<(), FetchError> {
        let (row, first_column) = (u16_at(data, 0)?, u16_at(data, 2)?);
        let last_column = if kind == SEVERAL_NUMBERS {
            u16_at(data, data.len().saturating_sub(2))?.max(first_column)
        } else {
            first_column
        };
        self.area.add(row, first_column, last_column);
        let repeated = self.places.add(row, first_column..=last_column);
        self.odd_cells.extend(repeated.map(|column| (row, column, OddCell::Repeated)));
        self.odd_cells.extend(self.textless_formula.take());
        if kind == FORMULA_RECORD && is_uncalculated {
            let unsaved = (row, first_column, OddCell::UnsavedFormula);
            match formula_result(data) {
                FormulaResult::TextFollows => self.textless_formula = Some(unsaved),
                FormulaResult::Empty => self.odd_cells.push(unsaved),
                FormulaResult::Other => {}
            }
        }
        if self.hidden_rows.remove(&row) {
            self.layout.hide_row(u64::from(row) + 1);
        }
        Ok(())
    }

    /// Checks that the tab fits in memory.
    ///
    /// # Errors
    /// `too_large` when its texts or its area are too large.
    pub(super) fn check_limits(&self, max_bytes: u64) -> Result<(), FetchError> {
        // Each character counts as three bytes.
        if self.text_bytes > max_bytes.saturating_mul(3) {
            let max = max_bytes.div_ceil(1_000_000);
            return Err(over_max_bytes(&format!("The texts of its tab have more than {max} MB.")));
        }
        if self.area.cells() > MAX_RECTANGLE { Err(too_many_cells()) } else { Ok(()) }
    }

    /// The facts about the tab, after its last record.
    pub(super) fn into_facts(self) -> XlsTabFacts {
        let Self { layout, mut odd_cells, textless_formula, .. } = self;
        odd_cells.extend(textless_formula);
        odd_cells.sort_unstable();
        XlsTabFacts { layout, odd_cells }
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
pub(super) fn check_declared_area(data: &[u8]) -> Result<(), FetchError> {
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
