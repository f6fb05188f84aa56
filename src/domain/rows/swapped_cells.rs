//! Detects rows in which two neighbouring cells are swapped: neither looks like its column, and both do when they are
//! exchanged.

use super::row_group::RowGroup;
use crate::domain::columns::cell_class::{CellClass, ClassCounts};
use crate::domain::issue::Issue;
use crate::domain::run_text::shape_notes::{MisfitCell, swapped_cells_note, swapped_columns_note};
use crate::domain::text::shortening::shorten_text;

/// The maximum number of rows per combination of classes that are reported one by one. More rows are reported in one
/// warning.
const MAX_KEPT_ROWS: usize = 3;
/// Cells are reported as swapped only if that concerns at most one in this many rows. Otherwise the columns contain
/// both classes.
const RARE_SHARE: u64 = 20;

/// The combinations of classes in each pair of neighbouring columns.
#[derive(Default, Debug)]
pub(super) struct SwappedCells {
    rows: u64,
    /// For each pair, by its first column: the combinations of classes that occur.
    pairs: Vec<Vec<NeighbourPattern>>,
}

/// The rows with one combination of classes in two neighbouring cells.
#[derive(Debug)]
struct NeighbourPattern {
    classes: (CellClass, CellClass),
    rows: RowGroup,
    /// Whether one of the cells is a key that the catalog does not have.
    has_new_key: bool,
    /// The first rows: the number, and excerpts of both cells.
    first: Vec<(u64, String, String)>,
}

/// The findings about swapped cells.
#[derive(Default)]
pub(super) struct SwappedFindings {
    pub(super) notes: Vec<Issue>,
    /// Whether a key may be in the wrong column, so that the item of its row seems to be removed.
    pub(super) is_doubtful: bool,
}

impl SwappedCells {
    /// Adds a row with a cell for each column; `classes` are the classes of its cells.
    pub(super) fn observe_row(&mut self, row: u64, cells: &[String], classes: &[CellClass]) {
        self.rows += 1;
        self.pairs.resize_with(self.pairs.len().max(classes.len().saturating_sub(1)), Vec::new);
        for (first_column, pair) in classes.windows(2).enumerate() {
            let classes = (pair[0], pair[1]);
            if classes.0 == classes.1 || classes.0 == CellClass::Empty || classes.1 == CellClass::Empty {
                continue;
            }
            let patterns = &mut self.pairs[first_column];
            let index = patterns.iter().position(|pattern| pattern.classes == classes).unwrap_or(patterns.len());
            if index == patterns.len() {
                let (rows, first) = (RowGroup::default(), Vec::new());
                patterns.push(NeighbourPattern { classes, rows, has_new_key: false, first });
            }
            let pattern = &mut patterns[index];
            pattern.rows.add_row(row);
            if pattern.first.len() < MAX_KEPT_ROWS {
                pattern.first.push((row, shorten_text(&cells[first_column]), shorten_text(&cells[first_column + 1])));
            }
        }
    }

    /// Records that the catalog does not have the key of the row that was just added. `key` is the position of the key
    /// column.
    pub(super) fn observe_new_key(&mut self, cells: &[String], key: usize) {
        for first_column in [key.checked_sub(1), Some(key)].into_iter().flatten() {
            let Some([left, right]) = cells.get(first_column..first_column + 2) else { continue };
            let Some(patterns) = self.pairs.get_mut(first_column) else { continue };
            let classes = (CellClass::classify(left), CellClass::classify(right));
            if let Some(pattern) = patterns.iter_mut().find(|pattern| pattern.classes == classes) {
                pattern.has_new_key = true;
            }
        }
    }

    /// Returns the warnings about swapped cells: one for each row, or one for all rows of a pair of columns if there
    /// are many. `counts` are the classes of the columns.
    pub(super) fn to_findings(&self, columns: &[String], counts: &[ClassCounts]) -> SwappedFindings {
        let expected = |column: usize| counts.get(column).and_then(ClassCounts::usual_class);
        let SwappedFindings { mut notes, mut is_doubtful } = SwappedFindings::default();
        for (first_column, patterns) in self.pairs.iter().enumerate() {
            let Some((left, right)) = expected(first_column).zip(expected(first_column + 1)) else { continue };
            let swapped = patterns.iter().find(|pattern| left != right && pattern.classes == (right, left));
            let Some(swapped) = swapped.filter(|pattern| pattern.rows.row_count() * RARE_SHARE <= self.rows) else {
                continue;
            };
            let (name, next) = (&columns[first_column], &columns[first_column + 1]);
            is_doubtful |= swapped.has_new_key;
            if swapped.rows.row_count() > swapped.first.len() as u64 {
                let example = swapped.first.first().map(|(_, cell, next_cell)| (cell.as_str(), next_cell.as_str()));
                let many = swapped_columns_note(name, next, example);
                notes.extend(swapped.rows.to_note("", &many).map(|note| Issue { column: Some(name.clone()), ..note }));
                continue;
            }
            notes.extend(swapped.first.iter().map(|(row, cell, next_cell)| {
                Issue::noted(
                    Some(*row),
                    Some(name.clone()),
                    swapped_cells_note(
                        MisfitCell { excerpt: cell, column: name },
                        MisfitCell { excerpt: next_cell, column: next },
                    ),
                )
            }));
        }
        SwappedFindings { notes, is_doubtful }
    }
}

#[cfg(test)]
mod tests {
    use super::SwappedCells;
    use crate::domain::columns::cell_class::{CellClass, ClassCounts};

    /// The places and excerpts of the notes for rows like these, after 40 plain ones.
    fn noted(plain: &str, odd: &[&str]) -> Vec<String> {
        let columns: Vec<String> = plain.split(',').map(|cell| format!("[{cell}]")).collect();
        let (mut swapped, mut counts) = (SwappedCells::default(), vec![ClassCounts::default(); columns.len()]);
        let rows = std::iter::repeat_n(plain, 40).chain(odd.iter().copied());
        for (number, line) in (2..).zip(rows) {
            let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            let classes: Vec<CellClass> = cells.iter().map(|cell| CellClass::classify(cell)).collect();
            counts.iter_mut().zip(&classes).for_each(|(counts, class)| counts.count_cell(*class));
            swapped.observe_row(number, &cells, &classes);
        }
        let notes = swapped.to_findings(&columns, &counts).notes;
        notes
            .iter()
            .map(|note| format!("{}/{}", note.row.unwrap_or(0), note.column.as_deref().unwrap_or("-")))
            .collect()
    }

    #[test]
    fn two_cells_that_fit_when_they_are_exchanged_are_noted_with_their_row() {
        assert_eq!(noted("k1,Nina,1999,x", &["k2,1999,Nina,x"]), ["42/[Nina]"]);
        assert_eq!(noted("k1,2025-04-03,9.50", &["k2,9.50,2025-04-03"]), ["42/[2025-04-03]"]);
        assert_eq!(noted("1,https://h.example/,x", &["2,x,https://h.example/"]), ["42/[https://h.example/]"]);
    }

    #[test]
    fn cells_that_fit_no_better_when_swapped_are_not_reported() {
        for odd in ["k2,1999,1999", "k2,Nina,unknown", "k2,Nina,", "k2,,Nina", "1999,Nina,1999", "k2,1999,2025-04-03"] {
            assert_eq!(noted("k1,Nina,1999", &[odd]), [""; 0], "{odd}");
        }
        let often = vec!["k2,1999,Nina"; 4];
        assert_eq!(noted("k1,Nina,1999", &often), [""; 0], "columns that hold both");
    }
}
