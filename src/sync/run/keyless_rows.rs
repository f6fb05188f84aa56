//! Separates two kinds of rows without a key: entries of a person, and rows that only hold what a spreadsheet fills
//! into every row, such as an unticked checkbox that was copied down a thousand rows.
//!
//! Both readings of a source use this, so that they agree. Its memory does not grow with the source.

use std::collections::{HashMap, HashSet};

use crate::domain::columns::spreadsheet_values::{is_checkbox, is_unticked};
use crate::domain::issue::MAX_KEPT_ISSUES;
use crate::domain::rows::row::TextRow;
use crate::domain::text::comparable_form::is_blank;

/// If at least this many rows with a key all have the same value in a column, that value is not an entry in rows
/// without a key.
const MIN_CONSTANT_ROWS: u64 = 3;
/// If at least this many rows without a key have only the same value, it was filled down and is not an entry.
const MIN_FILLED_ROWS: u64 = 10;
/// The maximum number of combinations of filled places. Rows with further combinations count as entries.
const MAX_PATTERNS: usize = 4_096;
/// The maximum number of columns. Rows with values beyond them count as entries.
const MAX_COLUMNS: usize = 16_384;
/// How many row numbers are kept over all combinations. The other rows are only counted.
const MAX_LISTED_ROWS: usize = 10 * MAX_KEPT_ISSUES;

/// The place that a cell counts for. Each column has two places, one of them only for unticked boxes, so that a single
/// ticked box does not affect the unticked boxes in the rows around it.
fn cell_place(column: usize, cell: &str) -> usize {
    column * 2 + usize::from(is_unticked(cell))
}

/// Which places of a row are filled, one bit for each; without zeros at the end.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct FilledColumns(Box<[u64]>);

impl FilledColumns {
    /// The filled places of a row; `None` if it has too many columns.
    fn of_row(row: &TextRow) -> Option<Self> {
        let mut words = Vec::new();
        for (column, cell) in row.cells.iter().enumerate().filter(|(_, cell)| !is_blank(cell)) {
            if column >= MAX_COLUMNS {
                return None;
            }
            let at = cell_place(column, cell);
            words.resize(at / 64 + 1, 0);
            words[at / 64] |= 1_u64 << (at % 64);
        }
        Some(Self(words.into_boxed_slice()))
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        let bits = |word: u64| (0..64).filter(move |bit| word >> bit & 1 == 1);
        self.0.iter().enumerate().flat_map(move |(at, word)| bits(*word).map(move |bit| at * 64 + bit))
    }
}

/// The combinations of filled places of rows without a key that are not entries.
#[derive(Default, Debug)]
pub(super) struct UnfilledPatterns(HashSet<FilledColumns>);

impl UnfilledPatterns {
    /// Returns whether `row` is not an entry. The row must have no key and must have been part of the first reading.
    pub(super) fn contains(&self, row: &TextRow) -> bool {
        !self.0.is_empty() && FilledColumns::of_row(row).is_some_and(|filled| self.0.contains(&filled))
    }
}

/// The value of a column while all of its cells have the same value.
#[derive(Clone, Default, Debug)]
struct OnlyValue {
    value: Option<String>,
    rows: u64,
    has_others: bool,
}

impl OnlyValue {
    fn add_value(&mut self, value: &str) {
        match &self.value {
            Some(known) if known == value => self.rows += 1,
            None if !self.has_others => (self.value, self.rows) = (Some(value.to_owned()), 1),
            _ => (self.value, self.has_others) = (None, true),
        }
    }
}

/// The values at one place of a column.
#[derive(Clone, Default, Debug)]
struct PlaceContent {
    /// The value of the cells that are not blank in rows without a key.
    filler: OnlyValue,
    /// The value in rows with a key.
    constant: OnlyValue,
    /// Whether a row with a key has a value other than a checkbox there.
    has_others_than_boxes: bool,
}

impl PlaceContent {
    /// Whether the value of rows without a key is the same in every row.
    fn is_in_every_row(&self) -> bool {
        let Some(filler) = &self.filler.value else { return false };
        let is_constant = self.constant.value.as_ref() == Some(filler) && self.constant.rows >= MIN_CONSTANT_ROWS;
        is_constant || self.has_unticked_boxes()
    }

    /// Whether rows without a key have only unticked boxes there.
    fn has_unticked_boxes(&self) -> bool {
        !self.has_others_than_boxes && self.filler.value.as_deref().is_some_and(is_unticked)
    }
}

/// The rows in which the same places are filled.
#[derive(Default, Debug)]
struct PatternRows {
    count: u64,
    first: u64,
    last: u64,
    /// The numbers of the first rows.
    listed: Vec<u64>,
}

impl PatternRows {
    /// Whether these rows, in which the places `filled` are filled, contain nothing that a person entered.
    fn are_unfilled(&self, filled: &FilledColumns, places: &[PlaceContent]) -> bool {
        let mut contents = filled.places().map(|at| places.get(at));
        if contents.all(|place| place.is_some_and(PlaceContent::is_in_every_row)) {
            return true;
        }
        let mut contents = filled.places().map(|at| places.get(at));
        let is_filled_down = |place: &PlaceContent| place.filler.value.is_some() && self.count >= MIN_FILLED_ROWS;
        contents.next().flatten().is_some_and(is_filled_down) && contents.next().is_none()
    }
}

/// Collects the rows without a key until all rows are read and the entries among them are known.
#[derive(Debug)]
pub(super) struct KeylessRows {
    /// Two places for each column, see [`cell_place`].
    places: Vec<PlaceContent>,
    patterns: HashMap<FilledColumns, PatternRows>,
    /// Rows whose combination is not among the patterns.
    others: PatternRows,
    listed_rows: usize,
}

/// Rows without a key, separated into entries and others.
#[derive(PartialEq, Eq, Default, Debug)]
pub(super) struct KeylessSplit {
    /// The numbers of the first rows with an entry.
    pub(super) filled: Vec<u64>,
    /// How many more rows have an entry.
    pub(super) unlisted: u64,
    /// How many rows have no entry.
    pub(super) unfilled: u64,
    /// The number of the first row without an entry.
    pub(super) first: u64,
    /// The number of the last row without an entry.
    pub(super) last: u64,
    /// The values that these rows hold, with their columns.
    pub(super) fillers: Vec<(usize, String)>,
    /// Whether these values are all unticked boxes.
    pub(super) has_only_boxes: bool,
}

impl KeylessRows {
    /// Creates a collection for a source with this many columns.
    pub(super) fn new(columns: usize) -> Self {
        let places = vec![PlaceContent::default(); columns * 2];
        Self { places, patterns: HashMap::new(), others: PatternRows::default(), listed_rows: 0 }
    }

    /// Adds a row with a key, for comparison.
    pub(super) fn add_keyed_row(&mut self, row: &TextRow) {
        for (column, cell) in self.places.chunks_exact_mut(2).zip(&row.cells) {
            if column[0].constant.has_others && column[0].has_others_than_boxes {
                continue;
            }
            let cell = cell.trim();
            let is_other_than_box = !is_checkbox(cell) && !is_blank(cell);
            for place in column {
                place.constant.add_value(cell);
                place.has_others_than_boxes |= is_other_than_box;
            }
        }
    }

    /// Adds a row without a key.
    pub(super) fn add_row(&mut self, row: &TextRow) {
        for (column, cell) in row.cells.iter().enumerate().filter(|(_, cell)| !is_blank(cell)) {
            if let Some(place) = self.places.get_mut(cell_place(column, cell)) {
                place.filler.add_value(cell.trim());
            }
        }
        let filled = FilledColumns::of_row(row);
        let is_full = self.patterns.len() >= MAX_PATTERNS;
        let rows = match filled {
            Some(filled) if !is_full || self.patterns.contains_key(&filled) => self.patterns.entry(filled).or_default(),
            _ => &mut self.others,
        };
        rows.first = if rows.count == 0 { row.number } else { rows.first };
        rows.last = row.number;
        rows.count += 1;
        if rows.listed.len() < MAX_KEPT_ISSUES && self.listed_rows < MAX_LISTED_ROWS {
            rows.listed.push(row.number);
            self.listed_rows += 1;
        }
    }

    /// The patterns of rows that contain nothing that a person entered.
    pub(super) fn unfilled_patterns(&self) -> UnfilledPatterns {
        let unfilled = self.patterns.iter().filter(|(filled, rows)| rows.are_unfilled(filled, &self.places));
        UnfilledPatterns(unfilled.map(|(filled, _)| filled.clone()).collect())
    }

    /// Separates entries from other rows.
    pub(super) fn split(self) -> KeylessSplit {
        let mut split = KeylessSplit { has_only_boxes: true, first: u64::MAX, ..KeylessSplit::default() };
        let mut filled_rows = self.others.count;
        let mut filled_places = vec![false; self.places.len()];
        split.filled = self.others.listed;
        for (filled, rows) in self.patterns {
            if !rows.are_unfilled(&filled, &self.places) {
                filled_rows += rows.count;
                split.filled.extend(rows.listed);
                continue;
            }
            split.unfilled += rows.count;
            split.first = split.first.min(rows.first);
            split.last = split.last.max(rows.last);
            filled.places().for_each(|at| filled_places[at] = true);
        }
        split.filled.sort_unstable();
        split.unlisted = filled_rows - split.filled.len() as u64;
        for (at, place) in self.places.into_iter().enumerate().filter(|(at, _)| filled_places[*at]) {
            split.has_only_boxes &= place.has_unticked_boxes();
            split.fillers.extend(place.filler.value.map(|value| (at / 2, value)));
        }
        split
    }
}

#[cfg(test)]
mod tests;
