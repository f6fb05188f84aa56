//! What items that differ from the catalog become, next to what it has: they keep its spelling of their key, and its
//! value where that of the source is not there yet.

use std::collections::HashMap;

use super::apply::ApplyStep;
use super::outcome::RunStop;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::item::{field, parse_fields, search_text};
use crate::domain::text::comparable_form::is_same_form;
use crate::store::item_write::ItemWrite;

/// An item of which the database has something else.
pub(super) struct PendingItem {
    pub(super) write: ItemWrite,
    pub(super) kind: ChangeKind,
    /// The cell of its key, where it is spelled otherwise than the key.
    pub(super) key_cell: Option<String>,
    /// The positions of cells whose value is not there yet.
    pub(super) pending_cells: Vec<usize>,
}

/// What is to be written of such items.
pub(super) struct MergedItems {
    pub(super) changed: Vec<ItemWrite>,
    /// One for each that has other fields than before.
    pub(super) changes: Vec<Change>,
    /// How many differed in nothing but spelling, or what is not there yet: they are left as they are.
    pub(super) unchanged: u64,
}

/// That an item came.
pub(super) fn added(item: &ItemWrite) -> Change {
    Change { key: item.key.clone(), kind: ChangeKind::Added, before: None, after: Some(item.fields.clone()) }
}

impl ApplyStep<'_> {
    /// Compares items with what is stored of them. A forced rewrite of the same fields is no change.
    pub(super) fn settle(&self, pending: Vec<PendingItem>) -> Result<MergedItems, RunStop> {
        let is_compared = |item: &&PendingItem| item.kind == ChangeKind::Updated || !item.pending_cells.is_empty();
        let keys: Vec<&str> = pending.iter().filter(is_compared).map(|item| item.write.key.as_str()).collect();
        let mut stored = HashMap::new();
        if !keys.is_empty() {
            stored = self.outlast(|| self.store.stored_fields(self.source.id, &keys))?;
        }
        let mut settled = MergedItems { changed: Vec::with_capacity(pending.len()), changes: Vec::new(), unchanged: 0 };
        for mut item in pending {
            let before = stored.remove(&item.write.key);
            if let Some(before) = &before {
                self.keep_stored(&mut item, before);
            }
            let PendingItem { write, kind, .. } = item;
            let is_same = before.as_ref() == Some(&write.fields);
            match kind {
                ChangeKind::Added => settled.changes.push(added(&write)),
                _ if is_same && !self.force => {
                    settled.unchanged += 1;
                    continue;
                }
                _ if is_same => {}
                _ => {
                    let after = Some(write.fields.clone());
                    settled.changes.push(Change { key: write.key.clone(), kind, before, after });
                }
            }
            settled.changed.push(write);
        }
        Ok(settled)
    }

    /// Puts the stored spelling of its key, and stored values in place of those that are not there yet, into an item.
    fn keep_stored(&self, item: &mut PendingItem, before: &str) {
        let key_column = self.layout.key_column();
        let key_cell = item.key_cell.as_deref().unwrap_or(&item.write.key);
        if item.pending_cells.is_empty() && before.contains(&field(key_column, key_cell)) {
            return;
        }
        // What cannot be read has nothing that could be kept.
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
        let draft = self.layout.item(&cells);
        (item.write.fields, item.write.hash) = (draft.fields, draft.hash);
        item.write.search_text = search_text(&cells);
    }
}
