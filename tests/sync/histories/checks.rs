//! Compares what is stored with the model.

use std::collections::BTreeMap;

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::item::ColumnLayout;
use lockstep::domain::operation::Status;
use lockstep::domain::record::SyncRecord;
use lockstep::store::changes::ChangeFilter;

use super::model::{BLOCK_ROWS, BlockChange, BlockContent, Verdict, block_key};
use super::player::HistoryPlayer;

/// More than a run changes.
const ALL_CHANGES: u64 = 100_000;

/// What a sync would do: what the guards allow, the changes, the missing blocks and the columns.
pub(super) type SyncForecast = (Verdict, Vec<(usize, BlockContent, BlockChange)>, Vec<usize>, bool);

impl HistoryPlayer<'_> {
    /// The catalog, its columns, its count and the removals that wait for a decision are as the model says.
    pub(super) fn check_catalog(&self) {
        let blocks = self.model.live_blocks();
        let expected: BTreeMap<String, String> = blocks
            .iter()
            .flat_map(|(block, content)| {
                (0..BLOCK_ROWS).map(|row| (block_key(*block, row), fields(*block, row, *content)))
            })
            .collect();
        let stored: BTreeMap<String, String> = self
            .select(&format!(
                "SELECT key || '=' || fields AS value FROM items WHERE source_id = {} AND removed_at IS NULL",
                self.source.id.0
            ))
            .into_iter()
            .map(|line| {
                let (key, fields) = line.split_once('=').expect("a key");
                (key.to_owned(), fields.to_owned())
            })
            .collect();
        assert_eq!(stored, expected);
        let catalog = self.engine.store.find_catalog(self.source.id).expect("an answer").expect("a catalog");
        assert_eq!(catalog.item_count, expected.len() as u64);
        let columns = match self.model.columns() {
            None => Vec::new(),
            Some(false) => vec!["id", "title"],
            Some(true) => vec!["id", "title", "note"],
        };
        assert_eq!(catalog.columns, columns);
        self.check_review();
    }

    fn check_review(&self) {
        let stored = self.engine.store.find_review(self.source.id).expect("an answer");
        let Some(review) = &self.model.review else {
            return assert!(stored.is_none(), "nothing waits for a decision: {stored:?}");
        };
        let stored = stored.expect("removals that wait for a decision");
        assert_eq!((stored.reason, !stored.is_open()), (review.reason, review.is_kept));
        assert_eq!(stored.item_count, (review.blocks.len() * BLOCK_ROWS) as u64);
        let keys = self.engine.store.withheld_keys(stored.id, "", 100_000).expect("keys");
        let expected: Vec<String> =
            review.blocks.iter().flat_map(|block| (0..BLOCK_ROWS).map(|row| block_key(*block, row))).collect();
        assert_eq!(keys, expected);
    }

    /// The stored changes of a run, and its counts, are as the model says.
    pub(super) fn check_run(&self, run: usize, record: &SyncRecord) {
        let mut stored = BTreeMap::new();
        for kind in [ChangeKind::Added, ChangeKind::Updated, ChangeKind::Removed] {
            let filter = ChangeFilter::of_kind(kind);
            let page = self.engine.store.change_page(record.summary.id, &filter, 1, ALL_CHANGES).expect("changes");
            assert_eq!(page.total, page.changes.len() as u64);
            stored.extend(page.changes.into_iter().map(|change| (change.key, kind)));
        }
        let mut expected = BTreeMap::new();
        for (block, change) in self.model.changes_of(run) {
            let kind = match change {
                BlockChange::Added => ChangeKind::Added,
                BlockChange::Updated(_) => ChangeKind::Updated,
                BlockChange::Removed(_) => ChangeKind::Removed,
            };
            expected.extend((0..BLOCK_ROWS).map(|row| (block_key(*block, row), kind)));
        }
        assert_eq!(stored, expected, "{}", record.summary.message);
        if record.summary.status == Status::Completed {
            let count = |kind| expected.values().filter(|known| **known == kind).count() as u64;
            let stats = &record.summary.stats;
            assert_eq!(
                (stats.added, stats.updated, stats.removed),
                (count(ChangeKind::Added), count(ChangeKind::Updated), count(ChangeKind::Removed))
            );
        }
    }

    /// What a sync of the sheet would do now.
    pub(super) fn forecast_sync(&self) -> SyncForecast {
        let verdict = self.model.verdict(&self.sheet, false);
        let has_note = self.sheet.contents().first().is_some_and(|(_, (_, has_note))| *has_note);
        (verdict, self.model.pending_changes(&self.sheet), self.model.missing_blocks(&self.sheet), has_note)
    }

    /// A preview shows what the model would do, and wrote nothing.
    pub(super) fn check_preview(&self, preview: &SyncRecord) {
        let (verdict, pending, missing, _) = self.forecast_sync();
        let stats = &preview.summary.stats;
        assert_eq!(preview.summary.status, Status::Completed, "{}", preview.summary.message);
        let rows = |blocks: usize| (blocks * BLOCK_ROWS) as u64;
        let added = pending.iter().filter(|(.., change)| *change == BlockChange::Added).count();
        assert_eq!((stats.added, stats.updated), (rows(added), rows(pending.len() - added)));
        let withheld = rows(if verdict == Verdict::Withhold { missing.len() } else { 0 });
        assert_eq!(preview.withheld_removals, withheld);
        let listed = self.engine.store.withheld_items(preview.summary.id, "", 1, ALL_CHANGES).expect("items");
        let is_listed = matches!(verdict, Verdict::Withhold | Verdict::Empty);
        assert_eq!(listed.total, rows(if is_listed { missing.len() } else { 0 }), "withheld ones by name");
        self.check_catalog();
    }

    /// All live items and the columns, with everything that is stored of them but times and runs.
    pub(super) fn stored_bytes(&self) -> Vec<String> {
        let hash = if self.db.is_sqlite() { "hex(hash)" } else { "encode(hash, 'hex')" };
        let id = self.source.id.0;
        let mut lines = self.select(&format!(
            "SELECT id || '|' || key || '|' || fields || '|' || {hash} || '|' || search_text AS value FROM items
             WHERE source_id = {id} AND removed_at IS NULL ORDER BY id"
        ));
        lines.extend(self.select(&format!(
            "SELECT columns || '|' || column_types || '|' || item_count AS value FROM catalogs WHERE source_id = {id}"
        )));
        lines
    }

    fn select(&self, query: &str) -> Vec<String> {
        self.db.select_texts(query).into_iter().map(|value| value.expect("a value")).collect()
    }
}

/// The stored fields of a row of a block.
fn fields(block: usize, row: usize, (version, has_note): BlockContent) -> String {
    let mut columns = vec!["id".to_owned(), "title".to_owned()];
    let mut cells = vec![block_key(block, row), format!("Title {version}")];
    if has_note {
        columns.push("note".to_owned());
        cells.push(format!("Note {version}"));
    }
    ColumnLayout::new(&columns, 0).build_item(&cells).fields
}
