//! Runs that are reported as running although their worker is dead.

use super::DEAD_WORKER_LIMIT;
use super::contradiction::{Contradiction, LifeRule};
use super::run_life::{RunLife, RunLives};
use super::sightings::{RunPhase, RunSighting};
use crate::servers::run_lives::history::{FaultKind, InjectedFault, ProcessLife, RecordedTime, RunHistory};

pub(super) fn find_contradictions(history: &RunHistory, lives: &RunLives) -> Vec<Contradiction> {
    lives.all().filter_map(|life| find_dead_run(history, life)).collect()
}

fn find_dead_run(history: &RunHistory, life: &RunLife) -> Option<Contradiction> {
    let running: Vec<&RunSighting> =
        life.phases().filter(|(phase, _)| *phase == RunPhase::Running).map(|(_, sighting)| sighting).collect();
    // By then a worker had claimed the run, and no other worker ever does.
    let claimed = running.iter().min_by_key(|sighting| sighting.end)?;
    for seen in running.iter().filter(|seen| seen.begin > claimed.end) {
        let possible = history
            .processes
            .iter()
            .filter(|process| process.begin < claimed.end && process.gone.is_none_or(|gone| gone > life.created_after));
        let dead_since: Option<Vec<RecordedTime>> =
            possible.map(|process| find_death(history, process, claimed.end, seen.begin)).collect();
        // With a single living one among them, that one may be the worker.
        let Some(dead_since) = dead_since.and_then(|times| times.into_iter().max()) else { continue };
        let is_judge = |process: &&ProcessLife| {
            let since = dead_since.max(process.up);
            since + DEAD_WORKER_LIMIT < seen.begin && was_able(history, process, since, seen.begin)
        };
        if let Some(judge) = history.processes.iter().find(is_judge) {
            let finding = format!(
                "{}: every process that can be its worker was dead for {} s, and {} was able to notice it",
                life.id,
                (seen.begin - dead_since) / super::ONE_SECOND,
                judge.process
            );
            return Some(Contradiction::new(LifeRule::DeadWorkerRuns, finding, [claimed.call, seen.call]));
        }
    }
    None
}

/// How many runs lost their worker for sure and were ended by another process.
pub(super) fn count_judged(history: &RunHistory, lives: &RunLives) -> usize {
    let is_judged = |life: &&RunLife| {
        let running = life.phases().filter(|(phase, _)| *phase == RunPhase::Running).map(|(_, sighting)| sighting);
        let claimed = running.min_by_key(|sighting| sighting.end);
        claimed.zip(life.ended_by).is_some_and(|(claimed, (ended_by, _))| {
            claimed.end < ended_by && find_worker_death(history, life, claimed, ended_by).is_some()
        })
    };
    lives.all().filter(is_judged).count()
}

/// Since when every process that can be the worker of a run was dead or stopped, without a break, until a time.
/// `claimed` shows that the run had a worker.
fn find_worker_death(
    history: &RunHistory,
    life: &RunLife,
    claimed: &RunSighting,
    until: RecordedTime,
) -> Option<RecordedTime> {
    let possible = history
        .processes
        .iter()
        .filter(|process| process.begin < claimed.end && process.gone.is_none_or(|gone| gone > life.created_after));
    // With a single living one among them, that one may be the worker.
    let deaths: Option<Vec<RecordedTime>> =
        possible.map(|process| find_death(history, process, claimed.end, until)).collect();
    deaths?.into_iter().max()
}

/// Since when a process was dead or stopped, without a break, until a time.
fn find_death(
    history: &RunHistory,
    process: &ProcessLife,
    claimed: RecordedTime,
    until: RecordedTime,
) -> Option<RecordedTime> {
    let frozen = history.faults.iter().find(|fault| {
        fault.fault == FaultKind::Freeze
            && fault.target == process.process
            && fault.in_effect >= claimed
            && fault.lifted >= until
    });
    let frozen = frozen.map(|fault| fault.in_effect);
    process.gone.filter(|gone| *gone <= until).or(frozen)
}

/// Whether a process lived all the time and could write to the database.
fn was_able(history: &RunHistory, process: &ProcessLife, from: RecordedTime, until: RecordedTime) -> bool {
    let lived = process.up <= from && process.gone.is_none_or(|gone| gone >= until);
    let disturbs = |fault: &InjectedFault| {
        let hits = match fault.fault {
            FaultKind::DatabaseAway => true,
            // On SQLite a process that is frozen inside a write blocks all others.
            FaultKind::Freeze => history.sqlite || fault.target == process.process,
            FaultKind::Kill | FaultKind::Shutdown => fault.target == process.process,
            FaultKind::ClockForward | FaultKind::ClockBack | FaultKind::RedisKilled | FaultKind::RedisFrozen => false,
        };
        hits && fault.begin < until && fault.end > from
    };
    lived && !history.faults.iter().any(disturbs)
}
