//! Collects notes that are shown once for many rows: keys and headers in another spelling, repeated headers, rows
//! without an entry, and messages of the spreadsheet instead of values.

use crate::domain::columns::spreadsheet_values::SheetWord;
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::item::ColumnLayout;
use crate::domain::rows::row::TextRow;
use crate::domain::rows::row_group::RowGroup;
use crate::domain::rows::stored_columns::header_sheet_word;
use crate::domain::run_text::format_count;
use crate::domain::source::{Noun, Source};
use crate::domain::text::counts::{format_row_count, group_digits};
use crate::domain::text::shortening::{list_columns, shorten};
use crate::sync::run::key_index::EqualItems;
use crate::sync::run::keyless_rows::KeylessSplit;

/// How many values or headers a note names.
const MAX_NAMED: usize = 5;

/// Collects notes that are shown once for many rows.
#[derive(Default, Debug)]
pub(super) struct RowNotes {
    headers: RowGroup,
    /// Rows whose key the catalog spells otherwise.
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
        self.headers.add(row);
    }

    /// Adds a row whose key the catalog spells otherwise.
    pub(super) fn add_respelled_key(&mut self, row: u64, key: &str) {
        self.respelled_keys += 1;
        self.first_respelled.get_or_insert_with(|| (row, key.to_owned()));
    }

    /// Removes such a row, which lost its item to another row.
    pub(super) fn remove_respelled_key(&mut self, row: u64) {
        self.respelled_keys = self.respelled_keys.saturating_sub(1);
        self.first_respelled = self.first_respelled.take().filter(|(first, _)| *first != row);
    }

    /// Adds the messages of the spreadsheet in the cells of a row.
    pub(super) fn add_messages(&mut self, row: &TextRow) {
        for (position, cell) in row.cells.iter().enumerate() {
            let Some(word) = SheetWord::parse(cell) else { continue };
            self.message_cells += 1;
            self.loading_cells += u64::from(word == SheetWord::Loading);
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
        let note = |row: u64, column: Option<&str>, reason: String| Issue {
            row: Some(row),
            column: column.map(str::to_owned),
            kind: IssueKind::Noted,
            reason,
        };
        let mut notes = Vec::new();
        if let Some(first) = self.headers.first_row() {
            let first = group_digits(first);
            let one = format!("Row {first} repeats the header and was skipped. Were files joined end to end?");
            notes.extend(
                self.headers.to_note(&one, "repeat the header and were skipped. Were files joined end to end?"),
            );
        }
        if keyless.unfilled > 0 {
            notes.push(note(keyless.first, None, unfilled_note(keyless, layout)));
        }
        if self.respelled_keys > 0 {
            let (row, example) = self.first_respelled.as_ref().map_or((1, ""), |(row, key)| (*row, key.as_str()));
            let example =
                if example.is_empty() { String::new() } else { format!(", first “{}”", shorten(example)) };
            let (keys, are) = if self.respelled_keys == 1 { ("key", "is") } else { ("keys", "are") };
            let reason = format!(
                "{} {keys} in “{key}” {are} spelled differently than in the catalog (spaces, invisible characters or \
                 Unicode form{example}). The rows were matched; the catalog keeps its spelling.",
                group_digits(self.respelled_keys)
            );
            notes.push(note(row, Some(key), reason));
        }
        if equal_items.count > 0 {
            let reason = format!(
                "{} have keys that differ only in spaces, invisible characters or Unicode form. All were kept, although \
                 the source may have one row for them.",
                format_count(noun, equal_items.count)
            );
            notes.push(note(u64::from(equal_items.first_row), Some(key), reason));
        }
        if let Some(first) = self.first_message_row {
            notes.push(note(first, self.message_column(layout), self.messages_note(layout, first)));
        }
        notes
    }

    /// The column that has the messages, where it is only one.
    fn message_column<'a>(&self, layout: &'a ColumnLayout) -> Option<&'a str> {
        let mut columns = layout.column_names().iter().zip(&self.message_columns).filter(|(_, has)| **has);
        columns.next().filter(|_| columns.next().is_none()).map(|(name, _)| name.as_str())
    }

    fn messages_note(&self, layout: &ColumnLayout, first: u64) -> String {
        let columns = layout.column_names().iter().zip(&self.message_columns).filter(|(_, has)| **has);
        let columns: Vec<String> = columns.map(|(name, _)| name.clone()).collect();
        let (cells, contain) = if self.message_cells == 1 { ("cell", "contains") } else { ("cells", "contain") };
        let mut reason = format!(
            "{} {cells} in {} {contain} a spreadsheet message instead of a value ({}), first in row {}.",
            group_digits(self.message_cells),
            list_columns(&columns),
            self.messages.join(", "),
            group_digits(first),
        );
        if self.loading_cells < self.message_cells {
            reason.push_str(" Fix the formulas and sync again.");
        }
        if self.loading_cells > 0 {
            let still = if self.loading_cells == 1 { "value is" } else { "values are" };
            reason.push_str(&format!(
                " {} {still} still loading: the catalog keeps the stored value until the next sync.",
                group_digits(self.loading_cells)
            ));
        }
        reason
    }
}

/// The note about rows without a key in which nothing was entered: "998 rows without a key and without a value were
/// skipped (rows 4 to 1001). They contain only “FALSE” in “done”."
fn unfilled_note(keyless: &KeylessSplit, layout: &ColumnLayout) -> String {
    let KeylessSplit { unfilled, first, last, fillers, has_only_boxes, .. } = keyless;
    let (first, last) = (group_digits(*first), group_digits(*last));
    let what = if *has_only_boxes { "without a value" } else { "without a value of their own" };
    let rows = format_row_count(*unfilled);
    let (skipped, contains) = match unfilled {
        1 => (format!("was skipped (row {first})"), "It contains"),
        _ => (format!("were skipped (rows {first} to {last})"), "They contain"),
    };
    let mut note = format!("{rows} without a key and {what} {skipped}.");
    let named = fillers.iter().take(MAX_NAMED).filter_map(|(at, value)| {
        Some(format!("“{}” in “{}”", shorten(value), shorten(layout.column_names().get(*at)?)))
    });
    let mut named: Vec<String> = named.collect();
    if fillers.len() > MAX_NAMED {
        named.push(format!("and {} more", group_digits((fillers.len() - MAX_NAMED) as u64)));
    }
    if !named.is_empty() {
        note.push_str(&format!(" {contains} only {}.", named.join(", ")));
    }
    note
}

/// The notes about columns that have a message of the spreadsheet as their name.
pub(super) fn header_message_notes(written: &[String], layout: &ColumnLayout, row: u64) -> Vec<Issue> {
    let note = |(written, name): (&String, &String)| {
        let word = header_sheet_word(written)?;
        let what = format!("The header of this column is a spreadsheet message (“{}”)", word.as_str());
        let reason = if written == name {
            format!("{what} instead of a name. Fix the formula and sync again.")
        } else {
            format!(
                "{what}. It was read as “{}”, the column that was there before. Fix the formula and sync again.",
                shorten(name)
            )
        };
        Some(Issue { row: Some(row), column: Some(name.clone()), kind: IssueKind::Noted, reason })
    };
    written.iter().zip(layout.column_names()).filter_map(note).collect()
}

/// The note about headers that are spelled otherwise than the columns they were matched with.
pub(super) fn header_note(written: &[String], layout: &ColumnLayout, source: &Source) -> Option<Issue> {
    let wanted_key = source.key_column.as_str();
    let pairs = written.iter().zip(layout.column_names());
    let mut differing: Vec<(&str, &str)> = pairs
        .filter(|(written, name)| written != name && header_sheet_word(written).is_none())
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
    let named = differing
        .iter()
        .take(MAX_NAMED)
        .map(|(written, name)| format!("“{}” as “{}”", shorten(written), shorten(name)));
    let mut named = named.collect::<Vec<_>>().join(", ");
    if differing.len() > MAX_NAMED {
        named.push_str(&format!(" and {} more", group_digits((differing.len() - MAX_NAMED) as u64)));
    }
    let headers = if differing.len() == 1 { "A header is" } else { "Headers are" };
    let reason = format!(
        "{headers} spelled differently (spaces, invisible characters or Unicode form) and were matched with the columns of the catalog: {named}."
    );
    Some(Issue { row: Some(source.read_options.header_row_number()), column, kind: IssueKind::Noted, reason })
}
