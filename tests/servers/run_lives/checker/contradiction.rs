//! What no legal life of the runs explains: a rule, and the calls that contradict each other.

use std::fmt;

use crate::servers::run_lives::history::{ONE_SECOND, RecordedCall, RecordedTime, RunHistory};

/// The longest part of an answer that is shown.
const MAX_SHOWN_CHARS: usize = 600;

/// A rule about the life of runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::servers::run_lives) enum LifeRule {
    ProgressGoesBack,
    EndedRunIsActive,
    EndChanges,
    HundredWithoutCompleted,
    RunsOverlap,
    ConflictNamesEndedRun,
    KnownRunIsMissing,
    RecordMissing,
    RecordTwice,
    RecordNotEnded,
    ChainIsBroken,
    CancelIsIgnored,
    CancelledByNobody,
    UndoneTwice,
    UndoRestoresOtherItems,
    ItemsDiffer,
    UnpublishedItems,
    DeadWorkerRuns,
    ServerFails,
}

impl LifeRule {
    pub(in crate::servers::run_lives) const fn message(self) -> &'static str {
        match self {
            Self::ProgressGoesBack => "The progress of a run never goes back.",
            Self::EndedRunIsActive => "Nothing leaves a terminal status, and nothing returns to pending.",
            Self::EndChanges => "A run ends in one way.",
            Self::HundredWithoutCompleted => "A run is at 100 % if, and only if, it is completed.",
            Self::RunsOverlap => "At most one run of a source is active at a time.",
            Self::ConflictNamesEndedRun => "A refused request names a run that is active.",
            Self::KnownRunIsMissing => "A run that was accepted or seen is never unknown afterwards.",
            Self::RecordMissing => "Every accepted start ends as a record.",
            Self::RecordTwice => "Every accepted start ends as one record, not several.",
            Self::RecordNotEnded => "Every run ends.",
            Self::ChainIsBroken => {
                "Only an interrupted run has a successor, it has one, both name each other, and there are two attempts \
                 at most."
            }
            Self::CancelIsIgnored => "A run whose cancel was accepted does not complete, and has no successor.",
            Self::CancelledByNobody => "A run is cancelled only if somebody asked for it.",
            Self::UndoneTwice => "A run is undone once.",
            Self::UndoRestoresOtherItems => "The undo of the last run restores the items as they were before it.",
            Self::ItemsDiffer => "After a completed sync the items are those of the sheet that it fetched.",
            Self::UnpublishedItems => "The items have no edition that was never published.",
            Self::DeadWorkerRuns => "A run whose worker is dead is not running any more after 30 s.",
            Self::ServerFails => "A server answers; it says so if its database is unavailable.",
        }
    }
}

/// Calls that contradict each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::servers::run_lives) struct Contradiction {
    pub(in crate::servers::run_lives) rule: LifeRule,
    /// What contradicts the rule.
    pub(in crate::servers::run_lives) finding: String,
    /// The numbers of the calls.
    pub(in crate::servers::run_lives) calls: Vec<usize>,
}

impl Contradiction {
    pub(super) fn new(rule: LifeRule, finding: String, calls: impl IntoIterator<Item = usize>) -> Self {
        let mut calls: Vec<usize> = calls.into_iter().collect();
        calls.sort_unstable();
        calls.dedup();
        Self { rule, finding, calls }
    }

    /// The rule, what contradicts it, and the calls with their times and answers.
    pub(in crate::servers::run_lives) fn explain(&self, history: &RunHistory) -> String {
        let mut text = format!("{}\n  {}", self.rule.message(), self.finding);
        for call in self.calls.iter().filter_map(|number| history.calls.get(*number)) {
            text.push_str(&format!("\n  {}", CallLine(call)));
        }
        let (Some(first), Some(last)) = (self.calls.first(), self.calls.last()) else { return text };
        let span = history.calls[*first].begin..=history.calls[*last].end;
        for fault in history.faults.iter().filter(|fault| fault.begin <= *span.end() && fault.end >= *span.start()) {
            let (from, to) = (show_time(fault.begin), show_time(fault.end));
            text.push_str(&format!("\n  meanwhile, {from}–{to}: {:?} of {}", fault.fault, fault.target));
        }
        text
    }
}

/// A time in seconds.
fn show_time(time: RecordedTime) -> String {
    format!("{:.3} s", time as f64 / ONE_SECOND as f64)
}

struct CallLine<'a>(&'a RecordedCall);

impl fmt::Display for CallLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecordedCall { client, process, begin, end, request, answer } = self.0;
        let process = process.as_deref().unwrap_or("a server that was started meanwhile");
        write!(f, "{}–{}: {client} asked {process}: {request:?}: ", show_time(*begin), show_time(*end))?;
        match answer {
            None => write!(f, "no answer"),
            Some(answer) => {
                let body = answer.body.to_string();
                let shown: String = body.chars().take(MAX_SHOWN_CHARS).collect();
                write!(f, "{} {shown}{}", answer.status, if shown.len() < body.len() { "…" } else { "" })
            }
        }
    }
}
