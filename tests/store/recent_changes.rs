//! The latest runs that changed a catalog, and the changes of several runs at once.

use lockstep::domain::change_set::{Change, ChangeKind};
use lockstep::domain::operation::{Lease, OperationKind, StartRequest, Status};
use lockstep::domain::progress::RunStats;
use lockstep::domain::source::SourceId;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::Store;
use lockstep::store::batch::ItemBatch;
use lockstep::store::changes::ChangeCounts;
use lockstep::store::finish::RunEnding;

use super::worker_steps::{LEASE_TERM, add_source, claim_run, item_batch, progress_at, queue_run, run_ending};
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    only_runs_that_changed_items_are_listed_however_they_ended,
    the_changes_of_several_runs_are_read_at_once,
    runs_that_changed_nothing_are_passed_over,
];

/// Runs a request that ends with these counts of added, updated and removed items.
fn run_with_counts(
    store: &Store,
    source: SourceId,
    request: &StartRequest,
    status: Status,
    [added, updated, removed]: [u64; 3],
) -> SyncId {
    queue_run(store, source, request);
    let (_, lease) = claim_run(store, 1, LEASE_TERM).expect("a run");
    let stats = RunStats { added, updated, removed, unchanged: 5, ..RunStats::default() };
    store.finish_run(lease, &RunEnding { stats: Some(stats), ..run_ending(status) }).expect("finished");
    lease.id
}

fn only_runs_that_changed_items_are_listed_however_they_ended(db: &TestDatabase) {
    let store = db.store();
    let (source, other) = (add_source(&store, "albums"), add_source(&store, "other"));
    let preview = StartRequest { kind: OperationKind::Preview, ..full_sync() };
    let run = |source, request: &StartRequest, status, counts| run_with_counts(&store, source, request, status, counts);
    let added = run(source, &full_sync(), Status::Completed, [100, 0, 0]);
    run(source, &full_sync(), Status::Completed, [0, 0, 0]);
    let updated = run(source, &full_sync(), Status::Failed, [0, 10, 0]);
    run(source, &preview, Status::Completed, [3, 3, 3]);
    run(other, &full_sync(), Status::Completed, [1, 1, 1]);
    let removed = run(source, &full_sync(), Status::Completed, [0, 0, 1]);
    run(source, &full_sync(), Status::Failed, [0, 0, 0]);
    let listed = store.list_changing_runs(source, 10).expect("runs");
    let ids: Vec<SyncId> = listed.iter().map(|run| run.id).collect();
    assert_eq!(ids, [removed, updated, added]);
    assert_eq!(listed[1].counts, ChangeCounts { added: 0, updated: 10, removed: 0 });
    let record = store.find_record(removed).expect("an answer").expect("a record");
    assert_eq!(listed[0].finished_at, record.finished_at);
    assert_eq!(store.list_changing_runs(source, 2).expect("runs"), listed[..2]);
}

/// Begins a run of a source.
fn begin_run(store: &Store, source: SourceId) -> Lease {
    queue_run(store, source, &full_sync());
    claim_run(store, 1, LEASE_TERM).expect("a run").1
}

fn write(store: &Store, lease: Lease, batch: &ItemBatch) {
    store.write_batch(lease, LEASE_TERM, batch, &progress_at(20)).expect("written");
}

fn fields(key: &str, title: &str) -> Option<String> {
    Some(format!(r#"[["id","{key}"],["title","{title}"]]"#))
}

fn the_changes_of_several_runs_are_read_at_once(db: &TestDatabase) {
    let store = db.store();
    let (source, other) = (add_source(&store, "albums"), add_source(&store, "other"));
    // The ids of the items of two runs alternate.
    let (first, beside) = (begin_run(&store, source), begin_run(&store, other));
    for number in 1..=2 {
        for lease in [first, beside] {
            let keys = [format!("a{number}"), format!("b{number}")];
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            write(&store, lease, &ItemBatch { number, ..item_batch(&keys) });
        }
    }
    for lease in [first, beside] {
        store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
    }
    // The second run adds an item, changes one and removes one.
    let second = begin_run(&store, source);
    let change = |key: &str, kind, before, after| Change { key: key.to_owned(), kind, before, after };
    let changed = change("a1", ChangeKind::Updated, fields("a1", "Title"), fields("a1", "Other"));
    let removed = change("a2", ChangeKind::Removed, fields("a2", "Title"), None);
    let mut rewritten = item_batch(&["a1"]).new;
    rewritten[0].fields = fields("a1", "Other").expect("fields");
    let batch = ItemBatch {
        changed: rewritten,
        removed: vec!["a2".to_owned()],
        changes: vec![removed.clone(), changed.clone()],
        ..item_batch(&["c1"])
    };
    write(&store, second, &batch);
    store.finish_run(second, &run_ending(Status::Completed)).expect("finished");

    let found = store.changes_of_runs(source, &[second.id, first.id], 100).expect("changes");
    let added = |key: &str| change(key, ChangeKind::Added, None, fields(key, "Title"));
    assert_eq!(found.len(), 2);
    let mut of_first = found[&first.id].clone();
    of_first.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(of_first, ["a1", "a2", "b1", "b2"].map(added), "with the fields that they had then");
    assert_eq!(found[&second.id], [added("c1"), changed, removed]);
    assert_eq!(store.changes_of_runs(source, &[], 100).expect("changes").len(), 0);
}

fn runs_that_changed_nothing_are_passed_over(db: &TestDatabase) {
    let store = db.store();
    let source = add_source(&store, "albums");
    let changing = run_with_counts(&store, source, &full_sync(), Status::Completed, [1, 0, 0]);
    let idle = run_with_counts(&store, source, &full_sync(), Status::Completed, [0, 0, 0]);
    let copied = |column: &str| match column {
        "id" => "'sync_00000000-0000-7000-8000-' || (100000000000 + n)".to_owned(),
        column => column.to_owned(),
    };
    let columns = "id source_id source kind mode status message progress created_at finished_at stats requested_by \
                   attempt issues withheld_removals";
    let names: Vec<&str> = columns.split_whitespace().collect();
    let values: Vec<String> = names.iter().map(|name| copied(name)).collect();
    db.run_sql(&format!(
        "INSERT INTO sync_records ({}) WITH RECURSIVE numbers (n) AS \
         (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000) \
         SELECT {} FROM sync_records CROSS JOIN numbers WHERE id = '{idle}'",
        names.join(", "),
        values.join(", ")
    ));
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 5002);
    let listed = store.list_changing_runs(source, 50).expect("runs");
    assert_eq!(listed.iter().map(|run| run.id).collect::<Vec<_>>(), [changing]);
}
