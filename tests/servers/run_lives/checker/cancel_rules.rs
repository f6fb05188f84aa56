//! Cancels: what was asked for happens, and nothing else is cancelled.

use super::contradiction::{Contradiction, LifeRule};
use super::run_life::{RunLife, RunLives};
use super::sightings::{RunFact, RunPhase};
use crate::servers::run_lives::history::{CallRequest, RunHistory};

pub(super) fn find_contradictions(history: &RunHistory, lives: &RunLives) -> Vec<Contradiction> {
    lives.all().filter_map(|life| find_ignored(life).or_else(|| find_unasked(history, life))).collect()
}

/// A cancel was accepted, and the run completed, or went on as another run.
fn find_ignored(life: &RunLife) -> Option<Contradiction> {
    let accepted = life
        .sightings
        .iter()
        .find(|sighting| matches!(sighting.fact, RunFact::CancelAccepted | RunFact::CancelDone))?;
    let is_done = accepted.fact == RunFact::CancelDone;
    let (report, against) = life.reports().find(|(report, _)| {
        let ended_otherwise = report.phase.is_some_and(|phase| phase.is_ended() && phase != RunPhase::Cancelled);
        report.phase == Some(RunPhase::Completed) || report.successor.is_some() || is_done && ended_otherwise
    })?;
    let finding = format!("{} is {:?} with the successor {:?}", life.id, report.phase, report.successor);
    Some(Contradiction::new(LifeRule::CancelIsIgnored, finding, [accepted.call, against.call]))
}

/// A run is cancelled, and no request to cancel it had begun.
fn find_unasked(history: &RunHistory, life: &RunLife) -> Option<Contradiction> {
    let (_, seen) = life.phases().find(|(phase, _)| *phase == RunPhase::Cancelled)?;
    let asked = history
        .calls
        .iter()
        .any(|call| matches!(&call.request, CallRequest::Cancel { run } if *run == life.id) && call.begin <= seen.end);
    (!asked).then(|| Contradiction::new(LifeRule::CancelledByNobody, life.id.clone(), [seen.call]))
}
