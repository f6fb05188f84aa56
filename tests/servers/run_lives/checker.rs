//! Decides whether a legal life of the runs explains every answer of a recorded history. It is a pure function, and it
//! judges by what surely happened: two calls are in an order only if one ended before the other one began.

mod cancel_rules;
mod chain_rules;
mod contradiction;
mod item_rules;
mod order_rules;
mod quiet_spans;
mod record_rules;
mod run_life;
mod sightings;
mod start_rules;
mod undo_rules;
mod worker_rules;

use super::history::{ONE_SECOND, RecordedTime, RunHistory};

pub(super) use self::contradiction::Contradiction;
pub(super) use self::contradiction::LifeRule;
pub(super) use self::run_life::RunLives;
pub(super) use self::sightings::{RunPhase, read_phase};

/// How old an answer about a run may be that another server gives, or the same one after a new start. If the database
/// does not answer, a server uses a report that is up to two renewals of a lease old (6 s); the rest is a margin.
pub(super) const STALE_ANSWER_LIMIT: RecordedTime = 10 * ONE_SECOND;

/// After this time without its worker, no run is running any more: the promised 30 s, and as much for a busy machine.
pub(super) const DEAD_WORKER_LIMIT: RecordedTime = 60 * ONE_SECOND;

/// A rule finds what contradicts it.
type RuleCheck = fn(&RunHistory, &RunLives) -> Vec<Contradiction>;

const RULE_CHECKS: [RuleCheck; 8] = [
    order_rules::find_contradictions,
    start_rules::find_contradictions,
    record_rules::find_contradictions,
    chain_rules::find_contradictions,
    cancel_rules::find_contradictions,
    undo_rules::find_contradictions,
    item_rules::find_contradictions,
    worker_rules::find_contradictions,
];

/// Everything in a history that no legal life of the runs explains, the shortest explanation first.
pub(super) fn check_history(history: &RunHistory) -> Vec<Contradiction> {
    let lives = RunLives::read(history);
    let mut found: Vec<Contradiction> = RULE_CHECKS.iter().flat_map(|check| check(history, &lives)).collect();
    found.sort_by_key(|contradiction| (contradiction.calls.len(), contradiction.calls.clone()));
    found
}

/// How much of a history the rules about catalogs and workers could judge.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct JudgedCounts {
    /// Answers with items that were compared with a sheet.
    pub(super) catalogs: usize,
    /// Undos whose items were compared with those before.
    pub(super) undos: usize,
    /// Runs whose worker surely died.
    pub(super) dead_workers: usize,
}

/// Counts what the rules could judge.
pub(super) fn count_judged(history: &RunHistory) -> JudgedCounts {
    let lives = RunLives::read(history);
    JudgedCounts {
        catalogs: item_rules::count_judged(history, &lives),
        undos: undo_rules::count_judged(history, &lives),
        dead_workers: worker_rules::count_judged(history, &lives),
    }
}
