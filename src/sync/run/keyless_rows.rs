//! Rows without a key: those that somebody filled in, and those that only hold what a spreadsheet puts into every
//! row, as the unticked box that was drawn down a thousand rows.
//!
//! Both readings of a source ask here, and the memory that this takes does not grow with the source.

use std::collections::{HashMap, HashSet};

use crate::domain::issue::KEPT_ISSUES;
use crate::domain::rows::row::TextRow;
use crate::domain::rows::spreadsheet_values::{is_checkbox, is_unticked};
use crate::domain::text::comparable_form::is_blank;

/// A value in so many rows with a key, and in all of them, is no person's entry in a row without one.
const MIN_CONSTANT_ROWS: u64 = 3;
/// A value in so many rows without a key that hold nothing else was filled down.
const MIN_FILLED_ROWS: u64 = 10;
/// The most combinations of filled places that are told apart. Rows with a further one are refused.
const MAX_PATTERNS: usize = 4_096;
/// Rows with something beyond so many columns are refused.
const MAX_COLUMNS: usize = 16_384;
/// The most numbers of rows that are kept, over all combinations. The other rows are only counted.
const MAX_LISTED_ROWS: usize = 10 * KEPT_ISSUES;

/// Where a cell counts. Each column has two places, one for unticked boxes alone, so that a single ticked box says
/// nothing of the unticked ones in the rows around it.
fn place_of(column: usize, cell: &str) -> usize {
    column * 2 + usize::from(is_unticked(cell))
}

/// Which places of a row are filled, one bit for each; without zeros at the end.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct FilledColumns(Box<[u64]>);

impl FilledColumns {
    /// Those of a row; `None` where there are too many columns.
    fn of(row: &TextRow) -> Option<Self> {
        let mut words = Vec::new();
        for (column, cell) in row.cells.iter().enumerate().filter(|(_, cell)| !is_blank(cell)) {
            if column >= MAX_COLUMNS {
                return None;
            }
            let at = place_of(column, cell);
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

/// The combinations of filled places that say that a row without a key is no entry.
#[derive(Default, Debug)]
pub(super) struct UnfilledPatterns(HashSet<FilledColumns>);

impl UnfilledPatterns {
    /// Whether `row`, which has no key and was looked at in the first reading, is no entry.
    pub(super) fn contains(&self, row: &TextRow) -> bool {
        !self.0.is_empty() && FilledColumns::of(row).is_some_and(|filled| self.0.contains(&filled))
    }
}

/// The one value of a column, as long as there is but one.
#[derive(Clone, Default, Debug)]
struct OnlyValue {
    value: Option<String>,
    rows: u64,
    has_others: bool,
}

impl OnlyValue {
    fn look(&mut self, value: &str) {
        match &self.value {
            Some(known) if known == value => self.rows += 1,
            None if !self.has_others => (self.value, self.rows) = (Some(value.to_owned()), 1),
            _ => (self.value, self.has_others) = (None, true),
        }
    }
}

/// What a place of a column holds.
#[derive(Clone, Default, Debug)]
struct PlaceContent {
    /// In rows without a key that have something there.
    filler: OnlyValue,
    /// In rows with a key.
    constant: OnlyValue,
    /// Whether a row with a key has something else than a box there.
    has_others_than_boxes: bool,
}

impl PlaceContent {
    /// Whether what rows without a key have there is put into every row.
    fn is_in_every_row(&self) -> bool {
        let Some(filler) = &self.filler.value else { return false };
        let is_constant = self.constant.value.as_ref() == Some(filler) && self.constant.rows >= MIN_CONSTANT_ROWS;
        is_constant || self.has_unticked_boxes()
    }

    /// Whether rows without a key have nothing there but boxes that nobody ticked.
    fn has_unticked_boxes(&self) -> bool {
        !self.has_others_than_boxes && self.filler.value.as_deref().is_some_and(is_unticked)
    }
}

/// The rows with the same places filled.
#[derive(Default, Debug)]
struct PatternRows {
    count: u64,
    first: u64,
    last: u64,
    /// The numbers of the first ones.
    listed: Vec<u64>,
}

impl PatternRows {
    /// Whether rows in which the places `filled` are filled hold nothing that a person entered.
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

/// The rows without a key, until all rows are read and it can be told which of them hold anything.
#[derive(Debug)]
pub(super) struct KeylessRows {
    /// Two for each column, see [`place_of`].
    places: Vec<PlaceContent>,
    patterns: HashMap<FilledColumns, PatternRows>,
    /// Rows that are in none of the patterns.
    others: PatternRows,
    listed_rows: usize,
}

/// Rows without a key, told apart.
#[derive(PartialEq, Eq, Default, Debug)]
pub(super) struct KeylessSplit {
    /// Rows in which something was entered: the first of them.
    pub(super) filled: Vec<u64>,
    /// How many more of these there are.
    pub(super) unlisted: u64,
    /// How many rows hold nothing that was entered,
    pub(super) unfilled: u64,
    /// the first of these,
    pub(super) first: u64,
    /// and the last.
    pub(super) last: u64,
    /// What they hold all the same, with its column.
    pub(super) fillers: Vec<(usize, String)>,
    /// Whether that is nothing but unticked boxes.
    pub(super) has_only_boxes: bool,
}

impl KeylessRows {
    /// None yet, of a source with so many columns.
    pub(super) fn new(columns: usize) -> Self {
        let places = vec![PlaceContent::default(); columns * 2];
        Self { places, patterns: HashMap::new(), others: PatternRows::default(), listed_rows: 0 }
    }

    /// Looks at a row with a key.
    pub(super) fn look_at_keyed(&mut self, row: &TextRow) {
        for (column, cell) in self.places.chunks_exact_mut(2).zip(&row.cells) {
            if column[0].constant.has_others && column[0].has_others_than_boxes {
                continue;
            }
            let cell = cell.trim();
            let is_other_than_box = !is_checkbox(cell) && !is_blank(cell);
            for place in column {
                place.constant.look(cell);
                place.has_others_than_boxes |= is_other_than_box;
            }
        }
    }

    /// Takes a row without a key.
    pub(super) fn push(&mut self, row: &TextRow) {
        for (column, cell) in row.cells.iter().enumerate().filter(|(_, cell)| !is_blank(cell)) {
            if let Some(place) = self.places.get_mut(place_of(column, cell)) {
                place.filler.look(cell.trim());
            }
        }
        let filled = FilledColumns::of(row);
        let is_full = self.patterns.len() >= MAX_PATTERNS;
        let rows = match filled {
            Some(filled) if !is_full || self.patterns.contains_key(&filled) => self.patterns.entry(filled).or_default(),
            _ => &mut self.others,
        };
        rows.first = if rows.count == 0 { row.number } else { rows.first };
        rows.last = row.number;
        rows.count += 1;
        if rows.listed.len() < KEPT_ISSUES && self.listed_rows < MAX_LISTED_ROWS {
            rows.listed.push(row.number);
            self.listed_rows += 1;
        }
    }

    /// Which rows hold nothing that a person entered.
    pub(super) fn fillers(&self) -> UnfilledPatterns {
        let unfilled = self.patterns.iter().filter(|(filled, rows)| rows.are_unfilled(filled, &self.places));
        UnfilledPatterns(unfilled.map(|(filled, _)| filled.clone()).collect())
    }

    /// Tells the rows apart.
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
