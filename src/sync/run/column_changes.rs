//! Compares the columns of a source with those of its catalog: new, removed and renamed columns, and a missing key
//! column, where the failure names the likely one.

use std::borrow::Cow;

use super::comparison::{SourceComparison, StoredItems};
use super::hidden_columns::refuse_hidden_key;
use super::key_index::{FoundRow, KeyIndex, RowComparison, index_row};
use super::pending_cells::pending_cells;
use super::run_stop::RunStop;
use crate::domain::issue::Issue;
use crate::domain::item::{ColumnLayout, ContentDigest, content_digest, parse_fields};
use crate::domain::rows::header_row::MAX_SEARCHED_ROWS;
use crate::domain::rows::row::TextRow;
use crate::domain::rows::stored_columns::match_stored_names;
use crate::domain::run_text::column_notes::{
    join_column_notes, new_column_note, removed_column_note, renamed_column_note,
};
use crate::domain::run_text::sync_failure::SyncFailure;
use crate::domain::text::comparable_form::position_of;
use crate::fetch::{FetchedContent, describe_missing_key, find_key_candidates};

/// The code of a run whose source does not have the key column.
pub(in crate::sync) const NO_KEY_COLUMN: &str = "no_key_column";
/// How many rows are compared to detect renamed columns.
const MAX_SAMPLED_ROWS: usize = 200;
/// A sample of rows whose keys the catalog has, with their cells in new columns.
#[derive(Default)]
pub(super) struct KeyedSample {
    /// Columns of the catalog that the source does not have.
    removed: Vec<String>,
    /// Columns of the source that the catalog does not have, with their positions.
    added: Vec<(usize, String)>,
    /// The number and key of each row, and its cells in the added columns.
    rows: Vec<SampleRow>,
}

type SampleRow = (u32, String, Vec<SampleCell>);

/// A cell of an added column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SampleCell {
    Value(Option<ContentDigest>),
    /// The cell has no value yet.
    Pending,
}

/// How many cells of a removed column equal those of an added one.
#[derive(Clone, Default)]
struct ColumnLikeness {
    equal: usize,
    compared: usize,
}

/// A column that has another name now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::sync) struct RenamedColumn {
    pub(super) old: String,
    pub(super) new: String,
}

/// The digest of a value; `None` if the value is blank.
fn value_digest(cell: &str) -> Option<ContentDigest> {
    Some(cell).filter(|cell| !cell.trim().is_empty()).map(content_digest)
}

impl KeyedSample {
    /// An empty sample for a catalog with the columns `known` and a source with the columns `columns`. A catalog
    /// without columns was never synced, so nothing is compared.
    pub(super) fn new(known: &[String], columns: &[String]) -> Self {
        if known.is_empty() {
            return Self::default();
        }
        let removed = known.iter().filter(|name| !columns.contains(name)).cloned().collect();
        let added = columns.iter().enumerate().filter(|(_, name)| !known.contains(name));
        Self { removed, added: added.map(|(at, name)| (at, name.clone())).collect(), rows: Vec::new() }
    }

    /// Adds a row that is used, unless the sample is full.
    pub(super) fn add_row(&mut self, row: &TextRow, key: &str, index: &KeyIndex) {
        let wanted = !self.removed.is_empty() && !self.added.is_empty() && self.rows.len() < MAX_SAMPLED_ROWS;
        let is_known = |found: FoundRow<'_>| matches!(found.comparison, RowComparison::Present(_));
        if wanted && index.find_row(key, index_row(row)).is_some_and(is_known) {
            let pending = pending_cells(row);
            let cell = |(at, _): &(usize, String)| match pending.binary_search(at) {
                Ok(_) => SampleCell::Pending,
                Err(_) => SampleCell::Value(row.cells.get(*at).and_then(|cell| value_digest(cell))),
            };
            self.rows.push((index_row(row), key.to_owned(), self.added.iter().map(cell).collect()));
        }
    }
}

/// Returns the columns of the content with the position of the key column. A column that differs from one of the
/// catalog only in spelling gets the name that the catalog has.
///
/// # Errors
/// [`RunStop::Refused`] when the key column is missing (`no_key_column`) or must not be published
/// (`hidden_key_column`); another [`RunStop`] when the rows cannot be read to propose a key column.
pub(in crate::sync) fn column_layout(
    comparison: &SourceComparison<'_>,
    content: &dyn FetchedContent,
) -> Result<ColumnLayout, RunStop> {
    let SourceComparison { source, catalog, kind, lookup, .. } = *comparison;
    let columns = &match_stored_names(content.columns(), &catalog.columns, content.excluded_columns());
    if columns.is_empty() {
        // Without a header there are no rows either: the guards refuse an empty source.
        return Ok(ColumnLayout::new(columns, 0));
    }
    let wanted = &source.key_column;
    if let Some(key) = position_of(columns, wanted) {
        let layout = ColumnLayout::new(columns, key);
        refuse_hidden_key(source, &layout, content)?;
        return Ok(layout);
    }
    let hints = find_key_candidates(content, lookup)?;
    let rows: Vec<TextRow> = content.rows()?.take(MAX_SEARCHED_ROWS).collect::<Result<_, _>>()?;
    let what = describe_missing_key(kind, source, columns, &rows, &hints);
    Err(SyncFailure::new(NO_KEY_COLUMN, what, "").into())
}

/// Returns added, removed and renamed columns as warnings about the header.
pub(super) fn column_notes(
    header_row: u64,
    sample: &KeyedSample,
    renamed: &[RenamedColumn],
    excluded: &[String],
) -> Vec<Issue> {
    let note = |column: &str, reason: String| Issue::noted(Some(header_row), Some(column.to_owned()), reason);
    let mut notes = Vec::new();
    for RenamedColumn { old, new } in renamed {
        notes.push(note(new, renamed_column_note(old, new)));
    }
    for (_, new) in sample.added.iter().filter(|(_, new)| renamed.iter().all(|known| known.new != *new)) {
        notes.push(note(new, new_column_note(new)));
    }
    let is_renamed = |old: &&String| renamed.iter().any(|known| known.old == **old);
    let is_excluded = |old: &&String| position_of(excluded, old).is_some();
    for old in sample.removed.iter().filter(|old| !is_renamed(old) && !is_excluded(old)) {
        notes.push(note(old, removed_column_note(old)));
    }
    notes
}

/// Finds pairs of a removed and an added column with equal values in at least nine of ten sampled rows that have a
/// value in either column. Cells without a value yet are not compared.
///
/// # Errors
/// [`RunStop`] when the stored fields cannot be read.
pub(super) fn find_renamed(
    items: &dyn StoredItems,
    sample: &KeyedSample,
    index: &KeyIndex,
) -> Result<Vec<RenamedColumn>, RunStop> {
    if sample.rows.is_empty() {
        return Ok(Vec::new());
    }
    let as_stored = sample.rows.iter().filter_map(|(row, key, cells)| {
        let stored_key = index.find_row(key, *row)?.stored_key;
        Some((stored_key.unwrap_or(Cow::Borrowed(key.as_str())), cells))
    });
    let rows: Vec<_> = as_stored.collect();
    let keys: Vec<&str> = rows.iter().map(|(key, _)| key.as_ref()).collect();
    let stored = items.stored_fields(&keys)?;
    let mut same = vec![vec![ColumnLikeness::default(); sample.added.len()]; sample.removed.len()];
    for (key, cells) in &rows {
        // Fields that cannot be parsed are not compared.
        let Some(fields) = stored.get(key.as_ref()).and_then(|text| parse_fields(text).ok()) else { continue };
        for (old, counts) in sample.removed.iter().zip(&mut same) {
            let Some((_, value)) = fields.iter().find(|(name, _)| name == old) else { continue };
            let value = value_digest(value);
            for (cell, likeness) in cells.iter().zip(counts) {
                match cell {
                    SampleCell::Pending => {}
                    SampleCell::Value(cell) if cell.is_some() || value.is_some() => {
                        likeness.compared += 1;
                        likeness.equal += usize::from(*cell == value);
                    }
                    SampleCell::Value(_) => {}
                }
            }
        }
    }
    let mut pairs: Vec<(usize, usize, usize)> = Vec::new();
    for (old, counts) in same.iter().enumerate() {
        let is_fitting = |(_, likeness): &(usize, &ColumnLikeness)| {
            likeness.compared > 0 && likeness.equal * 10 >= likeness.compared * 9
        };
        let fitting = counts.iter().enumerate().filter(is_fitting);
        pairs.extend(fitting.map(|(new, likeness)| (likeness.equal, old, new)));
    }
    // Best match first; among equal ones the first position, because a renamed column seldom moves.
    pairs.sort_by_key(|&(equal, old, new)| (std::cmp::Reverse(equal), old, new));
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (_, old, new) in pairs {
        if found.iter().all(|&(known_old, known_new)| known_old != old && known_new != new) {
            found.push((old, new));
        }
    }
    let renamed = |(old, new): (usize, usize)| RenamedColumn {
        old: sample.removed[old].clone(),
        new: sample.added[new].1.clone(),
    };
    Ok(found.into_iter().map(renamed).collect())
}

/// Returns the warnings as the end of a run's message: text that begins with a space. Empty without warnings.
pub(super) fn describe_columns(notes: &[Issue]) -> String {
    join_column_notes(notes.iter().map(|note| note.reason.as_str()))
}
