//! The second reading: writes what differs in fenced batches, or in a preview only says what would differ.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::compare::{KeyIndex, Standing};
use super::outcome::Stopped;
use super::outlast::outlast;
use super::reporter::Reporter;
use super::signal::{Reason, Signal};
use super::survey::Survey;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::item::{ItemDraft, Layout, search_text};
use crate::domain::operation::Stage;
use crate::domain::progress::{Count, Stats, Weights};
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
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
    pub(super) id: SyncId,
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

/// Rows that were read and compared, on their way to their destination.
struct Portion {
    new: Vec<ItemWrite>,
    changed: Vec<(ItemWrite, ChangeKind)>,
    bytes: usize,
    rows: usize,
    /// The counts as they are once this portion has arrived.
    stats: Stats,
}

impl Portion {
    fn after(stats: Stats) -> Self {
        Self { new: Vec::new(), changed: Vec::new(), bytes: 0, rows: 0, stats }
    }

    fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }
}

/// The articles that are processed by now. Of those that were found some may be left for the next sync.
fn articles(found: Count, items: Count) -> Count {
    Count { processed: items.processed, total: found.total.max(items.total) }
}

/// How far the writing is.
struct Course {
    /// The columns, until the first batch has taken them along.
    columns: Option<Vec<String>>,
    /// Batches until now.
    batches: i64,
}

impl Application<'_> {
    /// Does a step that asks the database, and waits with it while that is away.
    fn outlast<T>(&self, step: impl FnMut() -> Result<T, StoreError>) -> Result<T, Stopped> {
        outlast(self.id, self.signal, Some(self.reporter), step)
    }

    /// Reads all rows once more and sends what differs to `destination`. Answers the counts.
    ///
    /// Reading and writing take about as long as each other, so they go side by side: while one portion is written the
    /// next is read and compared. Between them wait at most two, so memory stays flat.
    pub(super) fn run(
        &self,
        content: &dyn Content,
        survey: &Survey,
        destination: &mut Destination,
    ) -> Result<Stats, Stopped> {
        let first = Stats { items: Count { processed: 0, total: survey.rows }, ..self.reporter.now().stats };
        let columns = content.columns().to_vec();
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(1);
            let arrived = scope.spawn(move || self.deliver(&receiver, columns, first, destination));
            let read = self.read(content, first, &sender);
            drop(sender);
            // A panic over there is one here: the worker's edge catches it.
            let arrived = arrived.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            // When delivering failed, reading failed too, with nobody left to send to: the first cause is told.
            let stats = arrived?;
            read.map(|()| stats)
        })
    }

    /// Reads and compares all rows, and sends them on in portions.
    fn read(&self, content: &dyn Content, first: Stats, portions: &SyncSender<Portion>) -> Result<(), Stopped> {
        let nobody = |_| Stopped::Early(Reason::LeaseLost);
        let mut portion = Portion::after(first);
        for row in content.rows()? {
            let row = row?;
            portion.rows += 1;
            portion.stats.items.processed += 1;
            match self.index.standing(self.layout, &row) {
                None => portion.stats.rejected += 1,
                Some(standing) => self.sort(&mut portion, standing, self.layout.item(&row.cells), &row.cells),
            }
            if portion.is_full() {
                let next = Portion::after(portion.stats);
                portions.send(std::mem::replace(&mut portion, next)).map_err(nobody)?;
            }
        }
        if portion.rows > 0 {
            portions.send(portion).map_err(nobody)?;
        }
        Ok(())
    }

    /// Takes portions to their destination as they come.
    fn deliver(
        &self,
        portions: &Receiver<Portion>,
        columns: Vec<String>,
        first: Stats,
        destination: &mut Destination,
    ) -> Result<Stats, Stopped> {
        let mut course = Course { columns: Some(columns), batches: 0 };
        let mut done = first;
        for mut portion in portions {
            portion.stats.articles = portion.stats.articles.map(|found| articles(found, portion.stats.items));
            if let Some(reason) = self.signal.reason() {
                return Err(Stopped::Early(reason));
            }
            done = portion.stats;
            self.flush(portion, destination, &mut course)?;
        }
        Ok(done)
    }

    fn sort(&self, portion: &mut Portion, standing: Standing, item: ItemDraft, cells: &[String]) {
        let kind = match standing {
            Standing::Present(hash) if hash == item.hash && !self.force => {
                portion.stats.unchanged += 1;
                return;
            }
            Standing::Present(_) => ChangeKind::Updated,
            Standing::New | Standing::Returns => ChangeKind::Added,
        };
        portion.bytes += item.fields.len() * 2;
        let search_text = search_text(cells);
        let write = ItemWrite { key: item.key, fields: item.fields, hash: item.hash, search_text };
        match kind {
            ChangeKind::Updated => portion.stats.updated += 1,
            _ => portion.stats.added += 1,
        }
        if standing == Standing::New {
            portion.new.push(write);
        } else {
            portion.changed.push((write, kind));
        }
    }

    /// Takes one portion to its destination, together with the progress it makes.
    fn flush(&self, portion: Portion, destination: &mut Destination, course: &mut Course) -> Result<(), Stopped> {
        let Portion { new, changed, stats, .. } = portion;
        let items = stats.items;
        let progress = Progress {
            stage: Stage::Processing,
            message: format!("Syncing {} {} of {}…", self.source.noun.one, items.processed, items.total),
            percent: self.weights.percent(Stage::Processing, items.processed, items.total),
            stats,
        };
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
                course.batches += 1;
                let batch = Batch { number: course.batches, new, changed, changes, columns: course.columns.take() };
                self.outlast(|| self.reporter.write_batch(&batch, &progress))?;
            }
        }
        Ok(())
    }

    /// What these items change, old beside new. A forced rewrite of the same fields is no change.
    fn changes(&self, new: &[ItemWrite], changed: &[(ItemWrite, ChangeKind)]) -> Result<Vec<Change>, Stopped> {
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
            self.outlast(|| self.store.stored_fields(self.source.id, &keys))?
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
