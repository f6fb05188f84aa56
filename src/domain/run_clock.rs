//! The clock of a run, which nobody can set.

use std::time::Instant;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// The time at which a run began, and a steady clock that has run since. If the clock of the machine or of the database
/// is set during a run, its times still follow each other, and their distances are true.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunClock {
    began_at: DateTime<Utc>,
    running_since: Instant,
}

impl RunClock {
    /// Starts the clock at this time.
    #[must_use]
    pub fn start_at(began_at: DateTime<Utc>) -> Self {
        Self::started(began_at, Instant::now())
    }

    /// Returns a clock that showed `began_at` at the moment `running_since`.
    #[must_use]
    pub const fn started(began_at: DateTime<Utc>, running_since: Instant) -> Self {
        Self { began_at, running_since }
    }

    /// Returns the time by this clock, to the millisecond.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.began_at + self.elapsed()).trunc_subsecs(3)
    }

    /// Returns how long the clock has run.
    #[must_use]
    pub fn elapsed(&self) -> TimeDelta {
        TimeDelta::from_std(self.running_since.elapsed()).unwrap_or(TimeDelta::MAX)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::RunClock;

    #[test]
    fn the_clock_goes_on_from_the_time_at_which_it_was_started() {
        let began_at = DateTime::from_timestamp_millis(1_000_000_123).expect("a time");
        let clock = RunClock::start_at(began_at);
        std::thread::sleep(std::time::Duration::from_millis(20));
        let passed = clock.now() - began_at;
        assert!(passed >= TimeDelta::milliseconds(20) && passed <= clock.elapsed() + TimeDelta::milliseconds(1));
    }
}
