//! What a row is before it is compared: one with a key, one that cannot be taken, or one that is no entry at all. Both
//! readings of a source ask here, so that they agree.

use super::keyless_rows::UnfilledPatterns;
use crate::domain::item::ColumnLayout;
use crate::domain::rows::key_cell::KeyCell;
use crate::domain::rows::row::{TextRow, repeated_name};
use crate::domain::rows::spreadsheet_values::SheetWord;
use crate::domain::text::comparable_form::comparable_form;

/// What a row is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RowSort<'a> {
    /// It has a key, as written.
    Keyed(&'a str),
    /// It has a key and more cells than there are columns, so they cannot be placed.
    Surplus(&'a str),
    /// Its kind of source says why it cannot be taken.
    Refused(&'a str),
    /// Its key cell holds no key.
    Unkeyed(KeyCell<'a>),
    /// It has no key and nothing else that a person entered: no entry.
    Unfilled,
    /// It is the header once more, as where files were joined end to end: no entry.
    Header,
}

/// The rules for the rows of one source.
#[derive(Debug)]
pub(in crate::sync) struct RowRules<'a> {
    layout: &'a ColumnLayout,
    header: Option<HeaderForms>,
    /// Which rows without a key are no entries, once all rows were read.
    unfilled: UnfilledPatterns,
}

impl<'a> RowRules<'a> {
    /// Rules for rows of the columns `written`, as they stand in the header, which become items by `layout`. In a table
    /// that people keep (`is_table`) a row may repeat the header; a feed has none.
    pub(super) fn new(layout: &'a ColumnLayout, written: &[String], is_table: bool) -> Self {
        let header = Some(HeaderForms::new(written)).filter(|_| is_table);
        Self { layout, header, unfilled: UnfilledPatterns::default() }
    }

    /// What becomes of columns and keys.
    pub(super) const fn layout(&self) -> &'a ColumnLayout {
        self.layout
    }

    /// Whether the rows are those of a table that people keep.
    pub(super) const fn is_table(&self) -> bool {
        self.header.is_some()
    }

    /// From now on rows without a key that are among these are no entries.
    pub(super) fn set_fillers(&mut self, unfilled: UnfilledPatterns) {
        self.unfilled = unfilled;
    }

    /// The cells of a row that say what their columns hold. What a spreadsheet writes into a table by itself says
    /// nothing, as an empty cell does.
    pub(super) fn values<'r>(&self, row: &'r TextRow) -> impl Iterator<Item = &'r str> + use<'r> {
        let is_table = self.is_table();
        row.cells.iter().map(move |cell| if is_table && SheetWord::of(cell).is_some() { "" } else { cell.as_str() })
    }

    /// What `row` is.
    pub(super) fn sort<'r>(&self, row: &'r TextRow) -> RowSort<'r> {
        if let Some(reason) = &row.refusal {
            return RowSort::Refused(reason);
        }
        if self.header.as_ref().is_some_and(|header| header.is_repeated_by(row)) {
            return RowSort::Header;
        }
        match KeyCell::in_row(row, self.layout.key_position()) {
            KeyCell::Key(key) if row.surplus => RowSort::Surplus(key),
            KeyCell::Key(key) => RowSort::Keyed(key),
            KeyCell::Missing if !row.surplus && self.unfilled.contains(row) => RowSort::Unfilled,
            unkeyed => RowSort::Unkeyed(unkeyed),
        }
    }
}

/// How the cells of a row are spelled that repeats the header.
#[derive(Debug)]
struct HeaderForms {
    /// By column: the form of its name, and the form that it has without the number it was given.
    columns: Vec<(String, Option<String>)>,
    named: usize,
}

impl HeaderForms {
    fn new(written: &[String]) -> Self {
        let forms = written.iter().enumerate().map(|(at, name)| {
            let given = *name == format!("column {}", at + 1);
            let without = if given { Some("") } else { repeated_name(name) };
            (comparable_form(name).into_owned(), without.map(|name| comparable_form(name).into_owned()))
        });
        let columns: Vec<_> = forms.collect();
        let named = columns.iter().filter(|(_, without)| without.as_deref() != Some("")).count();
        Self { columns, named }
    }

    fn is_repeated_by(&self, row: &TextRow) -> bool {
        // In a table of one column a word may well be that of the header, unless a file begins there.
        let begins_file = || row.begins_file || row.cells.first().is_some_and(|cell| cell.starts_with('\u{FEFF}'));
        !row.surplus
            && self.named > 0
            && row.cells.len() == self.columns.len()
            && row.cells.iter().zip(&self.columns).all(|(cell, (name, without))| {
                let form = comparable_form(cell);
                form == name.as_str() || without.as_deref() == Some(form.as_ref())
            })
            && (self.named > 1 || begins_file())
    }
}

#[cfg(test)]
mod tests {
    use super::{RowRules, RowSort};
    use crate::domain::item::ColumnLayout;
    use crate::domain::rows::row::{TextRow, column_names};

    fn row(cells: &[&str]) -> TextRow {
        TextRow { number: 2, cells: cells.iter().map(|&cell| cell.to_owned()).collect(), ..TextRow::default() }
    }

    #[test]
    fn a_row_that_repeats_the_header_is_no_entry() {
        let written = column_names(&["id", "", "name", "name"]);
        let layout = ColumnLayout::new(&written, 0);
        let rules = RowRules::new(&layout, &written, true);
        assert_eq!(rules.sort(&row(&["\u{feff}id", "", "name\u{a0}", "name"])), RowSort::Header);
        assert_eq!(rules.sort(&row(&["id", "", "name", "other"])), RowSort::Keyed("id"));
        let feed = RowRules::new(&layout, &written, false);
        assert_eq!(feed.sort(&row(&["id", "", "name", "name"])), RowSort::Keyed("id"));
    }

    #[test]
    fn in_a_table_of_one_column_only_a_second_file_repeats_it() {
        let written = column_names(&["word"]);
        let layout = ColumnLayout::new(&written, 0);
        let rules = RowRules::new(&layout, &written, true);
        assert_eq!(rules.sort(&row(&["word"])), RowSort::Keyed("word"));
        assert_eq!(rules.sort(&row(&["\u{feff}word"])), RowSort::Header);
    }
}
