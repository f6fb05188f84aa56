//! Interrupted runs and the runs that continue them.

use super::contradiction::{Contradiction, LifeRule};
use super::run_life::{RunLife, RunLives};
use super::sightings::{RunPhase, RunReport, RunSighting};
use crate::servers::run_lives::history::RunHistory;

/// A crash repeats a run once.
const MAX_ATTEMPTS: u64 = 2;

pub(super) fn find_contradictions(_: &RunHistory, lives: &RunLives) -> Vec<Contradiction> {
    lives.all().filter_map(|life| find_wrong_report(life).or_else(|| find_wrong_neighbour(life, lives))).collect()
}

fn broken(finding: String, calls: impl IntoIterator<Item = usize>) -> Contradiction {
    Contradiction::new(LifeRule::ChainIsBroken, finding, calls)
}

/// Reports of the end that have all fields; panels do not.
fn end_reports(life: &RunLife) -> impl Iterator<Item = (&RunReport, &RunSighting)> {
    let is_whole = |report: &RunReport| report.attempt.is_some() && report.phase.is_some_and(RunPhase::is_ended);
    life.reports().filter(move |(report, _)| is_whole(report))
}

fn find_wrong_report(life: &RunLife) -> Option<Contradiction> {
    let id = &life.id;
    if let Some((report, sighting)) =
        life.reports().find(|(report, _)| report.attempt.is_some_and(|attempt| attempt > MAX_ATTEMPTS))
    {
        return Some(broken(format!("{id} is attempt {:?}", report.attempt), [sighting.call]));
    }
    let may_go_on = |report: &RunReport| {
        report.phase == Some(RunPhase::Interrupted) || report.code.as_deref() == Some("preview_outdated")
    };
    if let Some((report, sighting)) =
        life.reports().find(|(report, _)| report.successor.is_some() && !may_go_on(report))
    {
        return Some(broken(format!("{id} has a successor and is {:?}", report.phase), [sighting.call]));
    }
    let (first, sighting) = end_reports(life).next()?;
    let (other, changed) = end_reports(life).find(|(other, _)| other.successor != first.successor)?;
    let finding = format!("{id} has the successors {:?} and {:?}", first.successor, other.successor);
    Some(broken(finding, [sighting.call, changed.call]))
}

/// The run that it names does not name it.
fn find_wrong_neighbour(life: &RunLife, lives: &RunLives) -> Option<Contradiction> {
    let id = &life.id;
    if let Some((report, sighting)) = end_reports(life).next()
        && let Some(successor) = &report.successor
        && report.code.as_deref() != Some("preview_outdated")
        && let Some(next) = lives.find(successor)
        && let Some((next_report, next_sighting)) = next.reports().find(|(next, _)| next.attempt.is_some())
        && next_report.retry_of.as_ref() != Some(id)
    {
        let finding = format!("{id} names {successor}, which continues {:?}", next_report.retry_of);
        return Some(broken(finding, [sighting.call, next_sighting.call]));
    }
    let former = lives.find(life.retry_of.as_deref()?)?;
    let (report, sighting) = end_reports(former).next()?;
    if report.successor.as_ref() == Some(id) {
        return None;
    }
    let (_, own) = life.reports().find(|(report, _)| report.retry_of.is_some())?;
    let finding = format!("{id} continues {}, which names {:?}", former.id, report.successor);
    Some(broken(finding, [sighting.call, own.call]))
}
