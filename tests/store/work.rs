//! What a worker does, by hand: claims, progress, batches and endings at the store's own door.

use std::time::Duration;

use lockstep::domain::issue::Issues;
use lockstep::domain::item::Layout;
use lockstep::domain::location::Location;
use lockstep::domain::operation::{Lease, Operation, Stage, StartRequest, Status};
use lockstep::domain::progress::Stats;
use lockstep::domain::source::SourceId;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::Store;
use lockstep::store::admission::{Admission, Wish};
use lockstep::store::batch::Batch;
use lockstep::store::finish::{Applied, Ending, Requeue};
use lockstep::store::items::ItemWrite;
use lockstep::store::lease::Progress;

use crate::support::house::draft;

/// The usual term of a lease.
pub(crate) const TERM: Duration = Duration::from_secs(15);

/// Adds a source.
pub(crate) fn source(store: &Store, slug: &str) -> SourceId {
    store.add_source(&draft(slug, "memory", Location::Url(slug.to_owned())), None).expect("a source").id
}

/// Queues a run.
pub(crate) fn queue(store: &Store, source: SourceId, request: &StartRequest) -> SyncId {
    let wish = Wish { source, request, message: "Waiting…", cooldown: Duration::ZERO, due: None };
    match store.admit(&wish).expect("an answer") {
        Admission::Accepted(id) => id,
        other => panic!("{other:?}"),
    }
}

/// Claims what is next in the queue, in the name of the worker `token`, for `term`.
pub(crate) fn claim(store: &Store, token: i64, term: Duration) -> Option<(Operation, Lease)> {
    store.claim(&format!("worker {token}"), token, term, None).expect("an answer")
}

/// A lease that has run out: its worker was frozen right after the claim.
pub(crate) fn expired_claim(store: &Store, token: i64) -> Lease {
    let (_, lease) = claim(store, token, Duration::ZERO).expect("a run");
    while !store.expired_leases().expect("an answer").contains(&lease) {
        std::thread::sleep(Duration::from_millis(2));
    }
    lease
}

/// Progress at this percent.
pub(crate) fn progress(percent: u8) -> Progress {
    let message = format!("At {percent} %");
    Progress { stage: Stage::Processing, message, percent, stats: Stats { added: 7, ..Stats::default() } }
}

/// The first batch of a run, with new items of these keys.
pub(crate) fn batch(keys: &[&str]) -> Batch {
    let columns = ["id".to_owned(), "title".to_owned()];
    let layout = Layout::new(&columns, 0);
    let write = |key: &&str| {
        let cells = [(*key).to_owned(), "Title".to_owned()];
        let item = layout.item(&cells);
        let search_text = lockstep::domain::item::search_text(&cells);
        ItemWrite { key: item.key, fields: item.fields, hash: item.hash, search_text }
    };
    let new = keys.iter().map(write).collect();
    Batch { number: 1, new, columns: Some(columns.to_vec()), ..Batch::default() }
}

/// An ending of that status that applies something.
pub(crate) fn ending(status: Status) -> Ending {
    Ending {
        status,
        message: format!("It is {status}."),
        error: None,
        stats: Some(Stats::default()),
        issues: Issues::default(),
        feeds: None,
        withheld_removals: 0,
        changes: Vec::new(),
        applied: (status == Status::Completed).then(Applied::default),
        requeue: Requeue::No,
    }
}
