//! Past runs as they are told: where their time went, which runs there were, and what each changed.

use std::time::Duration;

use lockstep::domain::operation::{Stage, Status};
use lockstep::domain::progress::Stats;
use lockstep::domain::record::SyncRecord;
use lockstep::store::lease::Progress;

use super::work::{TERM, batch, claim, ending, expired_claim, progress, queue, source};
use crate::support::house::{full, incremental, preview};
use crate::support::memory::{Fault, Moment, Table};
use crate::support::{Database, House, on_both_databases};

on_both_databases![
    each_stage_is_timed_from_its_first_word,
    a_run_whose_worker_died_keeps_the_times_it_came_to,
    every_way_to_end_has_true_timings,
];

fn at(stage: Stage, percent: u8) -> Progress {
    Progress { stage, ..progress(percent) }
}

fn pause() {
    std::thread::sleep(Duration::from_millis(30));
}

fn each_stage_is_timed_from_its_first_word(db: &Database) {
    let store = db.store();
    let id = queue(&store, source(&store, "albums"), &full());
    pause();
    let (_, lease) = claim(&store, 1, TERM).expect("a run");
    store.keep_progress(lease, TERM, &at(Stage::Fetching, 2)).expect("kept");
    pause();
    store.keep_progress(lease, TERM, &at(Stage::Processing, 10)).expect("kept");
    let first = db.texts("SELECT CAST(processing_at AS TEXT) AS value FROM sync_operations");
    pause();
    store.write_batch(lease, TERM, &batch(&["a"]), &at(Stage::Processing, 50)).expect("written");
    assert_eq!(db.texts("SELECT CAST(processing_at AS TEXT) AS value FROM sync_operations"), first);
    store.begin_finalizing(lease, TERM, &at(Stage::Finalizing, 90)).expect("begun");
    pause();
    store.finish(lease, &ending(Status::Completed)).expect("finished");

    let record = store.record(id).expect("an answer").expect("a record");
    let timings = record.timings();
    for lasted in [timings.waiting, timings.fetching, timings.processing, timings.finalizing] {
        assert!(lasted.is_some_and(|seconds| (0.025..10.0).contains(&seconds)), "{timings:?}");
    }
    let stages = [timings.fetching, timings.processing, timings.finalizing];
    let sum: f64 = stages.into_iter().flatten().sum();
    assert!((sum - record.duration_seconds()).abs() < 0.0015, "{timings:?} of {}", record.duration_seconds());
}

fn a_run_whose_worker_died_keeps_the_times_it_came_to(db: &Database) {
    let store = db.store();
    let id = queue(&store, source(&store, "albums"), &full());
    let lease = expired_claim(&store, 1);
    store.keep_progress(lease, Duration::ZERO, &at(Stage::Processing, 40)).expect("kept");
    pause();
    let taken = store.take_over(lease).expect("an answer").expect("taken over");
    let record = store.record(id).expect("an answer").expect("a record");
    let timings = record.timings();
    assert!(timings.processing.is_some_and(|seconds| seconds >= 0.025), "its last stage ends with it: {timings:?}");
    assert_eq!((timings.finalizing, record.finalizing_at), (None, None));
    // The run that goes on has times of its own.
    let (next, lease) = claim(&store, 2, TERM).expect("the successor");
    assert_eq!(Some(next.id), taken.successor);
    store.finish(lease, &ending(Status::Failed)).expect("finished");
    let next = store.record(next.id).expect("an answer").expect("a record");
    assert_eq!((next.processing_at, next.finalizing_at), (None, None));
}

fn every_way_to_end_has_true_timings(db: &Database) {
    let house = House::on(db);
    let albums = house.memory_source("albums", Table::albums(30, "Title"));
    let stages = |record: &SyncRecord| {
        let timings = record.timings();
        [timings.fetching, timings.processing, timings.finalizing].map(|lasted| lasted.is_some())
    };
    assert_eq!(stages(&house.sync(&albums)), [true; 3]);
    assert_eq!(stages(&house.go(&albums, &preview())), [true; 3], "a preview finalizes too");
    assert_eq!(stages(&house.go(&albums, &incremental())), [true, false, true], "nothing new, nothing to process");
    house.memory.set("albums", Table::albums(30, "New").at(Moment::Fetch, Fault::Break));
    assert_eq!(stages(&house.sync(&albums)), [true, false, false]);
    house.memory.set("albums", Table::albums(30, "New").at(Moment::Apply(20), Fault::Break));
    assert_eq!(stages(&house.sync(&albums)), [true, true, false]);
    let waited = house.start(&albums, &full());
    house.control.cancel(waited, "ada").expect("cancelled");
    let never_begun = house.record(waited);
    assert_eq!(stages(&never_begun), [false; 3]);
    assert!(never_begun.timings().waiting.is_some());
    assert_eq!(never_begun.stats, Stats::default());
}
