//! Counts kills and violations. Every count of a violation must be zero.

use std::fmt;
use std::time::Duration;

/// Where a run was when its server was killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum KillMoment {
    /// The start had not been answered.
    Unanswered,
    /// The run waited for a worker.
    Waiting,
    Fetching,
    Processing,
    Finalizing,
    /// The run had ended.
    Ended,
}

impl KillMoment {
    const ALL: [Self; 6] =
        [Self::Unanswered, Self::Waiting, Self::Fetching, Self::Processing, Self::Finalizing, Self::Ended];
}

/// A violation of a promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Violation {
    /// A run that was active without a worker for too long.
    Stuck,
    /// A poll that was not answered with 200 while the server was up.
    Poll,
    /// An item that differs from its sheet, is missing, or should not exist.
    Item,
    /// A key that exists twice.
    Duplicate,
    /// A start or a successor without exactly one record.
    Record,
    /// A wrong status: progress that went back, a change after the end, a broken chain of attempts.
    Status,
}

impl Violation {
    const ALL: [Self; 6] = [Self::Stuck, Self::Poll, Self::Item, Self::Duplicate, Self::Record, Self::Status];
}

/// The counts of kills, polls, runs and violations.
#[derive(Default)]
pub(super) struct CrashTally {
    hits: Vec<KillMoment>,
    pub(super) polls: usize,
    pub(super) runs: usize,
    pub(super) records: usize,
    /// The time from each kill until pollers saw the run as interrupted.
    pub(super) waits: Vec<Duration>,
    /// The violations, with descriptions.
    violations: Vec<(Violation, String)>,
}

impl CrashTally {
    pub(super) fn record_kill(&mut self, hit: KillMoment) {
        self.hits.push(hit);
    }

    pub(super) fn record_violation(&mut self, what: Violation, words: String) {
        self.violations.push((what, words));
    }

    pub(super) fn record_unless(&mut self, holds: bool, what: Violation, words: impl FnOnce() -> String) {
        if !holds {
            self.record_violation(what, words());
        }
    }

    pub(super) fn count_violations(&self, what: Violation) -> usize {
        self.violations.iter().filter(|(wrong, _)| *wrong == what).count()
    }

    pub(super) fn count_kills(&self) -> usize {
        self.hits.len()
    }

    pub(super) fn add_counts(&mut self, mut other: Self) {
        self.hits.append(&mut other.hits);
        self.waits.append(&mut other.waits);
        self.violations.append(&mut other.violations);
        self.polls += other.polls;
        self.runs += other.runs;
        self.records += other.records;
    }

    /// Fails when there was a violation, or not exactly one record for each run.
    pub(super) fn assert_nothing_wrong(&self) {
        let words: Vec<&str> = self.violations.iter().take(40).map(|(_, words)| words.as_str()).collect();
        assert!(words.is_empty(), "{self}\n{}", words.join("\n"));
        assert_eq!(self.records, self.runs, "{self}");
    }
}

impl fmt::Display for CrashTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kills (", self.count_kills())?;
        for (at, hit) in KillMoment::ALL.iter().enumerate() {
            let count = self.hits.iter().filter(|other| *other == hit).count();
            write!(f, "{}{hit:?} {count}", if at > 0 { ", " } else { "" })?;
        }
        write!(f, "):")?;
        for (what, word) in Violation::ALL.iter().zip([
            "stuck runs",
            "polls not answered with 200",
            "wrong items",
            "duplicates",
            "runs without just one record",
            "statuses that lied",
        ]) {
            write!(f, " {word} {},", self.count_violations(*what))?;
        }
        let per_start = self.records as f64 / self.runs.max(1) as f64;
        write!(f, " records per start {per_start:.2} ({} of {})", self.records, self.runs)?;
        let most = self.waits.iter().max().copied().unwrap_or_default();
        let all: Duration = self.waits.iter().sum();
        let mean = all / u32::try_from(self.waits.len().max(1)).unwrap_or(1);
        write!(f, "; {} polls; interrupted after {mean:.1?} on average, {most:.1?} at most", self.polls)
    }
}
