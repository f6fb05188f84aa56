//! What the answers about one run say one after the other: progress, phases and the end.

use std::collections::BTreeMap;

use super::contradiction::{Contradiction, LifeRule};
use super::run_life::{RunLife, RunLives};
use super::sightings::RunSighting;
use super::{STALE_ANSWER_LIMIT, sightings::RunFact};
use crate::servers::run_lives::history::{CallRequest, RecordedTime, RunHistory};

pub(super) fn find_contradictions(history: &RunHistory, lives: &RunLives) -> Vec<Contradiction> {
    let mut found: Vec<Contradiction> = lives
        .all()
        .flat_map(|life| {
            let mut found = find_back_steps(life);
            found.extend(find_changed_ends(life));
            found.extend(find_hundreds(life));
            found.extend(find_unknown(life));
            found
        })
        .collect();
    found.extend(find_failures(history));
    found
}

/// The phase (pending, running, ended) and the percentage, in this order.
type LifePoint = (u8, u64);

/// What was seen last before a time: the highest point, with its call.
#[derive(Default)]
struct SeenPoints(Vec<(RecordedTime, LifePoint, usize)>);

impl SeenPoints {
    /// Keeps only what is higher than everything that was seen earlier.
    fn add(&mut self, end: RecordedTime, point: LifePoint, call: usize) {
        if self.0.last().is_none_or(|(_, highest, _)| point > *highest) {
            self.0.push((end, point, call));
        }
    }

    /// The highest point in the answers that had come by a time.
    fn highest_by(&self, time: RecordedTime) -> Option<(LifePoint, usize)> {
        let count = self.0.partition_point(|(end, ..)| *end <= time);
        self.0[..count].last().map(|(_, point, call)| (*point, *call))
    }
}

fn point_of(sighting: &RunSighting) -> Option<LifePoint> {
    let report = sighting.report()?;
    Some((report.phase?.rank(), report.progress?))
}

/// A later answer has less than an earlier one. The same process remembers what it answered, and the database is never
/// behind; another process may know only what was true a moment ago.
fn find_back_steps(life: &RunLife) -> Vec<Contradiction> {
    let mut by_end: Vec<(LifePoint, &RunSighting)> =
        life.sightings.iter().filter_map(|sighting| Some((point_of(sighting)?, sighting))).collect();
    by_end.sort_by_key(|(_, sighting)| sighting.end);
    let (mut anywhere, mut by_process) = (SeenPoints::default(), BTreeMap::<&str, SeenPoints>::new());
    for (point, sighting) in &by_end {
        anywhere.add(sighting.end, *point, sighting.call);
        if let Some(process) = &sighting.process {
            by_process.entry(process).or_default().add(sighting.end, *point, sighting.call);
        }
    }
    let is_lower = |point: LifePoint, earlier: Option<(LifePoint, usize)>| earlier.filter(|(high, _)| point < *high);
    by_end
        .iter()
        .filter_map(|(point, sighting)| {
            let own = sighting.process.as_deref().and_then(|process| by_process.get(process));
            let own = own.and_then(|seen| seen.highest_by(sighting.begin));
            let is_current = sighting.report().is_some_and(|report| report.is_current);
            let age = if is_current { 0 } else { STALE_ANSWER_LIMIT };
            let any = sighting.begin.checked_sub(age).and_then(|time| anywhere.highest_by(time));
            let (high, call) = is_lower(*point, own).or_else(|| is_lower(*point, any))?;
            let rule = if point.0 < high.0 { LifeRule::EndedRunIsActive } else { LifeRule::ProgressGoesBack };
            let finding = format!("{}: from {} back to {}", life.id, show_point(high), show_point(*point));
            Some(Contradiction::new(rule, finding, [call, sighting.call]))
        })
        .collect()
}

fn show_point((phase, progress): LifePoint) -> String {
    let phase = ["pending", "running", "ended"][usize::from(phase.min(2))];
    format!("{phase} at {progress} %")
}

/// Two answers have different ends, in any order.
fn find_changed_ends(life: &RunLife) -> Vec<Contradiction> {
    let mut ended = life.phases().filter(|(phase, _)| phase.is_ended());
    let Some((first, seen)) = ended.next() else { return Vec::new() };
    let other = ended.find(|(phase, _)| *phase != first);
    other
        .map(|(phase, other)| {
            let finding = format!("{}: {first:?} and {phase:?}", life.id);
            Contradiction::new(LifeRule::EndChanges, finding, [seen.call, other.call])
        })
        .into_iter()
        .collect()
}

fn find_hundreds(life: &RunLife) -> Vec<Contradiction> {
    let wrong = life.reports().find(|(report, _)| {
        let completed = report.phase.map(|phase| phase == super::RunPhase::Completed);
        completed.zip(report.progress).is_some_and(|(completed, progress)| completed != (progress == 100))
    });
    wrong
        .map(|(report, sighting)| {
            let finding = format!("{}: {:?} % and {:?}", life.id, report.progress, report.phase);
            Contradiction::new(LifeRule::HundredWithoutCompleted, finding, [sighting.call])
        })
        .into_iter()
        .collect()
}

/// An answer says that the run is unknown, although it had been accepted or seen before that call.
fn find_unknown(life: &RunLife) -> Vec<Contradiction> {
    let known = life.sightings.iter().filter(|sighting| sighting.fact != RunFact::Unknown);
    let Some(first) = known.min_by_key(|sighting| sighting.end) else { return Vec::new() };
    let unknown = life.sightings.iter().filter(|sighting| sighting.fact == RunFact::Unknown);
    let missed = unknown
        .filter(|sighting| sighting.begin >= first.end)
        .map(|sighting| Contradiction::new(LifeRule::KnownRunIsMissing, life.id.clone(), [first.call, sighting.call]));
    missed.take(1).collect()
}

/// Answers that say that the server has a fault of its own. An unavailable database is 503.
fn find_failures(history: &RunHistory) -> Vec<Contradiction> {
    let calls = history.calls.iter().enumerate();
    let failed = calls.filter(|(_, call)| {
        let status = call.answer.as_ref().map_or(0, |answer| answer.status);
        // The record of a known run is found; its source is never removed here.
        status >= 500 && status != 503
            || status == 404
                && !matches!(call.request, CallRequest::Panel { run: None, .. })
                && names_no_run(&call.request)
    });
    failed
        .map(|(number, call)| Contradiction::new(LifeRule::ServerFails, format!("{:?}", call.request), [number]))
        .collect()
}

fn names_no_run(request: &CallRequest) -> bool {
    matches!(
        request,
        CallRequest::Start { .. }
            | CallRequest::Records { .. }
            | CallRequest::Items { .. }
            | CallRequest::FinalRecords { .. }
    )
}
