//! Merges items that differ from the catalog with what is stored of them: they keep the stored spelling of their key,
//! and the stored value of a cell whose value the source does not have yet.

use std::collections::HashMap;

use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::item::{ColumnLayout, encode_field, parse_fields};
use crate::domain::text::comparable_form::is_same_form;
use crate::store::item_write::ItemWrite;
use crate::sync::run::column_changes::RenamedColumn;

/// An item that is stored with other fields.
pub(super) struct PendingItem {
    pub(super) write: ItemWrite,
    pub(super) kind: ChangeKind,
    /// The cell of its key, if it is spelled differently from the key.
    pub(super) key_cell: Option<String>,
    /// The positions of cells that have no value yet, in order.
    pub(super) pending_cells: Vec<usize>,
}

/// The items of a batch after merging.
pub(super) struct MergedItems {
    /// What has to be written.
    pub(super) changed: Vec<ItemWrite>,
    /// What is written although its fields are the same as before.
    pub(super) refreshed: Vec<ItemWrite>,
    /// One change for each item whose fields differ from before.
    pub(super) changes: Vec<Change>,
    /// The number of items that differ only in spelling or in values that are not available yet. They are not written.
    pub(super) unchanged: u64,
}

/// The change of an item that is new.
pub(super) fn added(item: &ItemWrite) -> Change {
    Change { key: item.key.clone(), kind: ChangeKind::Added, before: None, after: Some(item.fields.clone()) }
}

/// The rules by which items are merged.
pub(super) struct StoredMerge<'a> {
    pub(super) layout: &'a ColumnLayout,
    /// The columns that have another name now.
    pub(super) renamed: &'a [RenamedColumn],
    /// Whether unchanged items are written, too.
    pub(super) is_forced: bool,
}

impl StoredMerge<'_> {
    /// The keys of the items whose stored fields [`StoredMerge::merge`] needs.
    pub(super) fn compared_keys(pending: &[PendingItem]) -> Vec<&str> {
        let is_compared = |item: &&PendingItem| item.kind == ChangeKind::Updated || !item.pending_cells.is_empty();
        pending.iter().filter(is_compared).map(|item| item.write.key.as_str()).collect()
    }

    /// Merges items with their stored fields, which are given by key. A forced rewrite of the same fields is not a
    /// change.
    pub(super) fn merge(&self, pending: Vec<PendingItem>, mut stored: HashMap<String, String>) -> MergedItems {
        let mut merged = MergedItems {
            changed: Vec::with_capacity(pending.len()),
            refreshed: Vec::new(),
            changes: Vec::new(),
            unchanged: 0,
        };
        for mut item in pending {
            let before = stored.remove(&item.write.key);
            if let Some(before) = &before {
                self.keep_stored(&mut item, before);
            }
            let PendingItem { write, kind, .. } = item;
            let is_same = before.as_ref() == Some(&write.fields);
            match kind {
                ChangeKind::Added => merged.changes.push(added(&write)),
                _ if is_same && !self.is_forced => {
                    merged.unchanged += 1;
                    continue;
                }
                _ if is_same => {
                    merged.refreshed.push(write);
                    continue;
                }
                _ => {
                    let after = Some(write.fields.clone());
                    merged.changes.push(Change { key: write.key.clone(), kind, before, after });
                }
            }
            merged.changed.push(write);
        }
        merged
    }

    /// Gives an item the stored spelling of its key, and the stored values of cells that have no value yet.
    fn keep_stored(&self, item: &mut PendingItem, before: &str) {
        let key_column = self.layout.key_column();
        let key_cell = item.key_cell.as_deref().unwrap_or(&item.write.key);
        if item.pending_cells.is_empty() && before.contains(&encode_field(key_column, key_cell)) {
            return;
        }
        // If the fields cannot be parsed, no stored values are kept.
        let (Ok(before), Ok(fields)) = (parse_fields(before), parse_fields(&item.write.fields)) else { return };
        let stored = |name: &str| before.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let cells: Vec<String> = fields
            .into_iter()
            .enumerate()
            .map(|(position, (name, value))| {
                if name == key_column {
                    stored(&name).filter(|known| is_same_form(known, &value)).unwrap_or(value)
                } else if item.pending_cells.binary_search(&position).is_ok() {
                    let old_name =
                        || self.renamed.iter().find(|renamed| renamed.new == name).map(|renamed| &renamed.old);
                    stored(&name).or_else(|| stored(old_name()?)).unwrap_or_default()
                } else {
                    value
                }
            })
            .collect();
        let draft = self.layout.build_item(&cells);
        (item.write.fields, item.write.hash) = (draft.fields, draft.hash);
    }
}
