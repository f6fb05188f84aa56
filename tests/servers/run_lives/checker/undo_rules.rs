//! Undos: each run is undone once, and its items are as before.

use super::contradiction::{Contradiction, LifeRule};
use super::item_rules::{SeenItems, read_items};
use super::quiet_spans::is_undisturbed;
use super::run_life::{RunLife, RunLives};
use super::sightings::RunPhase;
use crate::servers::run_lives::history::RunHistory;

pub(super) fn find_contradictions(history: &RunHistory, lives: &RunLives) -> Vec<Contradiction> {
    let items = read_items(history);
    let mut found = Vec::new();
    for (source, runs) in lives.by_source() {
        let items: Vec<&SeenItems> = items.iter().filter(|seen| seen.source == source).collect();
        for undo in runs.iter().filter(|life| is_completed_undo(life)) {
            found.extend(find_second_undo(undo, &runs));
            found.extend(find_other_items(undo, &runs, &items));
        }
    }
    found
}

/// Another undo of the same run was accepted after this one had completed.
fn find_second_undo(undo: &RunLife, runs: &[&RunLife]) -> Option<Contradiction> {
    let (ended_by, ending) = undo.ended_by?;
    let second = runs.iter().find(|other| {
        other.id != undo.id
            && other.undo_of == undo.undo_of
            && other.accepted.is_some()
            && other.created_after >= ended_by
    })?;
    let finding = format!("{} by {} and {}", undo.undo_of.as_deref()?, undo.id, second.id);
    Some(Contradiction::new(
        LifeRule::UndoneTwice,
        finding,
        undo.accepted.into_iter().chain([ending]).chain(second.accepted),
    ))
}

/// How many undos are judged by the items before the run and after its undo.
pub(super) fn count_judged(history: &RunHistory, lives: &RunLives) -> usize {
    let items = read_items(history);
    let by_source = lives.by_source();
    let judged = by_source.iter().map(|(source, runs)| {
        let items: Vec<&SeenItems> = items.iter().filter(|seen| seen.source == *source).collect();
        runs.iter().filter(|life| is_completed_undo(life) && !pair_items(life, runs, &items).is_empty()).count()
    });
    judged.sum()
}

fn is_completed_undo(life: &RunLife) -> bool {
    life.undo_of.is_some() && life.ending().is_some_and(|(phase, _)| phase == RunPhase::Completed)
}

/// The items before a run differ from those after its undo, although no other run changed the catalog meanwhile.
fn find_other_items(undo: &RunLife, runs: &[&RunLife], items: &[&SeenItems]) -> Option<Contradiction> {
    let (_, ending) = undo.ended_by?;
    let undone = undo.undo_of.as_deref()?;
    let pairs = pair_items(undo, runs, items);
    let (before, after) = pairs.into_iter().find(|(before, after)| before.editions != after.editions)?;
    let finding = format!("{:?} before {undone}, {:?} after {}", before.editions, after.editions, undo.id);
    Some(Contradiction::new(LifeRule::UndoRestoresOtherItems, finding, [before.call, ending, after.call]))
}

/// Answers with the items before a run and after its undo, while no other run changed them.
fn pair_items<'a>(undo: &RunLife, runs: &[&RunLife], items: &[&'a SeenItems]) -> Vec<(&'a SeenItems, &'a SeenItems)> {
    let undone = runs.iter().find(|life| Some(&life.id) == undo.undo_of.as_ref());
    let Some((undone, (ended_by, _))) = undone.zip(undo.ended_by) else { return Vec::new() };
    let ids = [undone.id.as_str(), undo.id.as_str()];
    let after_undo = items.iter().filter(|seen| seen.begin >= ended_by);
    after_undo
        .filter_map(|after| {
            let before = items
                .iter()
                .rev()
                .find(|seen| seen.end <= undone.created_after && is_undisturbed(runs, &ids, seen.begin, after.end))?;
            Some((*before, *after))
        })
        .collect()
}
