//! What is noted once for many rows: keys and headers in another spelling, repeated headers, rows that hold nothing, and
//! words of the spreadsheet in place of values.

use super::compare::EqualItems;
use super::keyless_rows::KeylessSplit;
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::item::Layout;
use crate::domain::row::{Row, listed_columns, shortened};
use crate::domain::sheet_words::SheetWord;
use crate::domain::source::Noun;

/// How many rows or headers a note names.
const MAX_NAMED: usize = 5;

/// Rows of one sort: how many, and the first ones.
#[derive(Default, Debug)]
struct RowCount {
    count: u64,
    first: Vec<u64>,
}

impl RowCount {
    fn push(&mut self, row: u64) {
        self.count += 1;
        if self.first.len() < MAX_NAMED {
            self.first.push(row);
        }
    }

    /// `4, 9 and 3 more`.
    fn in_words(&self) -> String {
        let named: Vec<String> = self.first.iter().map(u64::to_string).collect();
        let more = self.count - self.first.len() as u64;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", named.join(", "))
    }
}

/// Collects what is noted once.
#[derive(Default, Debug)]
pub(super) struct RowNotes {
    headers: RowCount,
    /// Rows whose key the catalog spells otherwise, with the first such key.
    respelled: u64,
    first_respelled: Option<(u64, String)>,
    words: Vec<&'static str>,
    word_cells: u64,
    word_columns: Vec<bool>,
    first_word: Option<u64>,
    loading: u64,
}

impl RowNotes {
    /// A row repeats the header.
    pub(super) fn repeated_header(&mut self, row: u64) {
        self.headers.push(row);
    }

    /// The catalog spells the key of a row otherwise.
    pub(super) fn respelled(&mut self, row: u64, key: &str) {
        self.respelled += 1;
        self.first_respelled.get_or_insert_with(|| (row, key.to_owned()));
    }

    /// One such row lost its item to another.
    pub(super) fn respelled_lost(&mut self, row: u64) {
        self.respelled = self.respelled.saturating_sub(1);
        self.first_respelled = self.first_respelled.take().filter(|(first, _)| *first != row);
    }

    /// Looks for words of the spreadsheet in the cells of a row.
    pub(super) fn look_for_words(&mut self, row: &Row) {
        for (position, cell) in row.cells.iter().enumerate() {
            let Some(word) = SheetWord::of(cell) else { continue };
            self.word_cells += 1;
            self.loading += u64::from(word == SheetWord::Loading);
            if self.word_columns.len() <= position {
                self.word_columns.resize(position + 1, false);
            }
            self.word_columns[position] = true;
            if !self.words.contains(&word.as_str()) {
                self.words.push(word.as_str());
            }
            self.first_word.get_or_insert(row.number);
        }
    }

    /// Whether a value was still loading.
    pub(super) const fn has_loading(&self) -> bool {
        self.loading > 0
    }

    /// All of it as issues.
    pub(super) fn into_issues(
        self,
        layout: &Layout,
        noun: &Noun,
        keyless: &KeylessSplit,
        equal: EqualItems,
    ) -> Vec<Issue> {
        let key = layout.key_column();
        let note = |row: u64, column: Option<&str>, reason: String| Issue {
            row: Some(row),
            column: column.map(str::to_owned),
            kind: IssueKind::Noted,
            reason,
        };
        let mut notes = Vec::new();
        if let Some(&first) = self.headers.first.first() {
            let rows = self.headers.in_words();
            let what = match self.headers.count {
                1 => format!("Row {first} repeats the header and was skipped."),
                count => format!("{count} rows repeat the header and were skipped: {rows}."),
            };
            notes.push(note(first, None, format!("{what} Were files joined end to end?")));
        }
        if keyless.unfilled > 0 {
            notes.push(note(keyless.first, None, unfilled(keyless)));
        }
        if self.respelled > 0 {
            let (row, example) = self.first_respelled.as_ref().map_or((1, ""), |(row, key)| (*row, key.as_str()));
            let example =
                if example.is_empty() { String::new() } else { format!(", first “{}”", shortened(example)) };
            let (keys, are) = if self.respelled == 1 { ("key", "is") } else { ("keys", "are") };
            let reason = format!(
                "{} {keys} in “{key}” {are} spelled differently than in the catalog (spaces, invisible characters or \
                 Unicode form{example}). The rows were matched; the catalog keeps its spelling.",
                self.respelled
            );
            notes.push(note(row, Some(key), reason));
        }
        if equal.count > 0 {
            let reason = format!(
                "{} {} have keys that differ only in spaces, invisible characters or Unicode form from each other. All \
                 stay, though the source may have one row for them.",
                equal.count,
                noun.of(equal.count)
            );
            notes.push(note(u64::from(equal.first_row), Some(key), reason));
        }
        if let Some(first) = self.first_word {
            notes.push(note(first, self.word_column(layout), self.words_note(layout, first)));
        }
        notes
    }

    /// The column that holds the words, where it is but one.
    fn word_column<'a>(&self, layout: &'a Layout) -> Option<&'a str> {
        let mut columns = layout.columns().iter().zip(&self.word_columns).filter(|(_, has)| **has);
        columns.next().filter(|_| columns.next().is_none()).map(|(name, _)| name.as_str())
    }

    fn words_note(&self, layout: &Layout, first: u64) -> String {
        let columns = layout.columns().iter().zip(&self.word_columns).filter(|(_, has)| **has);
        let columns: Vec<String> = columns.map(|(name, _)| name.clone()).collect();
        let (cells, hold) = if self.word_cells == 1 { ("cell", "holds") } else { ("cells", "hold") };
        let mut reason = format!(
            "{} {cells} in {} {hold} a message of the spreadsheet instead of a value ({}), first in row {first}.",
            self.word_cells,
            listed_columns(&columns),
            self.words.join(", "),
        );
        if self.loading < self.word_cells {
            reason.push_str(" Correct the formulas and sync again.");
        }
        if self.loading > 0 {
            let still = if self.loading == 1 { "value is" } else { "values are" };
            reason.push_str(&format!(
                " {} {still} still loading: the catalog keeps what it has there until the next sync.",
                self.loading
            ));
        }
        reason
    }
}

fn unfilled(keyless: &KeylessSplit) -> String {
    let KeylessSplit { unfilled, first, last, .. } = keyless;
    match unfilled {
        1 => format!("1 row without a key and without a value was skipped (row {first})."),
        _ => format!("{unfilled} rows without a key and without a value were skipped (rows {first} to {last})."),
    }
}

/// The one note of headers that are spelled otherwise than the columns they are taken for.
pub(super) fn header_note(written: &[String], layout: &Layout, wanted_key: &str) -> Option<Issue> {
    let pairs = written.iter().zip(layout.columns());
    let mut differing: Vec<(&str, &str)> = pairs
        .filter(|(written, name)| written != name)
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
        .map(|(written, name)| format!("“{}” as “{}”", shortened(written), shortened(name)));
    let mut named = named.collect::<Vec<_>>().join(", ");
    if differing.len() > MAX_NAMED {
        named.push_str(&format!(" and {} more", differing.len() - MAX_NAMED));
    }
    let headers = if differing.len() == 1 { "A header is" } else { "Headers are" };
    let reason = format!(
        "{headers} spelled differently (spaces, invisible characters or Unicode form) and read as the column meant: {named}."
    );
    Some(Issue { row: Some(1), column, kind: IssueKind::Noted, reason })
}
