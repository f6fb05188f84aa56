//! Who may use the room that the reserve of a full disk gives back.

use lockstep::domain::operation::Status;
use lockstep::store::{DatabaseAddress, StoreError};

use super::worker_steps::{self, LEASE_TERM};
use crate::support::test_database::{adopt_test_key, open_store};
use crate::support::test_engine::full_sync;
use crate::support::unwritable_folder::{SmallFileSystem, report_not_tried};

#[test]
fn items_do_not_use_the_room_that_the_reserve_gave_back_and_the_end_of_their_run_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallFileSystem::mount(folder.path(), 32 * 1024) else { return report_not_tried("a full disk") };
    let store = open_store(&DatabaseAddress::Sqlite(folder.path().join("lockstep.db")), 4);
    store.migrate().expect("migrated");
    adopt_test_key(&store);
    let source = worker_steps::add_source(&store, "albums");
    worker_steps::queue_run(&store, source, &full_sync());
    store.reserve_disk_space().expect("there is space");
    let (_, lease) = worker_steps::claim_run(&store, 7, LEASE_TERM).expect("the run");
    disk.fill();
    // A small write: it gives the reserve back, which leaves room for many small batches.
    store.renew_lease(lease, LEASE_TERM).expect("renewed");
    let written =
        store.write_batch(lease, LEASE_TERM, &worker_steps::item_batch(&["a"]), &worker_steps::progress_at(40));
    assert!(matches!(written, Err(StoreError::DiskFull)), "{written:?}");
    store.finish_run(lease, &worker_steps::run_ending(Status::Failed)).expect("an end");
    assert_eq!(store.find_record(lease.id).expect("readable").expect("a record").summary.status, Status::Failed);
    drop(store);
    drop(disk);
}
