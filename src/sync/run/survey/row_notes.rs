//! Collects notes that are shown once for many rows: keys and headers in another spelling, repeated headers, rows
//! without an entry, and messages of the spreadsheet instead of values.

use crate::domain::columns::spreadsheet_values::SpreadsheetPlaceholder;
use crate::domain::issue::Issue;
use crate::domain::item::ColumnLayout;
use crate::domain::rows::row::TextRow;
use crate::domain::rows::row_group::RowGroup;
use crate::domain::rows::stored_columns::header_placeholder;
use crate::domain::run_text::row_notes::{
    REPEATED_HEADERS_NOTE, SpreadsheetMessages, UnfilledRows, equal_items_note, header_message_note,
    repeated_header_note, respelled_headers_note, respelled_keys_note, spreadsheet_messages_note, unfilled_rows_note,
};
use crate::domain::source::{Noun, Source};
use crate::sync::run::key_index::EqualItems;
use crate::sync::run::keyless_rows::KeylessSplit;

/// Collects notes that are shown once for many rows.
#[derive(Default, Debug)]
pub(super) struct RowNotes {
    headers: RowGroup,
    /// Rows whose key the catalog spells differently.
    respelled_keys: u64,
    first_respelled: Option<(u64, String)>,
    /// The messages of the spreadsheet that occurred, such as `#N/A`.
    messages: Vec<&'static str>,
    message_cells: u64,
    /// By column: whether it has a message.
    message_columns: Vec<bool>,
    first_message_row: Option<u64>,
    loading_cells: u64,
}

impl RowNotes {
    /// Adds a row that repeats the header.
    pub(super) fn add_repeated_header(&mut self, row: u64) {
        self.headers.add_row(row);
    }

    /// Adds a row whose key the catalog spells differently.
    pub(super) fn add_respelled_key(&mut self, row: u64, key: &str) {
        self.respelled_keys += 1;
        self.first_respelled.get_or_insert_with(|| (row, key.to_owned()));
    }

    /// Removes a row whose key the catalog spells differently, because the row lost its item to another row.
    pub(super) fn remove_respelled_key(&mut self, row: u64) {
        self.respelled_keys = self.respelled_keys.saturating_sub(1);
        self.first_respelled = self.first_respelled.take().filter(|(first, _)| *first != row);
    }

    /// Adds the messages of the spreadsheet in the cells of a row.
    pub(super) fn add_messages(&mut self, row: &TextRow) {
        for (position, cell) in row.cells.iter().enumerate() {
            let Some(word) = SpreadsheetPlaceholder::parse(cell) else { continue };
            self.message_cells += 1;
            self.loading_cells += u64::from(word == SpreadsheetPlaceholder::Loading);
            if self.message_columns.len() <= position {
                self.message_columns.resize(position + 1, false);
            }
            self.message_columns[position] = true;
            if !self.messages.contains(&word.as_str()) {
                self.messages.push(word.as_str());
            }
            self.first_message_row.get_or_insert(row.number);
        }
    }

    /// Whether a value was still loading.
    pub(super) const fn has_loading(&self) -> bool {
        self.loading_cells > 0
    }

    /// The notes as issues.
    pub(super) fn into_issues(
        self,
        layout: &ColumnLayout,
        noun: &Noun,
        keyless: &KeylessSplit,
        equal_items: EqualItems,
    ) -> Vec<Issue> {
        let key = layout.key_column();
        let note =
            |row: u64, column: Option<&str>, reason: String| Issue::noted(Some(row), column.map(str::to_owned), reason);
        let mut notes = Vec::new();
        if let Some(first) = self.headers.first_row() {
            notes.extend(self.headers.to_note(&repeated_header_note(first), REPEATED_HEADERS_NOTE));
        }
        if keyless.unfilled > 0 {
            notes.push(note(keyless.first, None, unfilled_note(keyless, layout)));
        }
        if self.respelled_keys > 0 {
            let (row, example) = self.first_respelled.as_ref().map_or((1, ""), |(row, key)| (*row, key.as_str()));
            let reason = respelled_keys_note(self.respelled_keys, key, example);
            notes.push(note(row, Some(key), reason));
        }
        if equal_items.count > 0 {
            let reason = equal_items_note(noun, equal_items.count);
            notes.push(note(u64::from(equal_items.first_row), Some(key), reason));
        }
        if let Some(first) = self.first_message_row {
            notes.push(note(first, self.message_column(layout), self.messages_note(layout, first)));
        }
        notes
    }

    /// The column that has the messages, if there is only one.
    fn message_column<'a>(&self, layout: &'a ColumnLayout) -> Option<&'a str> {
        let mut columns = layout.column_names().iter().zip(&self.message_columns).filter(|(_, has)| **has);
        columns.next().filter(|_| columns.next().is_none()).map(|(name, _)| name.as_str())
    }

    fn messages_note(&self, layout: &ColumnLayout, first: u64) -> String {
        let columns = layout.column_names().iter().zip(&self.message_columns).filter(|(_, has)| **has);
        let columns: Vec<String> = columns.map(|(name, _)| name.clone()).collect();
        spreadsheet_messages_note(&SpreadsheetMessages {
            cells: self.message_cells,
            loading_cells: self.loading_cells,
            columns: &columns,
            messages: &self.messages,
            first_row: first,
        })
    }
}

/// The note about rows without a key in which nothing was entered.
fn unfilled_note(keyless: &KeylessSplit, layout: &ColumnLayout) -> String {
    let names = layout.column_names();
    let fillers = keyless.fillers.iter().filter_map(|(at, value)| Some((value.as_str(), names.get(*at)?.as_str())));
    unfilled_rows_note(&UnfilledRows {
        count: keyless.unfilled,
        first: keyless.first,
        last: keyless.last,
        has_only_boxes: keyless.has_only_boxes,
        fillers: &fillers.collect::<Vec<_>>(),
    })
}

/// The notes about columns that have a message of the spreadsheet as their name.
pub(super) fn header_message_notes(written: &[String], layout: &ColumnLayout, row: u64) -> Vec<Issue> {
    let note = |(written, name): (&String, &String)| {
        let word = header_placeholder(written)?;
        let read_as = (written != name).then_some(name.as_str());
        let reason = header_message_note(word.as_str(), read_as);
        Some(Issue::noted(Some(row), Some(name.clone()), reason))
    };
    written.iter().zip(layout.column_names()).filter_map(note).collect()
}

/// The note about headers that are spelled differently from the columns they were matched with.
pub(super) fn header_note(written: &[String], layout: &ColumnLayout, source: &Source) -> Option<Issue> {
    let wanted_key = source.key_column.as_str();
    let pairs = written.iter().zip(layout.column_names());
    let mut differing: Vec<(&str, &str)> = pairs
        .filter(|(written, name)| written != name && header_placeholder(written).is_none())
        .map(|(written, name)| (written.as_str(), name.as_str()))
        .collect();
    if let Some(key) = written.get(layout.key_position())
        && key != wanted_key
        && layout.key_column() == key
    {
        differing.push((key, wanted_key));
    }
    let (first, _) = differing.first()?;
    let column = Some((*first).to_owned());
    let reason = respelled_headers_note(&differing);
    Some(Issue::noted(Some(source.read_options.header_row_number()), column, reason))
}
