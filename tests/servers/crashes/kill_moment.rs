//! When a server is killed: at which share of what.

use std::time::Duration;

use crate::support::seeded_random::SeededRandom;

/// When to kill.
pub(super) enum KillAim {
    /// While the start is asked for, at this share of the time that an answer takes.
    Start(f64),
    /// At this share of the whole run.
    Run(f64),
    /// At this share of the final transaction.
    End(f64),
}

impl KillAim {
    /// The kills of a test are spread over the whole run, and runs differ; one in ten is aimed at the start,
    /// and one at the final transaction, which are short.
    pub(super) fn of(number: usize, random: &mut SeededRandom) -> Self {
        match number % 10 {
            3 => Self::Start(random.share() * 1.2),
            7 => Self::End(random.share()),
            _ => Self::Run(random.share()),
        }
    }
}

/// How long things took when nobody disturbed them.
#[derive(Clone, Copy)]
pub(super) struct RunDurations {
    pub(super) answer: Duration,
    pub(super) run: Duration,
    pub(super) end: Duration,
}
