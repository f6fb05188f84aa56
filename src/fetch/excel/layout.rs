//! Collects what is hidden or merged in a tab, and writes the notes about it.

use super::cell_place::column_letters;
use crate::domain::issue::Issue;
use crate::domain::text::counts::group_digits;
use crate::domain::text::shortening::{list_columns, shorten_text};

/// How many places a note lists.
const MAX_LISTED: usize = 5;
/// How many ranges of hidden columns are kept. A tab cannot have more columns.
const MAX_RANGES: usize = 16_384;

/// What is hidden or merged in a tab.
#[derive(Default, Debug)]
pub(super) struct TabLayout {
    /// Ranges of hidden columns, from 0, both ends included.
    hidden_columns: Vec<(u32, u32)>,
    hidden_rows: CountedPlaces<u64>,
    merged: CountedPlaces<String>,
}

/// How many places there are, and the first of them.
#[derive(Debug)]
struct CountedPlaces<T> {
    count: u64,
    first: Vec<T>,
}

impl<T> Default for CountedPlaces<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<T> CountedPlaces<T> {
    fn add(&mut self, place: T) {
        self.count += 1;
        if self.first.len() < MAX_LISTED {
            self.first.push(place);
        }
    }

    fn remaining_text(&self) -> String {
        let more = self.count - self.first.len() as u64;
        if more == 0 { String::new() } else { format!(" and {} more", group_digits(more)) }
    }
}

impl TabLayout {
    /// Adds the hidden columns from `first` to `last`, counted from 0.
    pub(super) fn hide_columns(&mut self, first: u32, last: u32) {
        if first <= last && self.hidden_columns.len() < MAX_RANGES {
            self.hidden_columns.push((first, last));
        }
    }

    /// Adds a hidden row with values. `number` is counted from 1.
    pub(super) fn hide_row(&mut self, number: u64) {
        self.hidden_rows.add(number);
    }

    /// Adds the merged area from the cell `first` to the cell `last`, counted from 0.
    pub(super) fn merge(&mut self, first: (u32, u32), last: (u32, u32)) {
        let name = |(row, column): (u32, u32)| format!("{}{}", column_letters(column), u64::from(row) + 1);
        self.merged.add(format!("{}:{}", name(first), name(last)));
    }

    /// Whether the column at `position`, counted from 0, is hidden.
    pub(super) fn hides_column(&self, position: u32) -> bool {
        self.hidden_columns.iter().any(|(first, last)| (*first..=*last).contains(&position))
    }

    /// The notes about the tab with the name `tab`: one for each thing that people do not see when they open it.
    pub(super) fn notes(&self, tab: &str, is_hidden: bool, columns: &[String]) -> Vec<Issue> {
        let mut notes = Vec::new();
        let mut note = |row: Option<u64>, column: Option<String>, reason: String| {
            notes.push(Issue::noted(row, column, reason));
        };
        if is_hidden {
            note(None, None, format!("The tab “{}” is hidden in the workbook. It was read anyway.", shorten_text(tab)));
        }
        match &hidden_columns(self, columns)[..] {
            [] => {}
            [only] => {
                note(None, Some(only.clone()), "The column is hidden in the workbook.".to_owned());
            }
            several => {
                let (count, names) = (group_digits(several.len() as u64), list_columns(several));
                note(None, None, format!("{count} columns are hidden in the workbook ({names})."));
            }
        }
        let rows = &self.hidden_rows;
        if rows.count > 0 {
            let numbers = rows.first.iter().map(|row| group_digits(*row)).collect::<Vec<_>>().join(", ");
            let (places, more) = (format!("{numbers}{}", rows.remaining_text()), rows.count > 1);
            let reason = if more {
                let count = group_digits(rows.count);
                format!("{count} rows are hidden in the workbook (rows {places}). They were read anyway.")
            } else {
                "The row is hidden in the workbook. It was read anyway.".to_owned()
            };
            note(rows.first.first().copied().filter(|_| !more), None, reason);
        }
        let merged = &self.merged;
        if merged.count > 0 {
            let (are, places) = (if merged.count == 1 { "area is" } else { "areas are" }, merged.first.join(", "));
            let reason = format!(
                "{} {are} merged ({places}{}). Only the top left cell of a merged area has its value; the others \
                 are empty.",
                group_digits(merged.count),
                merged.remaining_text()
            );
            note(None, None, reason);
        }
        notes
    }
}

/// The names of the columns that are hidden.
pub(super) fn hidden_columns(layout: &TabLayout, columns: &[String]) -> Vec<String> {
    let is_hidden = |position: usize| u32::try_from(position).is_ok_and(|position| layout.hides_column(position));
    columns.iter().enumerate().filter(|(position, _)| is_hidden(*position)).map(|(_, name)| name.clone()).collect()
}
