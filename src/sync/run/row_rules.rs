//! Classifies rows before they are compared: rows with a key, rows that are skipped, and rows that are not entries.
//! Both readings of a source use these rules, so that they agree.

use super::keyless_rows::UnfilledPatterns;
use crate::domain::columns::spreadsheet_values::SpreadsheetPlaceholder;
use crate::domain::item::ColumnLayout;
use crate::domain::rows::key_cell::KeyCell;
use crate::domain::rows::row::{TextRow, unnumbered_name};
use crate::domain::text::comparable_form::comparable_form;

/// The class of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RowClass<'a> {
    /// The row has this key, as written.
    Keyed(&'a str),
    /// The row has this key, and more cells than there are columns.
    Surplus(&'a str),
    /// The row is skipped. The kind of source gives this reason.
    Refused(&'a str),
    /// The key cell of the row holds no key.
    WithoutKey(KeyCell<'a>),
    /// The row has no key, and nothing was entered in it: it has only values that a spreadsheet fills in.
    NothingEntered,
    /// The row repeats the header, as in files that were joined end to end.
    Header,
}

/// The rules for the rows of one source.
#[derive(Debug)]
pub(in crate::sync) struct RowRules<'a> {
    layout: &'a ColumnLayout,
    header: Option<HeaderForms>,
    /// Which rows without a key are not entries. Empty until all rows were read.
    unfilled: UnfilledPatterns,
}

impl<'a> RowRules<'a> {
    /// Creates the rules for rows with the header `written`, which become items by `layout`. A row can repeat the
    /// header only in a table that people edit (`is_table`); feeds have no header.
    pub(super) fn new(layout: &'a ColumnLayout, written: &[String], is_table: bool) -> Self {
        let header = Some(HeaderForms::new(written)).filter(|_| is_table);
        Self { layout, header, unfilled: UnfilledPatterns::default() }
    }

    /// The layout of the columns, with the key column.
    pub(super) const fn layout(&self) -> &'a ColumnLayout {
        self.layout
    }

    /// Whether the rows are those of a table that people edit.
    pub(super) const fn is_table(&self) -> bool {
        self.header.is_some()
    }

    /// Sets which rows without a key are not entries, once all rows were read.
    pub(super) fn set_unfilled_patterns(&mut self, unfilled: UnfilledPatterns) {
        self.unfilled = unfilled;
    }

    /// The cells of a row that determine the types of their columns. Messages of the spreadsheet count as empty.
    pub(super) fn typed_cells<'r>(&self, row: &'r TextRow) -> impl Iterator<Item = &'r str> + use<'r> {
        let is_table = self.is_table();
        row.cells
            .iter()
            .map(move |cell| if is_table && SpreadsheetPlaceholder::parse(cell).is_some() { "" } else { cell.as_str() })
    }

    /// The class of `row`.
    pub(super) fn classify<'r>(&self, row: &'r TextRow) -> RowClass<'r> {
        if let Some(reason) = &row.refusal {
            return RowClass::Refused(reason);
        }
        if self.header.as_ref().is_some_and(|header| header.is_repeated_by(row)) {
            return RowClass::Header;
        }
        match KeyCell::from_row(row, self.layout.key_position()) {
            KeyCell::Key(key) if row.surplus => RowClass::Surplus(key),
            KeyCell::Key(key) => RowClass::Keyed(key),
            KeyCell::Missing if !row.surplus && self.unfilled.contains(row) => RowClass::NothingEntered,
            unkeyed => RowClass::WithoutKey(unkeyed),
        }
    }
}

/// The forms of the cells by which a row repeats the header.
#[derive(Debug)]
struct HeaderForms {
    /// By column: the form of its name, and the form without a number that Lockstep added.
    columns: Vec<(String, Option<String>)>,
    named: usize,
}

impl HeaderForms {
    fn new(written: &[String]) -> Self {
        let forms = written.iter().enumerate().map(|(at, name)| {
            let given = *name == format!("column {}", at + 1);
            let without = if given { Some("") } else { unnumbered_name(name) };
            (comparable_form(name).into_owned(), without.map(|name| comparable_form(name).into_owned()))
        });
        let columns: Vec<_> = forms.collect();
        let named = columns.iter().filter(|(_, without)| without.as_deref() != Some("")).count();
        Self { columns, named }
    }

    fn is_repeated_by(&self, row: &TextRow) -> bool {
        // In a table of one column a value may equal the header by chance, unless a joined file begins there.
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
    use super::{RowClass, RowRules};
    use crate::domain::item::ColumnLayout;
    use crate::domain::rows::row::{TextRow, column_names};

    fn row(cells: &[&str]) -> TextRow {
        TextRow { number: 2, cells: cells.iter().map(|&cell| cell.to_owned()).collect(), ..TextRow::default() }
    }

    #[test]
    fn a_row_that_repeats_the_header_is_not_an_item() {
        let written = column_names(&["id", "", "name", "name"]);
        let layout = ColumnLayout::new(&written, 0);
        let rules = RowRules::new(&layout, &written, true);
        assert_eq!(rules.classify(&row(&["\u{feff}id", "", "name\u{a0}", "name"])), RowClass::Header);
        assert_eq!(rules.classify(&row(&["id", "", "name", "other"])), RowClass::Keyed("id"));
        let feed = RowRules::new(&layout, &written, false);
        assert_eq!(feed.classify(&row(&["id", "", "name", "name"])), RowClass::Keyed("id"));
    }

    #[test]
    fn in_a_table_of_one_column_only_a_second_file_repeats_it() {
        let written = column_names(&["word"]);
        let layout = ColumnLayout::new(&written, 0);
        let rules = RowRules::new(&layout, &written, true);
        assert_eq!(rules.classify(&row(&["word"])), RowClass::Keyed("word"));
        assert_eq!(rules.classify(&row(&["\u{feff}word"])), RowClass::Header);
    }
}
