//! Counts what happened in recorded histories.

use std::collections::BTreeMap;
use std::fmt;

use super::checker::{JudgedCounts, RunLives, count_judged, read_phase};
use super::history::{CallRequest, FaultKind, RunHistory};

/// The counts of one or several histories.
#[derive(Default)]
pub(super) struct HistorySummary {
    rounds: usize,
    calls: usize,
    starts: usize,
    conflicts: usize,
    unanswered: usize,
    unavailable: usize,
    runs: usize,
    items: usize,
    endings: BTreeMap<String, usize>,
    faults: BTreeMap<FaultKind, usize>,
    judged: JudgedCounts,
}

impl HistorySummary {
    /// Adds the counts of a history.
    pub(super) fn add_history(&mut self, history: &RunHistory) {
        self.rounds += 1;
        self.calls += history.calls.len();
        let judged = count_judged(history);
        self.judged.catalogs += judged.catalogs;
        self.judged.undos += judged.undos;
        self.judged.dead_workers += judged.dead_workers;
        self.runs += RunLives::read(history).count();
        for call in &history.calls {
            let is_start = matches!(call.request, CallRequest::Start { .. } | CallRequest::Undo { .. });
            match call.answer.as_ref().map(|answer| answer.status) {
                None => self.unanswered += 1,
                Some(202) if is_start => self.starts += 1,
                Some(409) if is_start => self.conflicts += 1,
                Some(503) => self.unavailable += 1,
                Some(200) if matches!(call.request, CallRequest::Items { .. }) => self.items += 1,
                _ => {}
            }
            if let (CallRequest::FinalRecords { .. }, Some(answer)) = (&call.request, &call.answer) {
                for record in answer.body["items"].as_array().map(Vec::as_slice).unwrap_or_default() {
                    let phase = read_phase(&record["status"]).map_or("?".to_owned(), |phase| format!("{phase:?}"));
                    let code = record["code"].as_str().filter(|code| *code != "interrupted");
                    let label = code.map_or(phase.clone(), |code| format!("{phase} ({code})"));
                    *self.endings.entry(label).or_default() += 1;
                }
            }
        }
        for fault in &history.faults {
            *self.faults.entry(fault.fault).or_default() += 1;
        }
    }

    /// How many runs were seen.
    pub(super) fn count_runs(&self) -> usize {
        self.runs
    }

    /// How many faults were injected.
    pub(super) fn count_faults(&self) -> usize {
        self.faults.values().sum()
    }
}

impl fmt::Display for HistorySummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, calls, starts, conflicts, unanswered, unavailable, runs, items, .. } = self;
        let Self { endings, faults, judged, .. } = self;
        let JudgedCounts { catalogs, undos, dead_workers } = judged;
        write!(
            f,
            "{rounds} rounds, {calls} calls: {starts} starts accepted, {conflicts} refused with 409, {items} answers \
             with items ({catalogs} compared with a sheet, {undos} undos with the items before), {unavailable} answers of 503, {unanswered} answers that did not come; {runs} runs {endings:?}, \
             {dead_workers} of them lost their worker for sure; faults {faults:?}"
        )
    }
}
