//! The runs that clients have learned of, shared by all of them.

use std::sync::Mutex;

use crate::support::seeded_random::SeededRandom;

/// How many of the latest runs are asked for more often than others.
const RECENT_RUNS: usize = 3;

/// Each run with its source, in the order in which the clients learned of them.
#[derive(Default)]
pub(super) struct KnownRuns(Mutex<Vec<(String, String)>>);

impl KnownRuns {
    pub(super) fn learn(&self, source: &str, run: &str) {
        let mut known = self.0.lock().expect("the runs");
        if !run.is_empty() && !known.iter().any(|(_, other)| other == run) {
            known.push((source.to_owned(), run.to_owned()));
        }
    }

    /// A run, with its source: mostly one of the latest.
    pub(super) fn pick(&self, random: &mut SeededRandom) -> Option<(String, String)> {
        let known = self.0.lock().expect("the runs");
        let span = if random.next_chance(80) { known.len().min(RECENT_RUNS) } else { known.len() };
        let back = 1 + usize::try_from(random.next_below(span.max(1) as u64)).expect("a few");
        known.len().checked_sub(back).map(|at| known[at].clone())
    }

    pub(super) fn all(&self) -> Vec<(String, String)> {
        self.0.lock().expect("the runs").clone()
    }
}
