//! Compares what is stored with the model.

use std::collections::BTreeMap;
use std::rc::Rc;

use lockstep::domain::change_set::{Change, ChangeKind};
use lockstep::domain::operation::Status;
use lockstep::domain::record::SyncRecord;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::changes::ChangeFilter;

use super::blocks::{BLOCK_ROWS, BlockChange, BlockContent, block_key};
use super::model::Verdict;
use super::player::HistoryPlayer;
use super::stored_rows::{StoredRow, stored_rows};
use crate::support::StoredItemRow;

/// More than a run changes.
const ALL_CHANGES: u64 = 100_000;

/// What a sync would do: what the guards allow, the changes, the missing blocks and the columns.
pub(super) type SyncForecast = (Verdict, Vec<(usize, BlockChange)>, Vec<usize>, bool);

/// Changes by key, with the fields before and after.
type ChangesByKey = BTreeMap<String, (ChangeKind, Option<String>, Option<String>)>;

impl HistoryPlayer<'_> {
    /// The items, removed ones included, the columns, the count and the removals that wait for a decision are as the
    /// model says.
    pub(super) fn check_catalog(&self) {
        let mut expected = Vec::new();
        for (block, items) in self.model.items() {
            let state = if items.is_live { "live" } else { "removed" };
            let (added_by, changed_by) = (self.runs[items.added_by], self.runs[items.changed_by]);
            expected.extend(stored_rows(*block, items.content).iter().map(|StoredRow { key, fields, hash }| {
                format!("{key} {state} {added_by} {changed_by} {fields} {hash}")
            }));
        }
        let describe = |item: StoredItemRow| {
            let StoredItemRow { key, is_live, fields, hash, added_by, changed_by, .. } = item;
            let state = if is_live { "live" } else { "removed" };
            format!("{key} {state} {added_by} {changed_by} {fields} {hash}")
        };
        let mut stored: Vec<String> = self.db.stored_items(self.source.id.0).into_iter().map(describe).collect();
        stored.sort();
        assert_eq!(first_difference(&stored, &expected), None, "the first item that differs, and what it should be");
        let catalog = self.engine.store.find_catalog(self.source.id).expect("an answer").expect("a catalog");
        assert_eq!(catalog.item_count, (self.model.live_blocks().len() * BLOCK_ROWS) as u64);
        assert_eq!(catalog.validators.etag.is_some(), self.model.is_current, "whether the next sync may read nothing");
        let columns = self.model.columns();
        assert_eq!((&catalog.columns[..], &catalog.column_types), (&owned(&columns.names)[..], &columns.types));
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
        let live = self.model.live_blocks();
        let live = review.blocks.iter().filter(|block| live.contains_key(block)).count();
        let shown = self.engine.store.withheld_items(stored.id, "", 1, 1).expect("items");
        assert_eq!(shown.total, (live * BLOCK_ROWS) as u64, "only items that are in the catalog are shown");
    }

    /// The stored changes of a run, and its counts, are as the model says.
    pub(super) fn check_run(&self, run: usize, record: &SyncRecord) {
        self.check_changes(run);
        if record.summary.status != Status::Completed {
            return;
        }
        let count = |kind| {
            let blocks = self.model.changes_of(run).iter().filter(|(_, change)| change.kind() == kind).count();
            (blocks * BLOCK_ROWS) as u64
        };
        let stats = &record.summary.stats;
        // A forced sync also counts what it rewrites with equal fields.
        let rewritten = if record.options.force_refresh { stats.items.total - stats.added } else { 0 };
        assert_eq!(
            (stats.added, stats.updated, stats.removed),
            (count(ChangeKind::Added), count(ChangeKind::Updated).max(rewritten), count(ChangeKind::Removed))
        );
    }

    fn check_changes(&self, run: usize) {
        let expected = changes_by_key(self.model.changes_of(run));
        assert_eq!(self.stored_changes(self.runs[run]), expected, "the changes of run {run}");
    }

    /// The changes of all runs are still as they were when the runs ended, and each item has the time of its last
    /// change.
    pub(super) fn check_past_runs(&self) {
        (0..self.runs.len()).for_each(|run| self.check_changes(run));
        for (run, time) in [("added_by", "added_at"), ("changed_by", "changed_at")] {
            let time = self.db.item_time(time);
            let elsewhere = format!("{time} < run.started_at OR {time} > run.finished_at");
            let items = format!(
                "items LEFT JOIN run_numbers ON CAST(run_numbers.number AS TEXT) = {run}
                 JOIN sync_records run
                   ON run.id = coalesce(run_numbers.sync_id, {run}) AND run.source_id = items.source_id"
            );
            assert_eq!(self.db.count_rows(&items, &elsewhere), 0, "{time} is a time of {run}");
        }
    }

    fn stored_changes(&self, run: SyncId) -> ChangesByKey {
        let page = self.engine.store.change_page(run, &ChangeFilter::default(), 1, ALL_CHANGES).expect("changes");
        let all = page.changes.len();
        let by_key: ChangesByKey = page.changes.into_iter().map(by_key).collect();
        assert_eq!((page.total, by_key.len()), (all as u64, all), "each item is listed once");
        by_key
    }

    /// What a sync of the sheet would do now.
    pub(super) fn forecast_sync(&self) -> SyncForecast {
        let verdict = self.model.verdict(&self.sheet, false);
        let has_note = self.sheet.contents().first().is_some_and(|(_, (_, has_note))| *has_note);
        (verdict, self.model.pending_changes(&self.sheet), self.model.missing_blocks(&self.sheet), has_note)
    }

    /// A preview shows what the model would do, by name, and wrote nothing.
    pub(super) fn check_preview(&self, preview: &SyncRecord) {
        let (verdict, mut changes, missing, _) = self.forecast_sync();
        let (stats, live) = (&preview.summary.stats, self.model.live_blocks());
        assert_eq!(preview.summary.status, Status::Completed, "{}", preview.summary.message);
        let rows = |blocks: usize| (blocks * BLOCK_ROWS) as u64;
        let removals = missing.iter().map(|block| (*block, BlockChange { before: Some(live[block]), after: None }));
        let added = changes.iter().filter(|(_, change)| change.kind() == ChangeKind::Added).count();
        let updated = changes.len() - added;
        let removes = matches!(verdict, Verdict::Apply | Verdict::Rekey);
        let removed = if removes { missing.len() } else { 0 };
        assert_eq!((stats.added, stats.updated, stats.removed), (rows(added), rows(updated), rows(removed)));
        let withheld = if verdict.withholds() { missing.len() } else { 0 };
        assert_eq!(preview.withheld_removals, rows(withheld));
        let listed = self.engine.store.withheld_items(preview.summary.id, "", 1, ALL_CHANGES).expect("items").removals;
        let listed: ChangesByKey = listed.into_iter().map(by_key).collect();
        if removes {
            changes.extend(removals);
            assert_eq!(listed, ChangesByKey::new());
        } else {
            assert_eq!(listed, changes_by_key(&Vec::from_iter(removals)), "withheld ones by name");
        }
        assert_eq!(self.stored_changes(preview.summary.id), changes_by_key(&changes), "what the preview shows");
        self.check_catalog();
    }

    /// All live items and the columns, with everything that is stored of them but times and runs.
    pub(super) fn stored_bytes(&self) -> Vec<String> {
        let id = self.source.id.0;
        let live = self.db.stored_items(id).into_iter().filter(|item| item.is_live);
        let mut lines: Vec<String> = live
            .map(|StoredItemRow { id, key, fields, hash, added_at, .. }| {
                format!("{id}|{key}|{fields}|{hash}|{added_at}")
            })
            .collect();
        lines.extend(self.select(&format!(
            "SELECT columns || '|' || column_types || '|' || item_count AS value FROM catalogs WHERE source_id = {id}"
        )));
        lines
    }

    fn select(&self, query: &str) -> Vec<String> {
        self.db.select_texts(query).into_iter().map(|value| value.expect("a value")).collect()
    }
}

/// The first pair of lines that differ.
fn first_difference<'a>(
    stored: &'a [String],
    expected: &'a [String],
) -> Option<(Option<&'a String>, Option<&'a String>)> {
    let lines = stored.len().max(expected.len());
    (0..lines).map(|at| (stored.get(at), expected.get(at))).find(|(stored, expected)| stored != expected)
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn by_key(change: Change) -> (String, (ChangeKind, Option<String>, Option<String>)) {
    (change.key, (change.kind, change.before, change.after))
}

/// The changes of all rows of these blocks.
fn changes_by_key(changes: &[(usize, BlockChange)]) -> ChangesByKey {
    let mut by_key = ChangesByKey::new();
    for (block, change) in changes {
        let rows = |content: BlockContent| stored_rows(*block, content);
        let (before, after) = (change.before.map(rows), change.after.map(rows));
        for row in 0..BLOCK_ROWS {
            let side = |rows: &Option<Rc<[StoredRow]>>| rows.as_ref().map(|rows| rows[row].fields.clone());
            by_key.insert(block_key(*block, row), (change.kind(), side(&before), side(&after)));
        }
    }
    by_key
}
