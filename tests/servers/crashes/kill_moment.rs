//! The moment at which a server is killed.

use std::time::Duration;

use crate::support::seeded_random::SeededRandom;

/// When to kill.
pub(super) enum KillAim {
    /// During the start request, at this fraction of its usual duration.
    Start(f64),
    /// At this fraction of the whole run.
    Run(f64),
    /// At this fraction of the final transaction.
    End(f64),
}

impl KillAim {
    /// Most kills are spread over the whole run. One in ten is aimed at the start and one at the final transaction,
    /// because these are short.
    pub(super) fn choose_aim(number: usize, random: &mut SeededRandom) -> Self {
        match number % 10 {
            3 => Self::Start(random.next_share() * 1.2),
            7 => Self::End(random.next_share()),
            _ => Self::Run(random.next_share()),
        }
    }
}

/// The durations of an undisturbed run.
#[derive(Clone, Copy)]
pub(super) struct RunDurations {
    pub(super) answer: Duration,
    pub(super) run: Duration,
    pub(super) end: Duration,
}
