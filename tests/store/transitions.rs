//! Random sequences of operations on runs, by workers with valid, expired and lost leases: the rules of transitions
//! hold.

use std::collections::HashMap;
use std::time::Duration;

use lockstep::domain::operation::{Lease, Mode, OperationKind, RunPriority, StartRequest, Status};
use lockstep::domain::source::SourceId;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::{DatabaseStatus, StatusStore};
use lockstep::store::admission::{AdmissionRequest, StartOutcome};
use lockstep::store::finish::{RequeuePolicy, RunEnding};
use lockstep::store::lease::{FinalizeOutcome, LeaseRenewal};
use lockstep::store::{Store, StoreError};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::worker_steps;
use super::worker_steps::LEASE_TERM;
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![any_sequence_of_steps_keeps_the_rules_of_a_run];

/// An operation on one of two sources, or by a worker that holds or held one of the leases.
#[derive(Clone, Debug)]
enum RandomStep {
    Admit { source: usize, undo: bool },
    Claim { dies: bool },
    Renew(usize),
    Keep(usize, u8),
    Batch(usize, u8),
    Finalize(usize),
    Finish(usize, Status, RequeuePolicy),
    Cancel(usize),
    TakeOver,
    ClearOperations,
    ClearRecords,
}

fn any_step() -> impl Strategy<Value = RandomStep> {
    let any = 0..6_usize;
    let status =
        prop_oneof![Just(Status::Completed), Just(Status::Failed), Just(Status::Cancelled), Just(Status::Interrupted),];
    let requeue = prop_oneof![3 => Just(RequeuePolicy::No), 1 => Just(RequeuePolicy::SameAttempt)];
    prop_oneof![
        3 => (0..2_usize, prop::bool::weighted(0.2)).prop_map(|(source, undo)| RandomStep::Admit { source, undo }),
        4 => prop::bool::weighted(0.6).prop_map(|dies| RandomStep::Claim { dies }),
        1 => any.clone().prop_map(RandomStep::Renew),
        2 => (any.clone(), 0..120_u8).prop_map(|(lease, percent)| RandomStep::Keep(lease, percent)),
        2 => (any.clone(), 0..120_u8).prop_map(|(lease, percent)| RandomStep::Batch(lease, percent)),
        1 => any.clone().prop_map(RandomStep::Finalize),
        3 => (any.clone(), status, requeue).prop_map(|(lease, status, requeue)| RandomStep::Finish(lease, status, requeue)),
        2 => any.prop_map(RandomStep::Cancel),
        5 => Just(RandomStep::TakeOver),
        1 => Just(RandomStep::ClearOperations),
        1 => Just(RandomStep::ClearRecords),
    ]
}

/// The expected state of the runs, to compare the next step with.
struct TransitionModel {
    store: Store,
    sources: [SourceId; 2],
    runs: Vec<SyncId>,
    leases: Vec<Lease>,
    seen: HashMap<SyncId, StatusReport>,
    keys: u32,
    records_cleared: bool,
}

impl TransitionModel {
    fn new(store: Store, round: u32) -> Self {
        let sources = [0, 1].map(|number| worker_steps::add_source(&store, &format!("albums-{round}-{number}")));
        let (runs, leases, seen) = (Vec::new(), Vec::new(), HashMap::new());
        Self { store, sources, runs, leases, seen, keys: 0, records_cleared: false }
    }

    /// A current or former lease, the latest first, and whether it is still valid.
    fn find_lease(&self, number: usize) -> Option<(Lease, bool)> {
        let lease = *self.leases.iter().rev().nth(number)?;
        Some((lease, self.seen[&lease.id].summary.status == Status::Running))
    }

    fn remember_run(&mut self, id: SyncId) {
        if !self.runs.contains(&id) {
            self.runs.push(id);
        }
    }

    fn take_step(&mut self, step: &RandomStep) -> Result<(), TestCaseError> {
        match step {
            RandomStep::Admit { source, undo } => {
                let kind = if *undo { OperationKind::Undo } else { OperationKind::Sync };
                let request = StartRequest { kind, mode: Mode::Full, priority: RunPriority::Scheduled, ..full_sync() };
                let admission_request = AdmissionRequest {
                    source: self.sources[*source],
                    request: &request,
                    message: "Waiting…",
                    cooldown: Duration::ZERO,
                    due: None,
                    condition: None,
                };
                let active = self.store.active_run(self.sources[*source]).expect("an answer");
                match (self.store.admit_run(&admission_request).expect("an answer"), active) {
                    (StartOutcome::Accepted(id), None) => self.remember_run(id),
                    (StartOutcome::AlreadyRunning(id), Some(active)) => prop_assert_eq!(id, active),
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            RandomStep::Claim { dies } => {
                let term = if *dies { Duration::ZERO } else { LEASE_TERM };
                let token = i64::try_from(self.leases.len()).expect("few") + 1;
                if let Some((operation, lease)) = worker_steps::claim_run(&self.store, token, term) {
                    prop_assert_eq!(self.seen[&operation.id].summary.status, Status::Pending);
                    self.leases.push(lease);
                }
            }
            RandomStep::Renew(number) => {
                let Some((lease, holds)) = self.find_lease(*number) else { return Ok(()) };
                let renewal = self.store.renew_lease(lease, LEASE_TERM).expect("an answer");
                prop_assert_eq!(renewal != LeaseRenewal::Lost, holds);
            }
            RandomStep::Keep(number, percent) => {
                let Some((lease, holds)) = self.find_lease(*number) else { return Ok(()) };
                check_accepted(
                    holds,
                    &self.store.save_progress(lease, LEASE_TERM, &worker_steps::progress_at(*percent)),
                )?;
            }
            RandomStep::Batch(number, percent) => {
                let Some((lease, holds)) = self.find_lease(*number) else { return Ok(()) };
                self.keys += 1;
                let batch = worker_steps::item_batch(&[&self.keys.to_string()]);
                check_accepted(
                    holds,
                    &self.store.write_batch(lease, LEASE_TERM, &batch, &worker_steps::progress_at(*percent)),
                )?;
            }
            RandomStep::Finalize(number) => {
                let Some((lease, holds)) = self.find_lease(*number) else { return Ok(()) };
                let outcome = self.store.begin_finalizing(lease, LEASE_TERM, &worker_steps::progress_at(95));
                check_accepted(holds, &outcome)?;
                if let Ok(FinalizeOutcome::CancelRequested) = outcome {
                    let ended = self.store.finish_run(lease, &worker_steps::run_ending(Status::Cancelled));
                    prop_assert!(ended.is_ok(), "{:?}", ended);
                }
            }
            RandomStep::Finish(number, status, requeue) => {
                let Some((lease, holds)) = self.find_lease(*number) else { return Ok(()) };
                let requeue = if *status == Status::Interrupted { *requeue } else { RequeuePolicy::No };
                let ended = self.store.finish_run(lease, &RunEnding { requeue, ..worker_steps::run_ending(*status) });
                check_accepted(holds, &ended)?;
                if let Ok(Some(successor)) = ended {
                    self.remember_run(successor);
                }
            }
            RandomStep::Cancel(number) => {
                let Some(id) = self.runs.iter().rev().nth(*number).copied() else { return Ok(()) };
                self.store.cancel_run(id, "ada").expect("an answer");
            }
            RandomStep::TakeOver => {
                std::thread::sleep(Duration::from_millis(2));
                for lease in self.store.expired_leases().expect("an answer") {
                    let taken = self.store.take_over(lease).expect("an answer");
                    prop_assert!(self.store.take_over(lease).expect("an answer").is_none(), "only once");
                    if let Some(successor) = taken.and_then(|taken| taken.successor) {
                        self.remember_run(successor);
                    }
                }
            }
            RandomStep::ClearOperations => {
                self.store.clear_operations(Duration::ZERO).expect("cleared");
            }
            RandomStep::ClearRecords => {
                self.store.clear_records(Duration::ZERO).expect("cleared");
                self.records_cleared = true;
            }
        }
        self.check_state()
    }

    /// Checks the rules after a step.
    fn check_state(&mut self) -> Result<(), TestCaseError> {
        let active = self.store.active_run_ids().expect("an answer");
        for source in self.sources {
            let running = active.iter().filter(|(_, of)| *of == source).count();
            prop_assert!(running <= 1, "one at a time: {:?}", active);
        }
        let mut continued = HashMap::new();
        for id in self.runs.clone() {
            let before = self.seen.get(&id);
            let reported = DatabaseStatus::new(self.store.clone()).get(id).expect("an answer");
            let record = self.store.find_record(id).expect("an answer");
            let Some(report) = reported else {
                let ended = before.is_some_and(|before| !before.summary.status.is_active());
                prop_assert!(ended && self.records_cleared, "{} is not known any more: {:?}", id, before);
                continue;
            };
            if let Some(before) = before {
                let legal = before.summary.status == report.summary.status
                    || before.summary.status.may_become(report.summary.status);
                prop_assert!(legal, "{:?} became {:?}", before, report);
                prop_assert!(report.summary.progress >= before.summary.progress, "{:?} then {:?}", before, report);
                if !before.summary.status.is_active() {
                    prop_assert_eq!(before, &report, "an ended run never changes, in any report");
                }
            } else {
                prop_assert_eq!(report.summary.status, Status::Pending, "a run begins by waiting");
            }
            prop_assert_eq!(report.summary.progress == 100, report.summary.status == Status::Completed);
            prop_assert_eq!(
                record.is_some(),
                !report.summary.status.is_active(),
                "one record for what ended: {:?}",
                report
            );
            prop_assert!((1..=2).contains(&report.summary.attempt), "{:?}", report);
            if let Some(of) = report.summary.retry_of {
                prop_assert_eq!(continued.insert(of, id), None, "two successors of {}", of);
                let former = &self.seen[&of];
                prop_assert_eq!((former.summary.status, former.summary.successor), (Status::Interrupted, Some(id)));
            }
            self.seen.insert(id, report);
        }
        Ok(())
    }
}

/// Checks that a write was accepted from the holder of the lease, and refused from any other worker.
fn check_accepted<T: std::fmt::Debug>(holds: bool, written: &Result<T, StoreError>) -> Result<(), TestCaseError> {
    let as_it_should = if holds { written.is_ok() } else { matches!(written, Err(StoreError::Fenced)) };
    prop_assert!(as_it_should, "holds the lease: {}, and was told {:?}", holds, written);
    Ok(())
}

fn any_sequence_of_steps_keeps_the_rules_of_a_run(db: &TestDatabase) {
    let store = db.store();
    let rounds = std::cell::Cell::new(0);
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    let tried = TestRunner::new(config).run(&prop::collection::vec(any_step(), 1..50), |steps| {
        rounds.set(rounds.get() + 1);
        let mut world = TransitionModel::new(store.clone(), rounds.get());
        let lived = steps.iter().try_for_each(|step| world.take_step(step));
        // The workers of the next round must not find runs of this one.
        for (_, source) in store.active_run_ids().expect("an answer") {
            db.run_sql(&format!("DELETE FROM sync_operations WHERE source_id = {}", source.0));
        }
        lived
    });
    if let Err(wrong) = tried {
        panic!("{wrong}");
    }
}
