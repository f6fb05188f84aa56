//! The changes that the final transaction of a run makes to its catalog.

use diesel::prelude::*;

use super::batch_writer::BatchWriter;
use super::catalogs as catalog_rows;
use super::column_snapshots;
use super::connection::AnyConnection;
use super::error::StoreError;
use super::items;
use super::reviews;
use super::schema::catalogs;
use super::secret_sealer::SecretSealer;
use super::settled_changes;
use super::stored_values::to_json;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::source::Validators;
use crate::domain::sync_id::SyncId;

/// What becomes of the number of items that later runs measure their removals by.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum SettledChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is the number of items now: the catalog matches its source, or what an admin decided.
    Settle,
    /// What the run `target`, which is undone, changed about it is taken back. The undo returned `returned` items.
    Revert {
        /// The run that is undone.
        target: SyncId,
        /// The number of items that the undo returned.
        returned: u64,
    },
}

/// The changes that the final transaction of a run makes to the catalog.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AppliedChanges {
    /// The columns in the source's order; `None` if the run did not read them.
    pub columns: Option<Vec<String>>,
    /// The type of each column; `None` if the run did not detect them.
    pub column_types: Option<Vec<ColumnType>>,
    /// The keys of the items to remove.
    pub removals: Vec<String>,
    /// What becomes of the number of items that later runs measure their removals by.
    pub settled: SettledChange,
    /// Whether the run counts as a successful sync.
    pub is_sync: bool,
    /// The HTTP validators for the next fetch; `None` deletes the stored ones.
    pub validators: Option<Validators>,
}

/// Removes the items that left the source and updates the catalog. Returns the number of removed items.
pub(super) fn apply_changes(
    conn: &mut AnyConnection,
    sealer: &SecretSealer,
    writer: &mut BatchWriter,
    applied: &AppliedChanges,
) -> Result<u64, StoreError> {
    let mut removed = 0;
    for keys in applied.removals.chunks(1000) {
        let key_refs: Vec<&str> = keys.iter().map(String::as_str).collect();
        let changes: Vec<Change> = items::fields_by_key(conn, writer.source_id, &key_refs)?
            .into_iter()
            .map(|(key, fields)| Change { key, kind: ChangeKind::Removed, before: Some(fields), after: None })
            .collect();
        writer.insert_changes(conn, &changes)?;
        removed += writer.remove_items(conn, keys)?;
    }
    catalog_rows::adjust_item_count(conn, writer.source_id, -i64::try_from(removed).unwrap_or(i64::MAX))?;
    let columns = applied.columns.as_ref().map(|names| to_json("catalogs.columns", names)).transpose()?;
    let types = applied.column_types.as_ref().map(|types| to_json("catalogs.column_types", types)).transpose()?;
    column_snapshots::keep_before_change(
        conn,
        writer.source_id,
        &writer.sync_id,
        columns.as_deref(),
        types.as_deref(),
    )?;
    let validators = match &applied.validators {
        Some(validators) => sealer.seal(conn, "catalogs.validators", to_json("catalogs.validators", validators)?)?,
        None => "{}".to_owned(),
    };
    diesel::update(catalogs::table.find(writer.source_id))
        .set((
            columns.map(|text| catalogs::column_names.eq(text)),
            types.map(|text| catalogs::column_types.eq(text)),
            catalogs::validators.eq(validators),
            applied
                .is_sync
                .then(|| (catalogs::last_success_at.eq(writer.now), catalogs::last_success_id.eq(&writer.sync_id))),
        ))
        .execute(conn)?;
    match applied.settled {
        SettledChange::Keep => {}
        SettledChange::Settle => settled_changes::settle(conn, writer.source_id, &writer.sync_id, writer.now)?,
        SettledChange::Revert { target, returned } => {
            settled_changes::revert(conn, writer.source_id, &writer.sync_id, &target.to_string(), returned)?;
            reviews::delete_without_items(conn, writer.source_id)?;
        }
    }
    Ok(u64::try_from(removed).unwrap_or(u64::MAX))
}
