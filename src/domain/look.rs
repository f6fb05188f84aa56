//! What a look at a place shows, before the place becomes a source, and what is wrong with it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::feed::Feed;
use super::header_mismatch::HeaderMismatch;
use super::key_cell::KeyCell;
use super::key_column::KnownKeys;
use super::location::Location;
use super::row::{Row, listed_columns, shortened};
use super::sheet_words::is_unfilled;
use super::source::Source;
use super::text_form::{comparable_form, position_of};

/// How many rows with bad keys are named.
const NAMED_ROWS: usize = 5;

/// What a place holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// Its first rows, at most 20.
    pub rows: Vec<Row>,
    /// Columns whose cells are all present and different among the first 1000 rows, the best key first.
    pub keys: Vec<String>,
    /// The column with the keys that the catalog has, where there is a catalog and its key column is gone.
    pub known: Option<KnownKeys>,
    /// How large the content is, in bytes.
    pub bytes: u64,
    /// What the place calls itself, where it does: the title of a sheet, the name of a file without its ending.
    pub title: Option<String>,
    /// The feeds there are; none in a place that is not made of feeds.
    pub feeds: Vec<Feed>,
    /// That the key column of the source is not among the columns, and what to do about it.
    pub missing_key: Option<String>,
    /// What else is wrong, a message each: what happened, where, and what to do.
    pub problems: Vec<String>,
    /// What a sync of it would note, a message each.
    pub notes: Vec<String>,
    /// The row that is probably the header, where what was taken for it looks like a title.
    pub likely_header: Option<u64>,
    /// Those of its columns that are hidden where people open it.
    pub hidden_columns: Vec<String>,
}

impl Look {
    /// The column proposed as the key.
    #[must_use]
    pub fn proposed_key(&self) -> Option<&str> {
        self.keys.first().map(String::as_str)
    }

    /// Everything that is wrong, the key column first.
    pub fn all_problems(&self) -> impl Iterator<Item = &str> {
        self.missing_key.iter().chain(&self.problems).map(String::as_str)
    }
}

/// The beginning of a table.
#[derive(Clone, Copy, Debug)]
pub struct TableStart<'a> {
    /// The columns.
    pub columns: &'a [String],
    /// The first rows.
    pub rows: &'a [Row],
    /// The columns that could be keys.
    pub keys: &'a [String],
    /// That the header is not that of the rows.
    pub mismatch: Option<HeaderMismatch>,
}

/// What is wrong with the content of `source`, but for a missing key column. A source that is not added yet has no key
/// column.
#[must_use]
pub fn problems_of(source: &Source, start: &TableStart<'_>) -> Vec<String> {
    let TableStart { columns, rows, keys, mismatch } = *start;
    let wanted = &source.key_column;
    let place = match &source.location {
        Location::Upload(_) => "The uploaded file".to_owned(),
        Location::Sample => "The sample".to_owned(),
        place => place.for_people(),
    };
    if columns.is_empty() {
        let key = if wanted.is_empty() { String::new() } else { format!("; one of them has to be “{wanted}”") };
        return vec![format!("{place} is empty. Its first row must name the columns{key}.")];
    }
    if rows.is_empty() {
        return vec![format!(
            "{place} has a header and no rows below it, so a sync would fail. Add rows below the header, then sync."
        )];
    }
    let mut problems = Vec::new();
    if let Some(position) = position_of(columns, wanted)
        && !keys.contains(&columns[position])
        && mismatch.is_none()
    {
        problems.push(bad_keys(source, position, rows, keys));
    }
    match mismatch.filter(|_| !source.read_options.accept_header_mismatch) {
        Some(mismatch) => problems.push(mismatch.message()),
        None => problems.extend(too_many_cells(columns, rows)),
    }
    problems
}

fn too_many_cells(columns: &[String], rows: &[Row]) -> Option<String> {
    let surplus: Vec<String> = rows.iter().filter(|row| row.surplus).map(|row| row.number.to_string()).collect();
    let count = columns.len();
    (!surplus.is_empty()).then(|| {
        format!(
            "Rows with more cells than the header are skipped: row {}. The header has {count} {}. Give the last column a \
             name, or put quotes around cells that hold the separator.",
            surplus.join(", row "),
            if count == 1 { "cell" } else { "cells" },
        )
    })
}

fn bad_keys(source: &Source, position: usize, rows: &[Row], keys: &[String]) -> String {
    let (wanted, slug) = (shortened(&source.key_column), &source.slug);
    let mut first_seen: HashMap<Cow<'_, str>, u64> = HashMap::new();
    let mut examples = Vec::new();
    for row in rows.iter().filter(|row| !row.surplus) {
        match KeyCell::in_row(row, position) {
            KeyCell::Missing if is_unfilled(&row.cells) => {}
            KeyCell::Missing => examples.push(format!("row {} has none", row.number)),
            KeyCell::TooLong(_) => examples.push(format!("row {} has one that is too long", row.number)),
            KeyCell::UnsavedFormula => {
                examples.push(format!("row {} has a formula without a saved value", row.number));
            }
            KeyCell::SheetWord(word) => examples.push(format!("row {} has “{}”", row.number, word.as_str())),
            KeyCell::Key(key) => match first_seen.entry(comparable_form(key)) {
                Entry::Occupied(first) => {
                    examples.push(format!("row {} repeats “{}” of row {}", row.number, shortened(key), first.get()));
                }
                Entry::Vacant(place) => drop(place.insert(row.number)),
            },
        }
    }
    examples.truncate(NAMED_ROWS);
    let examples = if examples.is_empty() { "among the first 1,000 rows".to_owned() } else { examples.join("; ") };
    let better = keys.first().map_or(String::new(), |better| {
        format!(
            " Or make “{}” the key column on the page /settings/sources/{slug}: its cells are all filled and different.",
            shortened(better)
        )
    });
    format!(
        "Some keys in “{wanted}” are missing or repeated, and such rows are skipped: {examples}. Give every row a key of its \
         own.{better}"
    )
}

/// That these columns are hidden in the source and would be public; `None` where none is.
#[must_use]
pub fn hidden_columns_warning(hidden_columns: &[String]) -> Option<String> {
    let names = listed_columns(hidden_columns);
    match hidden_columns.len() {
        0 => None,
        1 => Some(format!("The column {names} is hidden in the source. A public catalog would show it to everybody.")),
        _ => Some(format!(
            "The columns {names} are hidden in the source. A public catalog would show them to everybody."
        )),
    }
}

/// Why a place cannot be looked at: what a sync of it would fail with.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct CannotLook {
    /// A word for programs.
    pub code: &'static str,
    /// What happened, where, and what to do.
    pub sentence: String,
    /// The addresses of the feeds that a web page names where a feed was looked for.
    pub named_feeds: Vec<String>,
}
