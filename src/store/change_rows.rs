//! Reads the rows of changes, in both forms in which their fields are stored.

use super::column_layouts::LayoutsByNumber;
use super::connection::AnyConnection;
use super::error::StoreError;
use super::schema::item_changes;
use super::stored_values::parse_value;
use crate::domain::change_set::Change;

/// The id, the kind and the key of a change, and the fields before and after as they are stored.
pub(super) type ChangeRow = (i64, String, String, Option<String>, Option<String>);

pub(super) const CHANGE_COLUMNS: (
    item_changes::id,
    item_changes::kind,
    item_changes::key,
    item_changes::before,
    item_changes::after,
) = (item_changes::id, item_changes::kind, item_changes::key, item_changes::before, item_changes::after);

/// Returns the changes of these rows, in their order.
///
/// # Errors
/// [`StoreError::Corrupt`] when a kind or fields cannot be read; otherwise when the database is unavailable.
pub(super) fn changes_from_rows(conn: &mut AnyConnection, rows: Vec<ChangeRow>) -> Result<Vec<Change>, StoreError> {
    let stored = rows.iter().flat_map(|(_, _, _, before, after)| [before.as_deref(), after.as_deref()]).flatten();
    let layouts = LayoutsByNumber::load(conn, stored)?;
    let change = |(_, kind, key, before, after): ChangeRow| {
        let kind = parse_value("item_changes.kind", &kind)?;
        let (before, after) = layouts.to_named_sides(before, after)?;
        Ok(Change { key, kind, before, after })
    };
    rows.into_iter().map(change).collect()
}
