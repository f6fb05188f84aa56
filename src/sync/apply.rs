//! The second reading: writes what differs in fenced batches, or in a preview only says what would differ.

use super::compare::{KeyIndex, Standing, Survey};
use super::outcome::Stopped;
use super::reporter::Reporter;
use super::signal::Signal;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::item::{ItemDraft, Layout, search_text};
use crate::domain::operation::Stage;
use crate::domain::progress::{Stats, Weights};
use crate::domain::source::Source;
use crate::fetch::Content;
use crate::store::batch::Batch;
use crate::store::items::ItemWrite;
use crate::store::lease::Progress;
use crate::store::{Store, StoreError};

/// A batch is written when it holds this many rows …
const BATCH_ROWS: usize = 1000;
/// … or this many bytes of fields: rows can be large, and memory must not grow with them.
const BATCH_BYTES: usize = 4 << 20;
/// How many changes of a preview are kept by name; all are counted.
const PREVIEWED: usize = 10_000;

/// Where changes go.
pub(super) enum Destination {
    /// Into the catalog.
    Catalog,
    /// Into the result of a preview.
    Preview(Vec<Change>),
}

/// The second reading of one run.
pub(super) struct Application<'a> {
    pub(super) store: &'a Store,
    pub(super) source: &'a Source,
    pub(super) weights: Weights,
    pub(super) layout: &'a Layout,
    pub(super) index: &'a KeyIndex,
    pub(super) reporter: &'a Reporter,
    pub(super) signal: &'a Signal,
    /// Whether items with an unchanged hash are written too.
    pub(super) force: bool,
}

struct Pending {
    new: Vec<ItemWrite>,
    changed: Vec<(ItemWrite, ChangeKind)>,
    bytes: usize,
    rows: usize,
    stats: Stats,
}

impl Application<'_> {
    /// Reads all rows once more and sends what differs to `destination`. Answers the counts.
    pub(super) fn run(
        &self,
        content: &dyn Content,
        survey: &Survey,
        destination: &mut Destination,
    ) -> Result<Stats, Stopped> {
        let mut columns = Some(content.columns().to_vec());
        let mut done = self.reporter.now().stats;
        done.items.total = survey.rows;
        let mut pending = Pending { new: Vec::new(), changed: Vec::new(), bytes: 0, rows: 0, stats: done };
        for row in content.rows()? {
            let row = row?;
            pending.rows += 1;
            pending.stats.items.processed += 1;
            match self.index.standing(self.layout, &row) {
                None => pending.stats.rejected += 1,
                Some(standing) => self.sort(&mut pending, standing, self.layout.item(&row.cells), &row.cells),
            }
            if pending.rows >= BATCH_ROWS || pending.bytes >= BATCH_BYTES {
                done = self.flush(&mut pending, destination, &mut columns)?;
            }
        }
        if pending.rows > 0 {
            done = self.flush(&mut pending, destination, &mut columns)?;
        }
        Ok(done)
    }

    fn sort(&self, pending: &mut Pending, standing: Standing, item: ItemDraft, cells: &[String]) {
        let kind = match standing {
            Standing::Present(hash) if hash == item.hash && !self.force => {
                pending.stats.unchanged += 1;
                return;
            }
            Standing::Present(_) => ChangeKind::Updated,
            Standing::New | Standing::Returns => ChangeKind::Added,
        };
        pending.bytes += item.fields.len() * 2;
        let search_text = search_text(cells);
        let write = ItemWrite { key: item.key, fields: item.fields, hash: item.hash, search_text };
        match kind {
            ChangeKind::Updated => pending.stats.updated += 1,
            _ => pending.stats.added += 1,
        }
        if standing == Standing::New {
            pending.new.push(write);
        } else {
            pending.changed.push((write, kind));
        }
    }

    /// Sends on what was gathered, and answers the counts as they are then.
    fn flush(
        &self,
        pending: &mut Pending,
        destination: &mut Destination,
        columns: &mut Option<Vec<String>>,
    ) -> Result<Stats, Stopped> {
        if let Some(reason) = self.signal.reason() {
            return Err(Stopped::Early(reason));
        }
        let stats = pending.stats;
        let items = stats.items;
        let progress = Progress {
            stage: Stage::Processing,
            message: format!("Syncing {} {} of {}…", self.source.noun.one, items.processed, items.total),
            percent: self.weights.percent(Stage::Processing, items.processed, items.total),
            stats,
        };
        let new = std::mem::take(&mut pending.new);
        let changed = std::mem::take(&mut pending.changed);
        pending.rows = 0;
        pending.bytes = 0;
        match destination {
            Destination::Preview(found) => {
                let room = PREVIEWED.saturating_sub(found.len());
                found.extend(self.changes(&new, &changed)?.into_iter().take(room));
                self.reporter.set(progress);
            }
            Destination::Catalog if new.is_empty() && changed.is_empty() => self.reporter.set(progress),
            Destination::Catalog => {
                let changes = self.changes(&[], &changed)?;
                let changed = changed.into_iter().map(|(item, _)| item).collect();
                let batch = Batch { new, changed, changes, columns: columns.take() };
                self.reporter.write_batch(&batch, progress)?;
            }
        }
        Ok(stats)
    }

    /// What these items change, old beside new. A forced rewrite of the same fields is no change.
    fn changes(&self, new: &[ItemWrite], changed: &[(ItemWrite, ChangeKind)]) -> Result<Vec<Change>, StoreError> {
        let added = |item: &ItemWrite| Change {
            key: item.key.clone(),
            kind: ChangeKind::Added,
            before: None,
            after: Some(item.fields.clone()),
        };
        let mut changes: Vec<Change> = new.iter().map(added).collect();
        let keys: Vec<&str> = changed
            .iter()
            .filter(|(_, kind)| *kind == ChangeKind::Updated)
            .map(|(item, _)| item.key.as_str())
            .collect();
        let mut before = if keys.is_empty() {
            std::collections::HashMap::new()
        } else {
            self.store.stored_fields(self.source.id, &keys)?
        };
        for (item, kind) in changed {
            if *kind == ChangeKind::Added {
                changes.push(added(item));
                continue;
            }
            let old = before.remove(&item.key);
            if old.as_ref() != Some(&item.fields) {
                let after = Some(item.fields.clone());
                changes.push(Change { key: item.key.clone(), kind: *kind, before: old, after });
            }
        }
        Ok(changes)
    }
}
