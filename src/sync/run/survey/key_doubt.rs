//! Signs that the key of a row may have been misread, so that its item would seem to have left the source.

use crate::domain::issue::{Issue, IssueKind};
use crate::domain::item::ColumnLayout;
use crate::domain::rows::row::TextRow;

/// Whether characters of the key could not be decoded: then it may be that of another item.
pub(super) fn is_undecoded(row: &TextRow, key: &str, layout: &ColumnLayout) -> bool {
    let is_of_key = |column: Option<usize>| column.is_none_or(|column| column == layout.key_position());
    key.contains('\u{FFFD}') && row.mended.iter().any(|mend| is_of_key(mend.column))
}

/// Whether the cell of the key may not hold what was entered: something was mended in it, or it is a rounded number.
pub(super) fn is_inexact(row: &TextRow, layout: &ColumnLayout) -> bool {
    let position = layout.key_position();
    row.rounded_numbers.contains(&position) || row.mended.iter().any(|mend| mend.column == Some(position))
}

/// The note about a key with a line break in it; `None` for any other.
pub(super) fn line_break_note(row: &TextRow, key: &str, layout: &ColumnLayout) -> Option<Issue> {
    let has_break = row.spans_lines && key.contains(['\n', '\r']);
    has_break.then(|| Issue {
        row: Some(row.number),
        column: Some(layout.key_column().to_owned()),
        kind: IssueKind::Noted,
        reason: "The key has a line break in it. Is it there by mistake?".to_owned(),
    })
}
