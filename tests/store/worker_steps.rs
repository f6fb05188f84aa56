//! The steps of a worker as calls of the store: claims, progress, batches and endings.

use std::time::Duration;

use lockstep::domain::item::ColumnLayout;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Lease, Stage, StartRequest, Status, SyncOperation};
use lockstep::domain::progress::RunStats;
use lockstep::domain::source::SourceId;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::Store;
use lockstep::store::admission::{AdmissionRequest, StartOutcome};
use lockstep::store::batch::ItemBatch;
use lockstep::store::column_snapshots::ColumnSnapshot;
use lockstep::store::finish::{AppliedChanges, RunEnding, SettledChange};
use lockstep::store::item_write::ItemWrite;
use lockstep::store::lease::RunProgress;

use crate::support::test_engine::source_draft;

/// The usual duration of a lease.
pub(crate) const LEASE_TERM: Duration = lockstep::domain::defaults::LEASE_DURATION;

/// Adds a source.
pub(crate) fn add_source(store: &Store, slug: &str) -> SourceId {
    store.add_source(&source_draft(slug, "memory", SourceLocation::Url(slug.to_owned())), None).expect("a source").id
}

/// Queues a run.
pub(crate) fn queue_run(store: &Store, source: SourceId, request: &StartRequest) -> SyncId {
    match admit_run(store, source, request) {
        StartOutcome::Accepted(id) => id,
        other => panic!("{other:?}"),
    }
}

/// Requests a run without a cooldown.
pub(crate) fn admit_run(store: &Store, source: SourceId, request: &StartRequest) -> StartOutcome {
    let admission_request =
        AdmissionRequest {
            source, request, message: "Waiting…", cooldown: Duration::ZERO, due: None, condition: None
        };
    store.admit_run(&admission_request).expect("an answer")
}

/// Claims the next run of the queue for the worker `token`, for `term`.
pub(crate) fn claim_run(store: &Store, token: i64, term: Duration) -> Option<(SyncOperation, Lease)> {
    store.claim_run(&format!("worker {token}"), token, term, None).expect("an answer")
}

/// An expired lease: its worker was frozen right after the claim.
pub(crate) fn expired_claim(store: &Store, token: i64) -> Lease {
    let (_, lease) = claim_run(store, token, Duration::ZERO).expect("a run");
    while !store.expired_leases().expect("an answer").contains(&lease) {
        std::thread::sleep(Duration::from_millis(2));
    }
    lease
}

/// Progress at this percent.
pub(crate) fn progress_at(percent: u8) -> RunProgress {
    let message = format!("At {percent} %");
    RunProgress { stage: Stage::Processing, message, percent, stats: RunStats { added: 7, ..RunStats::default() } }
}

/// The first batch of a run, with new items of these keys.
pub(crate) fn item_batch(keys: &[&str]) -> ItemBatch {
    let columns = ["id".to_owned(), "title".to_owned()];
    let layout = ColumnLayout::new(&columns, 0);
    let write = |key: &&str| {
        let cells = [(*key).to_owned(), "Title".to_owned()];
        let item = layout.build_item(&cells);
        ItemWrite { key: item.key, fields: item.fields, hash: item.hash }
    };
    let new = keys.iter().map(write).collect();
    let columns = ColumnSnapshot { columns: columns.to_vec(), column_types: Vec::new() };
    ItemBatch { number: 1, new, columns: Some(columns), ..ItemBatch::default() }
}

/// An ending with that status and with changes to apply.
pub(crate) fn run_ending(status: Status) -> RunEnding {
    let applied = AppliedChanges { settled: SettledChange::Settle, is_sync: true, ..AppliedChanges::default() };
    RunEnding {
        stats: Some(RunStats::default()),
        applied: (status == Status::Completed).then_some(applied),
        ..RunEnding::new(status, format!("It is {status}."))
    }
}
