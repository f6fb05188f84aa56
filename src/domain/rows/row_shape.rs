//! Detects rows whose cells may be in the wrong columns, by the number of cells and by what the cells look like.

use std::collections::BTreeMap;

use super::row::TextRow;
use super::row_group::RowGroup;
use super::suspect_row::{SuspectCell, SuspectRow, find_misfit};
use super::swapped_cells::SwappedCells;
use crate::domain::columns::cell_class::{CellClass, ClassCounts};
use crate::domain::issue::Issue;
use crate::domain::run_text::header_mismatch::HeaderMismatch;
use crate::domain::run_text::shape_notes::{
    MisfitCell, RowAndRowsNote, dropped_cells_note, empty_extra_cells_note, misfit_cell_note, missing_cells_note,
    row_in_quoted_cell_note,
};

/// The number of rows from which the classes of columns are derived.
const MAX_SAMPLED_ROWS: u64 = 5_000;
/// The maximum number of columns that are examined.
const MAX_COLUMNS: usize = 200;
/// The number of suspicious rows that are kept for the comparison at the end and reported one by one.
const MAX_SUSPECTS: usize = 200;

/// Statistics about the shapes of a table's rows. Memory does not grow with the table.
#[derive(Debug)]
pub struct RowShapes {
    columns: Vec<String>,
    /// The class of each column in the catalog, if it is known.
    expected: Vec<Option<CellClass>>,
    rows: u64,
    /// The number of rows by their number of cells.
    widths: BTreeMap<usize, u64>,
    /// The number of rows with filled cells beyond the last column.
    overfull: u64,
    /// The number of rows with cells beyond the last column that are skipped.
    refused: u64,
    /// The classes in each column, for rows that fit the header and for rows that do not.
    classes: Vec<ClassCounts>,
    ragged_classes: Vec<ClassCounts>,
    short: RowGroup,
    long: RowGroup,
    cut: RowGroup,
    suspects: Vec<SuspectRow>,
    swapped: SwappedCells,
    /// The first row that does not fit the header although each of its lines would: an unbalanced quotation mark joined
    /// them.
    open_quote_row: Option<u64>,
}

/// The findings about the shapes of all rows.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ShapeFindings {
    /// The warnings for people.
    pub notes: Vec<Issue>,
    /// Whether cells may belong to other rows or columns, so that items may be in the source although they were not
    /// found.
    pub is_doubtful: bool,
    /// Set if the header does not fit the rows.
    pub mismatch: Option<HeaderMismatch>,
    /// Set if the header is joined with the row below it: the name that is a cell of that row.
    pub cell_in_header: Option<String>,
    /// The row in which an unbalanced quotation mark joins the rows below.
    pub open_quote_row: Option<u64>,
}

impl RowShapes {
    /// Creates statistics for a table with these columns. `expected` returns the class of a column in the catalog, by
    /// its name.
    #[must_use]
    pub fn new(columns: &[String], expected: impl Fn(&str) -> Option<CellClass>) -> Self {
        Self {
            columns: columns.to_vec(),
            expected: columns.iter().take(MAX_COLUMNS).map(|name| expected(name)).collect(),
            rows: 0,
            widths: BTreeMap::new(),
            overfull: 0,
            refused: 0,
            classes: vec![ClassCounts::default(); columns.len().min(MAX_COLUMNS)],
            ragged_classes: vec![ClassCounts::default(); columns.len().min(MAX_COLUMNS)],
            short: RowGroup::default(),
            long: RowGroup::default(),
            cut: RowGroup::default(),
            suspects: Vec::new(),
            swapped: SwappedCells::default(),
            open_quote_row: None,
        }
    }

    /// Adds a row, used or skipped. Rows without a known width are ignored.
    pub fn observe_row(&mut self, row: &TextRow) {
        let Some(width) = row.width.filter(|_| row.refusal.is_none()) else { return };
        self.rows += 1;
        *self.widths.entry(width).or_default() += 1;
        let is_fitting = width == self.columns.len();
        if self.rows <= MAX_SAMPLED_ROWS {
            let counts = if is_fitting { &mut self.classes } else { &mut self.ragged_classes };
            let looked_at = row.cells.iter().take(width.min(counts.len()));
            let classes: Vec<CellClass> = looked_at.map(|cell| CellClass::classify(cell)).collect();
            counts.iter_mut().zip(&classes).for_each(|(counts, class)| counts.count_cell(*class));
            if is_fitting {
                self.swapped.observe_row(row.number, &row.cells, &classes);
            }
        }
        let is_overfull = row.surplus || row.extra.iter().any(|cell| !cell.trim().is_empty());
        self.overfull += u64::from(is_overfull);
        if row.inner_rows.len() > 1 && !is_fitting {
            self.open_quote_row = self.open_quote_row.or(Some(row.number));
        }
        if row.surplus {
            self.refused += 1;
        } else if is_overfull {
            self.cut.add_row(row.number);
        } else if !is_fitting {
            self.keep_suspect(row, width, vec![row.cells.clone()]);
        } else if row.inner_rows.len() > 1 {
            self.keep_suspect(row, width, row.inner_rows.clone());
        } else if row.spans_lines && row.cells.iter().any(|cell| CellClass::is_broken_value(cell)) {
            self.keep_suspect(row, width, vec![row.cells.clone()]);
        }
    }

    /// Records that the catalog does not have the key of the row that was just added. `key` is the position of the key
    /// column.
    pub fn observe_new_key(&mut self, row: &TextRow, key: usize) {
        if self.rows <= MAX_SAMPLED_ROWS && row.width == Some(self.columns.len()) {
            self.swapped.observe_new_key(&row.cells, key);
        }
    }

    /// Returns whether so few rows have this number of cells that a separator was probably lost or added in them. In
    /// tables whose rows omit trailing cells, or all end in a separator, other widths are common.
    #[must_use]
    pub fn is_rare_width(&self, width: usize) -> bool {
        const FEW_ROWS: u64 = 2;
        const COMMON_SHARE: u64 = 20;
        let count = self.widths.get(&width).copied().unwrap_or(0);
        let is_most_frequent = self.widths.values().all(|other| *other <= count);
        !is_most_frequent && (count <= FEW_ROWS || count * COMMON_SHARE < self.rows)
    }

    fn keep_suspect(&mut self, row: &TextRow, width: usize, lines: Vec<Vec<String>>) {
        if self.suspects.len() >= MAX_SUSPECTS {
            return self.count_odd_row(row.number, width);
        }
        let excerpt =
            |cells: Vec<String>| cells.iter().take(MAX_COLUMNS).map(|cell| SuspectCell::from_cell(cell)).collect();
        let lines = lines.into_iter().map(excerpt).collect();
        self.suspects.push(SuspectRow { number: row.number, width, lines });
    }

    fn count_odd_row(&mut self, row: u64, width: usize) {
        if width < self.columns.len() {
            self.short.add_row(row);
        } else if width > self.columns.len() {
            self.long.add_row(row);
        }
    }

    /// Returns the findings about all rows.
    #[must_use]
    pub fn into_findings(mut self) -> ShapeFindings {
        let typical = |classes: &[ClassCounts]| -> Vec<Option<CellClass>> {
            classes.iter().map(ClassCounts::typical_class).collect()
        };
        let ragged = typical(&self.ragged_classes);
        let mismatch = self.find_mismatch(&ragged);
        let narrower = mismatch.filter(|mismatch| mismatch.cells < mismatch.columns);
        let cell_in_header = narrower.and_then(|narrower| self.cell_in_header(narrower.cells, &ragged)).cloned();
        let typical = typical(&self.classes);
        let mut notes = Vec::new();
        for suspect in std::mem::take(&mut self.suspects) {
            match self.describe_suspect(&suspect, &typical) {
                Some(note) => notes.push(note),
                None => self.count_odd_row(suspect.number, suspect.width),
            }
        }
        // Swapped cells only matter for removals if a key is among them.
        let swapped = self.swapped.to_findings(&self.columns, &self.classes);
        let is_doubtful = !notes.is_empty() || self.refused > 0 || swapped.is_doubtful;
        notes.extend(swapped.notes);
        let columns = self.columns.len();
        let to_issue = |rows: &RowGroup, (one, many): RowAndRowsNote| rows.to_note(&one, &many);
        let fewer = to_issue(&self.short, missing_cells_note(columns));
        let more = to_issue(&self.long, empty_extra_cells_note(columns));
        let cut = to_issue(&self.cut, dropped_cells_note(columns));
        notes.extend([fewer, more, cut].into_iter().flatten());
        ShapeFindings { notes, is_doubtful, mismatch, cell_in_header, open_quote_row: self.open_quote_row }
    }

    /// Returns the warning about a suspicious row, if its cells do not look like their columns.
    fn describe_suspect(&self, suspect: &SuspectRow, typical: &[Option<CellClass>]) -> Option<Issue> {
        let note = |column: Option<usize>, reason: String| {
            Issue::noted(Some(suspect.number), column.and_then(|position| self.columns.get(position)).cloned(), reason)
        };
        if let [_, joined_rows @ ..] = &suspect.lines[..]
            && !joined_rows.is_empty()
        {
            let fits = |cells: &Vec<SuspectCell>| find_misfit(cells, typical).is_none();
            let line = joined_rows.iter().find(|cells| fits(cells))?;
            let line = line.iter().map(|cell| cell.excerpt.as_str()).collect::<Vec<_>>().join(", ");
            return Some(note(None, row_in_quoted_cell_note(&line)));
        }
        let cells = suspect.lines.first()?;
        let position = find_misfit(cells, typical)?;
        let misfit = MisfitCell { excerpt: &cells[position].excerpt, column: &self.columns[position] };
        Some(note(Some(position), misfit_cell_note(misfit, suspect.width, self.columns.len())))
    }

    /// Returns the mismatch if most rows have one width other than the header's, with evidence that cells would get
    /// wrong names.
    fn find_mismatch(&self, typical: &[Option<CellClass>]) -> Option<HeaderMismatch> {
        self.usual_mismatch().filter(|HeaderMismatch { rows, cells, columns, .. }| {
            if cells > columns {
                self.overfull * 2 > *rows
            } else {
                self.has_shifted_columns(*cells, typical) || self.cell_in_header(*cells, typical).is_some()
            }
        })
    }

    /// Returns the counts if most rows have the same width, other than the header's.
    fn usual_mismatch(&self) -> Option<HeaderMismatch> {
        let (&cells, &rows) = self.widths.iter().max_by_key(|(_, count)| **count)?;
        let (columns, total_rows) = (self.columns.len(), self.rows);
        (cells != columns && rows * 2 > total_rows).then_some(HeaderMismatch { rows, total_rows, cells, columns })
    }

    /// Returns the name in the header that is a cell of the first row, after the real names: the line break between
    /// them was lost, and perhaps the last name and the first cell are joined.
    fn cell_in_header(&self, cells: usize, typical: &[Option<CellClass>]) -> Option<&String> {
        let joined = self.columns.len() + 1 == cells * 2;
        let first = if joined { 1 } else { 0 };
        if !joined && self.columns.len() != cells * 2 {
            return None;
        }
        let mut extra_names = self.columns.iter().skip(cells).zip(typical.iter().skip(first));
        let is_cell = |name: &str, typical: Option<CellClass>| {
            typical.is_some_and(|typical| CellClass::classify(name) == typical)
        };
        extra_names.find(|(name, typical)| is_cell(name, **typical)).map(|(name, _)| name)
    }

    /// Returns the counts if most rows have fewer cells than the header. Their cells get wrong names if the header
    /// contains something that belongs to a row.
    #[must_use]
    pub fn narrower_rows(&self) -> Option<HeaderMismatch> {
        self.usual_mismatch().filter(|mismatch| mismatch.cells < mismatch.columns)
    }

    /// Returns whether rows that lack their last cells have them elsewhere: a column looks like a missing one of the
    /// catalog, or a column without a name has taken its position.
    fn has_shifted_columns(&self, cells: usize, typical: &[Option<CellClass>]) -> bool {
        let is_unnamed = |column: usize| self.columns[column] == format!("column {}", column + 1);
        let missing_class = self.expected.iter().skip(cells).find_map(|class| *class);
        let has_missing_class = |column: usize| {
            missing_class.is_some() && typical[column] == missing_class && self.expected[column] != missing_class
        };
        let is_last_named = self.columns.last().is_some_and(|_| !is_unnamed(self.columns.len() - 1));
        (0..cells.min(typical.len())).any(|column| has_missing_class(column) || (is_last_named && is_unnamed(column)))
    }
}

#[cfg(test)]
mod tests;
