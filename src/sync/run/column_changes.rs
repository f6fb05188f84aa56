//! Columns that are not those of the catalog: which came, which went, which only changed their name. And the key column
//! that is gone: then nothing is written, and the one that is probably meant is named.

use std::borrow::Cow;

use super::comparison::{SourceComparison, StoredItems};
use super::hidden_columns::refuse_hidden_key;
use super::key_index::{FoundRow, KeyIndex, RowComparison, index_row};
use super::pending_cells::pending_cells;
use super::run_stop::RunStop;
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::item::{ColumnLayout, ContentDigest, digest, parse_fields};
use crate::domain::rows::header_row::SEARCHED_ROWS;
use crate::domain::rows::row::{TextRow, shortened};
use crate::domain::rows::stored_columns::as_stored;
use crate::domain::sync_failure::SyncFailure;
use crate::domain::text::comparable_form::position_of;
use crate::domain::text::counts::grouped;
use crate::fetch::{FetchedContent, describe_missing_key, find_key_candidates};

/// The word of a run whose key column is not among the columns.
pub(in crate::sync) const NO_KEY_COLUMN: &str = "no_key_column";
/// How many rows are looked at to find out whether a column was only renamed.
const SAMPLE: usize = 200;
/// How many changes of columns the message of a run names.
const NAMED: usize = 4;

/// Rows of the source whose keys the catalog has, with the cells of the columns that came.
#[derive(Default)]
pub(super) struct KeyedSample {
    /// Columns of the catalog that the source has not.
    gone: Vec<String>,
    /// Columns of the source that the catalog has not, with their positions.
    came: Vec<(usize, String)>,
    /// Number and key of each row, and what its cells in the columns that came hold.
    rows: Vec<SampleRow>,
}

type SampleRow = (u32, String, Vec<SampleCell>);

/// What a cell of a column that came holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SampleCell {
    Value(Option<ContentDigest>),
    /// Nobody knows yet: the value is still loading, or it is that of a formula and was never saved.
    Pending,
}

/// How the cells of a column that went compare with those of one that came.
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

/// What stands in a cell; `None` for nothing.
fn inside(cell: &str) -> Option<ContentDigest> {
    Some(cell).filter(|cell| !cell.trim().is_empty()).map(digest)
}

impl KeyedSample {
    /// A sample for a catalog with the columns `known` and a source with those in `columns`. A catalog without columns
    /// was never synced.
    pub(super) fn new(known: &[String], columns: &[String]) -> Self {
        if known.is_empty() {
            return Self::default();
        }
        let gone = known.iter().filter(|name| !columns.contains(name)).cloned().collect();
        let came = columns.iter().enumerate().filter(|(_, name)| !known.contains(name));
        Self { gone, came: came.map(|(at, name)| (at, name.clone())).collect(), rows: Vec::new() }
    }

    /// Looks at a row that is taken.
    pub(super) fn look(&mut self, row: &TextRow, key: &str, index: &KeyIndex) {
        let wanted = !self.gone.is_empty() && !self.came.is_empty() && self.rows.len() < SAMPLE;
        let is_known = |found: FoundRow<'_>| matches!(found.comparison, RowComparison::Present(_));
        if wanted && index.find_row(key, index_row(row)).is_some_and(is_known) {
            let pending = pending_cells(row);
            let cell = |(at, _): &(usize, String)| match pending.binary_search(at) {
                Ok(_) => SampleCell::Pending,
                Err(_) => SampleCell::Value(row.cells.get(*at).and_then(|cell| inside(cell))),
            };
            self.rows.push((index_row(row), key.to_owned(), self.came.iter().map(cell).collect()));
        }
    }
}

/// The columns, named as the catalog names them where only the spelling differs, with the key column found among
/// them.
pub(in crate::sync) fn column_layout(
    comparison: &SourceComparison<'_>,
    content: &dyn FetchedContent,
) -> Result<ColumnLayout, RunStop> {
    let SourceComparison { source, catalog, kind, lookup, .. } = *comparison;
    let columns = &as_stored(content.columns(), &catalog.columns, content.excluded_columns());
    if columns.is_empty() {
        // No header, so no rows either: what that means is for the guards to say.
        return Ok(ColumnLayout::new(columns, 0));
    }
    let wanted = &source.key_column;
    if let Some(key) = position_of(columns, wanted) {
        let layout = ColumnLayout::new(columns, key);
        refuse_hidden_key(source, &layout, content)?;
        return Ok(layout);
    }
    let hints = find_key_candidates(content, lookup)?;
    let rows: Vec<TextRow> = content.rows()?.take(SEARCHED_ROWS).collect::<Result<_, _>>()?;
    let what = describe_missing_key(kind, source, columns, &rows, &hints);
    Err(SyncFailure::new(NO_KEY_COLUMN, what, "").into())
}

/// What became of the columns, as noted issues of the header.
pub(super) fn column_notes(
    header_row: u64,
    sample: &KeyedSample,
    renamed: &[RenamedColumn],
    left_out: &[String],
) -> Vec<Issue> {
    let note = |column: &str, reason: String| Issue {
        row: Some(header_row),
        column: Some(column.to_owned()),
        kind: IssueKind::Noted,
        reason,
    };
    let mut notes = Vec::new();
    for RenamedColumn { old, new } in renamed {
        notes.push(note(new, format!("Column “{}” is called “{}” now.", shortened(old), shortened(new))));
    }
    for (_, new) in sample.came.iter().filter(|(_, new)| renamed.iter().all(|known| known.new != *new)) {
        notes.push(note(new, format!("New column “{}”.", shortened(new))));
    }
    let is_renamed = |old: &&String| renamed.iter().any(|known| known.old == **old);
    let is_left_out = |old: &&String| position_of(left_out, old).is_some();
    for old in sample.gone.iter().filter(|old| !is_renamed(old) && !is_left_out(old)) {
        notes.push(note(old, format!("Column “{}” is gone.", shortened(old))));
    }
    notes
}

/// Pairs of a column that went and one that came which hold the same, row for row, in at least nine of ten rows
/// that the catalog knows and that have anything in either. Cells whose value is not there yet say nothing; where
/// these are all, the place of the column has to do.
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
    let mut same = vec![vec![ColumnLikeness::default(); sample.came.len()]; sample.gone.len()];
    for (key, cells) in &rows {
        // What cannot be read says nothing.
        let Some(fields) = stored.get(key.as_ref()).and_then(|text| parse_fields(text).ok()) else { continue };
        for (old, counts) in sample.gone.iter().zip(&mut same) {
            let Some((_, value)) = fields.iter().find(|(name, _)| name == old) else { continue };
            let value = inside(value);
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
    // The surest first; of equals those that stand first, as a renamed column seldom moves.
    pairs.sort_by_key(|&(equal, old, new)| (std::cmp::Reverse(equal), old, new));
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (_, old, new) in pairs {
        if found.iter().all(|&(known_old, known_new)| known_old != old && known_new != new) {
            found.push((old, new));
        }
    }
    let renamed =
        |(old, new): (usize, usize)| RenamedColumn { old: sample.gone[old].clone(), new: sample.came[new].1.clone() };
    Ok(found.into_iter().map(renamed).collect())
}

/// The notes as the end of a run's message, empty without any.
pub(super) fn describe_columns(notes: &[Issue]) -> String {
    let mut words: String = notes.iter().take(NAMED).map(|note| format!(" {}", note.reason)).collect();
    if notes.len() > NAMED {
        words.push_str(&format!(" {} more columns came, went or were renamed.", grouped((notes.len() - NAMED) as u64)));
    }
    words
}
