//! Detects keys that may have been misread, so that their items would seem to have left the source.

use crate::domain::issue::Issue;
use crate::domain::item::ColumnLayout;
use crate::domain::rows::row::TextRow;
use crate::domain::run_text::row_notes::KEY_LINE_BREAK_NOTE;

/// Returns whether characters of the key could not be decoded: then the row may belong to another item.
pub(super) fn is_undecoded(row: &TextRow, key: &str, layout: &ColumnLayout) -> bool {
    let is_of_key = |column: Option<usize>| column.is_none_or(|column| column == layout.key_position());
    key.contains('\u{FFFD}') && row.repairs.iter().any(|repair| is_of_key(repair.column))
}

/// Returns whether the key may differ from what was entered: its cell was repaired, or it is a rounded number.
pub(super) fn is_inexact(row: &TextRow, layout: &ColumnLayout) -> bool {
    let position = layout.key_position();
    row.rounded_numbers.contains(&position) || row.repairs.iter().any(|repair| repair.column == Some(position))
}

/// The note about a key with a line break in it; `None` for any other.
pub(super) fn line_break_note(row: &TextRow, key: &str, layout: &ColumnLayout) -> Option<Issue> {
    let has_break = row.spans_lines && key.contains(['\n', '\r']);
    has_break
        .then(|| Issue::noted(Some(row.number), Some(layout.key_column().to_owned()), KEY_LINE_BREAK_NOTE.to_owned()))
}
