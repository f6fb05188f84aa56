//! The records after the end: one for each run that was accepted or seen.

use std::collections::BTreeMap;

use super::contradiction::{Contradiction, LifeRule};
use super::run_life::RunLives;
use super::sightings::{RunFact, RunPhase, read_facts};
use crate::servers::run_lives::history::{CallRequest, RunHistory};

pub(super) fn find_contradictions(history: &RunHistory, lives: &RunLives) -> Vec<Contradiction> {
    let last: Vec<usize> = history
        .calls
        .iter()
        .enumerate()
        .filter(|(_, call)| matches!(call.request, CallRequest::FinalRecords { .. }))
        .map(|(number, _)| number)
        .collect();
    // A history that was cut off has no end to judge.
    let Some(last_page) = last.last() else { return Vec::new() };
    let mut records: BTreeMap<String, Vec<(usize, Option<RunPhase>)>> = BTreeMap::new();
    for number in &last {
        for (run, fact) in read_facts(&history.calls[*number]) {
            if let RunFact::Reported(report) = fact {
                records.entry(run).or_default().push((*number, report.phase));
            }
        }
    }
    let mut found = find_missing_successors(history, &last, |run| records.contains_key(run));
    for life in lives.all() {
        let Some(first) = life.sightings.iter().find(|sighting| sighting.fact != RunFact::Unknown) else { continue };
        match records.get(&life.id).map(Vec::as_slice) {
            None | Some([]) => {
                found.push(Contradiction::new(LifeRule::RecordMissing, life.id.clone(), [first.call, *last_page]));
            }
            Some([(number, phase)]) => {
                if phase.is_none_or(|phase| !phase.is_ended()) {
                    found.push(Contradiction::new(LifeRule::RecordNotEnded, life.id.clone(), [*number]));
                }
            }
            Some(several) => {
                let calls = several.iter().map(|(number, _)| *number);
                let finding = format!("{}: {} records", life.id, several.len());
                found.push(Contradiction::new(LifeRule::RecordTwice, finding, calls));
            }
        }
    }
    found
}

/// Records that name a successor without a record.
fn find_missing_successors(
    history: &RunHistory,
    pages: &[usize],
    has_record: impl Fn(&str) -> bool,
) -> Vec<Contradiction> {
    let facts = pages.iter().flat_map(|number| {
        read_facts(&history.calls[*number]).into_iter().map(move |(run, fact)| (*number, run, fact))
    });
    facts
        .filter_map(|(number, run, fact)| {
            let RunFact::Reported(report) = fact else { return None };
            let successor = report.successor.filter(|successor| !has_record(successor))?;
            let finding = format!("{successor}, the successor of {run}");
            Some(Contradiction::new(LifeRule::RecordMissing, finding, [number]))
        })
        .collect()
}
