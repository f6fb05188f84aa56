//! Runs that are running without their worker.

use super::history_builder::HistoryBuilder;
use crate::servers::run_lives::checker::{LifeRule, count_judged};
use crate::servers::run_lives::history::FaultKind;

/// A run that `A1` has, a kill of `A1` at 3 s, and the answer of `A2`, up at 5 s, that the run is running.
fn killed(seen_at: u64) -> HistoryBuilder {
    HistoryBuilder::default()
        .process("A1", (0, 500), Some(3000))
        .process("A2", (4000, 5000), None)
        .start((1000, 1100), 202, "a")
        .poll((2000, 2100), "a", "running", 40)
        .poll_process("A2", (seen_at, seen_at + 100), "a", "running", 40)
}

#[test]
fn a_run_that_is_running_a_minute_after_its_worker_died_is_found() {
    killed(65_001).breaks(LifeRule::DeadWorkerRuns);
    killed(65_000).is_legal();
}

#[test]
fn a_run_may_be_running_while_a_process_lives_that_can_be_its_worker() {
    killed(65_001).process("B1", (0, 600), None).is_legal();
    // This one was started after the run had a worker.
    killed(65_001).process("B1", (2100, 2200), None).breaks(LifeRule::DeadWorkerRuns);
}

#[test]
fn a_run_of_a_frozen_process_is_found_if_another_one_can_write() {
    let frozen = || {
        HistoryBuilder::default()
            .process("A1", (0, 500), None)
            .process("B1", (2200, 2300), None)
            .start((1000, 1100), 202, "a")
            .poll((2000, 2100), "a", "running", 40)
            .poll_process("B1", (65_000, 65_100), "a", "running", 40)
    };
    frozen().fault(FaultKind::Freeze, "A1", (3000, 70_000)).breaks(LifeRule::DeadWorkerRuns);
    // It went on in between.
    let twice = frozen().fault(FaultKind::Freeze, "A1", (3000, 30_000));
    twice.fault(FaultKind::Freeze, "A1", (31_000, 70_000)).is_legal();
    // On SQLite it may hold the write lock.
    frozen().on_sqlite().fault(FaultKind::Freeze, "A1", (3000, 70_000)).is_legal();
}

#[test]
fn nobody_notices_a_dead_worker_while_the_database_is_away_or_all_others_are_frozen() {
    killed(65_001).fault(FaultKind::DatabaseAway, "database", (40_000, 40_500)).is_legal();
    killed(65_001).fault(FaultKind::Freeze, "A2", (40_000, 40_500)).is_legal();
    // That was over when the process was up.
    killed(65_001).fault(FaultKind::DatabaseAway, "database", (3500, 4000)).breaks(LifeRule::DeadWorkerRuns);
    // A moved clock is no excuse.
    killed(65_001).fault(FaultKind::ClockBack, "A2", (40_000, 40_500)).breaks(LifeRule::DeadWorkerRuns);
}

#[test]
fn a_run_that_another_process_ended_counts_as_judged_if_its_worker_surely_died() {
    let ended = |history: HistoryBuilder| {
        let history = history.poll_process("A2", (70_000, 70_100), "a", "interrupted", 40);
        count_judged(&history.into_history()).dead_workers
    };
    assert_eq!(ended(killed(20_000)), 1);
    assert_eq!(ended(killed(20_000).process("B1", (0, 600), None)), 0);
}
