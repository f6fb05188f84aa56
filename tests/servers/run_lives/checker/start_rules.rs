//! One run of a source at a time: which runs overlap, and which run a refused start names.

use super::contradiction::{Contradiction, LifeRule};
use super::run_life::{RunLife, RunLives};
use super::sightings::RunFact;
use crate::servers::run_lives::history::RunHistory;

pub(super) fn find_contradictions(_: &RunHistory, lives: &RunLives) -> Vec<Contradiction> {
    let mut found: Vec<Contradiction> = lives.all().flat_map(find_late_names).collect();
    for runs in lives.by_source().values() {
        found.extend(find_overlaps(runs));
    }
    found
}

/// A call says that a run is active that had ended before the call began.
fn find_late_names(life: &RunLife) -> Option<Contradiction> {
    let (ended_by, ending) = life.ended_by?;
    let named = life.sightings.iter().find(|sighting| {
        matches!(sighting.fact, RunFact::Active | RunFact::CancelAccepted) && sighting.begin >= ended_by
    })?;
    Some(Contradiction::new(LifeRule::ConflictNamesEndedRun, life.id.clone(), [ending, named.call]))
}

/// Pairs of runs that were surely active at the same time. Creations are bounded by two times each, so the runs need
/// to be compared only with those that were created before the last sign of their activity.
fn find_overlaps(runs: &[&RunLife]) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for (at, first) in runs.iter().enumerate() {
        for second in &runs[at + 1..] {
            if let Some(calls) = overlap(first, second).or_else(|| overlap(second, first)) {
                let finding = format!("{} and {} were both active", first.id, second.id);
                found.push(Contradiction::new(LifeRule::RunsOverlap, finding, calls));
            }
        }
    }
    found
}

/// The calls that show that the second run was created, or still active, while the first one was active.
fn overlap(first: &RunLife, second: &RunLife) -> Option<Vec<usize>> {
    let (first_until, first_call) = first.active_until?;
    let second_start = creation_call(second)?;
    let first_start = creation_call(first)?;
    // The second run was created at some time in this span, and the first one was active in all of it.
    let spans_creation = first.created_by <= second.created_after && first_until >= second.created_by;
    if spans_creation {
        return Some(vec![first_start, first_call, second_start]);
    }
    let (second_until, second_call) = second.active_until?;
    // Both had been created at this time, and both were active later.
    let both_created = first.created_by.max(second.created_by);
    (both_created < first_until.min(second_until)).then(|| vec![first_start, second_start, first_call, second_call])
}

/// The call after which the run surely existed.
fn creation_call(life: &RunLife) -> Option<usize> {
    let known = life.sightings.iter().filter(|sighting| sighting.fact != RunFact::Unknown);
    known.min_by_key(|sighting| sighting.end).map(|sighting| sighting.call)
}
