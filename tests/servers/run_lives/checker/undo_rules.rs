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
        let completed = |life: &&&RunLife| {
            life.undo_of.is_some() && life.ending().is_some_and(|(phase, _)| phase == RunPhase::Completed)
        };
        for undo in runs.iter().filter(completed) {
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

/// The items before a run differ from those after its undo, although no other run changed the catalog meanwhile.
fn find_other_items(undo: &RunLife, runs: &[&RunLife], items: &[&SeenItems]) -> Option<Contradiction> {
    let undone = *runs.iter().find(|life| Some(&life.id) == undo.undo_of.as_ref())?;
    let (ended_by, ending) = undo.ended_by?;
    let pair = [undone.id.as_str(), undo.id.as_str()];
    for after in items.iter().filter(|seen| seen.begin >= ended_by) {
        let before = items
            .iter()
            .rev()
            .find(|seen| seen.end <= undone.created_after && is_undisturbed(runs, &pair, seen.begin, after.end));
        let Some(before) = before else { continue };
        if before.editions != after.editions {
            let finding = format!("{:?} before {}, {:?} after {}", before.editions, undone.id, after.editions, undo.id);
            let calls = [before.call, ending, after.call];
            return Some(Contradiction::new(LifeRule::UndoRestoresOtherItems, finding, calls));
        }
    }
    None
}
