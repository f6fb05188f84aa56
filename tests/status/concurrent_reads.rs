//! Many readers of one board at the same time, with a primary that sometimes has no report and sometimes an old one:
//! progress never goes back between two readers.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockstep::domain::operation::Status;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::{DatabaseStatus, StatusBoard, StatusError, StatusStore};

use crate::store::worker_steps;
use crate::store::worker_steps::LEASE_TERM;
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![progress_never_goes_back_between_concurrent_readers];

/// A primary that answers with any earlier report, as if it had just been written.
#[derive(Clone, Default)]
struct StaleStatus {
    reports: Arc<Mutex<Vec<StatusReport>>>,
    read_count: Arc<AtomicU64>,
}

impl StatusStore for StaleStatus {
    fn name(&self) -> &'static str {
        "past"
    }

    fn put(&self, report: &StatusReport) -> Result<(), StatusError> {
        self.reports.lock().expect("the reports").push(report.clone());
        Ok(())
    }

    fn get(&self, _: SyncId) -> Result<Option<StatusReport>, StatusError> {
        // Steps of the golden ratio are spread evenly and are the same every time.
        let roll = self.read_count.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let reports = self.reports.lock().expect("the reports");
        let count = reports.len().min(8);
        if roll.is_multiple_of(2) || count == 0 {
            return Ok(None);
        }
        let back = usize::try_from(roll / 2).expect("a number") % count;
        let report = reports[reports.len() - 1 - back].clone();
        Ok(Some(StatusReport { last_update: chrono::Utc::now(), ..report }))
    }

    fn delete_old_reports(&self, _: Duration) -> Result<usize, StatusError> {
        Ok(0)
    }
}

fn progress_never_goes_back_between_concurrent_readers(db: &TestDatabase) {
    let store = db.store();
    let id = worker_steps::queue_run(&store, worker_steps::add_source(&store, "albums"), &full_sync());
    let (_, lease) = worker_steps::claim_run(&store, 1, LEASE_TERM).expect("the run");
    let (past, truth) = (StaleStatus::default(), DatabaseStatus::new(db.store()));
    let board = StatusBoard::new(Box::new(past.clone()), db.second_store(), TEST_TIMEOUTS.renewal_interval);
    let (reported, answer_count, over) = (AtomicU8::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let ask = || {
        let mut last_round = 0;
        while last_round < 20 {
            last_round += usize::from(over.load(Ordering::SeqCst));
            // The highest progress that any reader had seen before this call.
            let before = reported.load(Ordering::SeqCst);
            let report = board.get(id).expect("an answer").expect("never absent");
            assert!(report.summary.progress >= before, "{} % after {before} %: {report:?}", report.summary.progress);
            reported.fetch_max(report.summary.progress, Ordering::SeqCst);
            answer_count.fetch_add(1, Ordering::SeqCst);
        }
    };
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        for percent in 1..100 {
            store.save_progress(lease, LEASE_TERM, &worker_steps::progress_at(percent)).expect("kept");
            past.put(&truth.get(id).expect("an answer").expect("a status")).expect("put");
            // Progress continues only after readers have read again, so the test does not depend on speed.
            let seen = answer_count.load(Ordering::SeqCst);
            while answer_count.load(Ordering::SeqCst) < seen + 20
                && !askers.iter().all(std::thread::ScopedJoinHandle::is_finished)
            {
                std::thread::yield_now();
            }
        }
        store.finish_run(lease, &worker_steps::run_ending(Status::Completed)).expect("an end");
        over.store(true, Ordering::SeqCst);
    });
    assert_eq!(reported.load(Ordering::SeqCst), 100);
    println!("{} answers", answer_count.load(Ordering::SeqCst));
}
